"""What other processes (the command line, a second window) change is seen within seconds."""

from __future__ import annotations

from model_manager.actions import noticing
from model_manager.actions.noticing import Seen
from model_manager.app import App
from model_manager.base.events import ChangedElsewhere, OperationChanged, RootsChanged
from model_manager.base.text import _
from model_manager.controllers.regular_look import RegularLook

EVERY = 1.5
"""Seconds between two looks."""
_LATER = 60.0
"""Seconds until a catalogue that could not be asked is asked again."""
_BUSY = ("scan", "files", "hash", "lists")
"""The lanes whose work changes the catalogue, and tells what it changed."""


class OutsideChangesWatch:
    """Asks in a lane of its own; nothing is asked on the window's thread, and nothing while our own work is under way."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._seen = noticing.elsewhere(app)
        self._regular = RegularLook(
            app, _("Looking for changes"), "elsewhere", EVERY, _BUSY, self._seen.look, self._take, self._put_off
        )
        self.tick = self._regular.tick
        self._moved = False
        """Whether another process was at work at the last look."""

    def _put_off(self) -> None:
        self._regular.wait(_LATER)

    def _take(self, seen: Seen) -> None:
        if seen:
            self._app.jobs.post(ChangedElsewhere())
            self._moved |= seen == "yes"
        elif self._moved:  # it has come to rest: now what takes longer is looked at anew
            self._moved = False
            self._app.jobs.post(RootsChanged())
            self._app.jobs.post(OperationChanged(""))
