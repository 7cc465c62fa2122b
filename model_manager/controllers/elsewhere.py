"""What other processes (the command line, a second window) change is seen within seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass

from model_manager.app import App
from model_manager.base.events import ChangedElsewhere, OperationChanged, RootsChanged
from model_manager.base.text import _
from model_manager.catalog import elsewhere
from model_manager.catalog.elsewhere import Seen
from model_manager.jobs import Job, JobChanged

EVERY = 1.5
"""Seconds between two looks."""
_LATER = 60.0
"""Seconds until a catalogue that could not be asked is asked again."""
_BUSY = ("scan", "files", "hash")
"""The lanes whose work changes the catalogue, and tells what it changed."""


@dataclass(frozen=True, slots=True)
class _Looked:
    seen: Seen


class Elsewhere:
    """Asks in a lane of its own; nothing is asked on the window's thread, and nothing while our own work is under way."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._look = elsewhere.Elsewhere(app.database)
        self._job: Job | None = None
        self._next = 0.0
        self._moved = False
        """Whether another process was at work at the last look."""

    def tick(self) -> None:
        """Call it as often as you like."""
        if time.monotonic() < self._next or (self._job is not None and self._job.state in ("waiting", "running")):
            return
        if any(job.lane in _BUSY for job in self._app.jobs.live()):
            return
        self._next = time.monotonic() + EVERY
        self._job = self._app.jobs.start(
            _("Looking for changes"), "elsewhere", lambda progress: _Looked(self._look.look()), quiet=True
        )

    def handle(self, message: object) -> None:
        if isinstance(message, JobChanged) and message.job is self._job and message.state == "failed":
            self._next = time.monotonic() + _LATER
        if not (
            isinstance(message, JobChanged) and isinstance(message.job.result, _Looked) and message.state == "done"
        ):
            return
        seen = message.job.result.seen
        if seen:
            self._app.jobs.post(ChangedElsewhere())
            self._moved |= seen == "yes"
        elif self._moved:  # it has come to rest: now what takes longer is looked at anew
            self._moved = False
            self._app.jobs.post(RootsChanged())
            self._app.jobs.post(OperationChanged(""))
