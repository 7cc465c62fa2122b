"""A drive that is unplugged or plugged in is noticed within seconds: its folders are scanned again, and it is said."""

from __future__ import annotations

import os

from model_manager.actions import noticing
from model_manager.actions.noticing import Moved
from model_manager.app import App
from model_manager.base.text import _, short_path, shown
from model_manager.controllers.messages import LookAgain, StatusMessage
from model_manager.controllers.regular_look import RegularLook

EVERY = 2.0
"""Seconds between two looks."""
_SLOW_EVERY = 15
"""Of so many looks one is at network drives too."""
_BUSY = ("scan", "files")
"""The lanes whose work looks for itself, or is not to be disturbed."""


class DriveWatch:
    """Looks in a lane of its own, never on the window's thread."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._drives = noticing.drives(app)
        self._looks = 0
        self._regular = RegularLook(app, _("Looking at the drives"), "drives", EVERY, _BUSY, self._look, self._tell)
        self._regular.wait(EVERY)
        self.tick = self._regular.tick

    def _look(self) -> list[Moved]:
        self._looks += 1
        return self._drives.look(self._looks % _SLOW_EVERY == 0)

    def _tell(self, moved: list[Moved]) -> None:
        if moved:
            self._app.jobs.post(LookAgain(frozenset(one.root for one in moved)))
            self._say(_("{folders}: there again."), [one for one in moved if one.state == "online"])
            self._say(_("{folders}: not there now (unplugged?)."), [one for one in moved if one.state == "offline"])

    def _say(self, text: str, moved: list[Moved]) -> None:
        if moved:
            home = os.path.expanduser("~")
            folders = ", ".join(shown(short_path(one.path, home)) for one in moved)
            self._app.jobs.post(StatusMessage(text.format(folders=folders)))
