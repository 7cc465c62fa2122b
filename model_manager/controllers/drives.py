"""A drive that is unplugged or plugged in is noticed within seconds: its folders are scanned again, and it is said."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from model_manager.app import App
from model_manager.base.text import _, short_path, shown
from model_manager.controllers.messages import LookAgain, Said
from model_manager.jobs import Job, JobChanged
from model_manager.library.scan import drives
from model_manager.library.scan.drives import Moved

EVERY = 2.0
"""Seconds between two looks."""
_SLOW_EVERY = 15
"""Of so many looks one is at network drives too."""
_BUSY = ("scan", "files")
"""The lanes whose work looks for itself, or is not to be disturbed."""


@dataclass(frozen=True, slots=True)
class _Looked:
    moved: list[Moved]


class Drives:
    """Looks in a lane of its own, never on the window's thread."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._drives = drives.Drives(app.database)
        self._job: Job | None = None
        self._next = time.monotonic() + EVERY
        self._looks = 0

    def tick(self) -> None:
        """Call it as often as you like."""
        if time.monotonic() < self._next or (self._job is not None and self._job.state in ("waiting", "running")):
            return
        if any(job.lane in _BUSY for job in self._app.jobs.live()):
            return
        self._next = time.monotonic() + EVERY
        self._looks += 1
        slow_too = self._looks % _SLOW_EVERY == 0
        self._job = self._app.jobs.start(
            _("Looking at the drives"), "drives", lambda progress: _Looked(self._drives.look(slow_too)), quiet=True
        )

    def handle(self, message: object) -> None:
        if not isinstance(message, JobChanged) or message.job is not self._job or message.state != "done":
            return
        result = message.job.result
        if isinstance(result, _Looked) and result.moved:
            self._app.jobs.post(LookAgain(frozenset(one.root for one in result.moved)))
            self._say(_("{folders}: there again."), [one for one in result.moved if one.state == "online"])
            self._say(
                _("{folders}: not there now (unplugged?)."), [one for one in result.moved if one.state == "offline"]
            )

    def _say(self, text: str, moved: list[Moved]) -> None:
        if moved:
            home = os.path.expanduser("~")
            folders = ", ".join(shown(short_path(one.path, home)) for one in moved)
            self._app.jobs.post(Said(text.format(folders=folders)))
