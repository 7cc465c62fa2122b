"""A look that is taken every few seconds in a lane of its own: never on the window's thread, and not amid other work."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from model_manager.app import App
from model_manager.jobs import Job

T = TypeVar("T")


class RegularLook(Generic[T]):
    """Starts `work` every so many seconds while no job is in a `busy` lane and the last look has ended."""

    def __init__(
        self, app: App, title: str, lane: str, every: float, busy: Collection[str], work: Callable[[], T],
        then: Callable[[T], None], otherwise: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        self._app, self._title, self._lane, self._every, self._busy = app, title, lane, every, busy
        self._work, self._then, self._otherwise = work, then, otherwise
        self._job: Job | None = None
        self._next = 0.0

    def tick(self) -> None:
        """Call it as often as you like."""
        if time.monotonic() < self._next or (self._job is not None and self._job.state in ("waiting", "running")):
            return
        if any(job.lane in self._busy for job in self._app.jobs.live()):
            return
        self.wait(self._every)
        self._job = self._app.jobs.start(
            self._title, self._lane, lambda progress: self._work(), self._then, self._otherwise, quiet=True
        )

    def wait(self, seconds: float) -> None:
        """Takes the next look so many seconds from now."""
        self._next = time.monotonic() + seconds
