"""The card: what is told of the one model that is chosen, or of a file that no watched folder holds."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable

from model_manager.actions import listing
from model_manager.actions import roots as folders
from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import ChangedElsewhere
from model_manager.base.localised import localised
from model_manager.base.text import _
from model_manager.controllers.messages import LookAgain, StatusMessage
from model_manager.jobs import Latest
from model_manager.library.listing.model_json import Json
from model_manager.library.listing.opened_file import OpenedFile

_NOTICED = 60.0
"""Seconds in which a file that a scan could not take for gone is no reason for another one."""


class CardController:
    """Reads in the background; of several choices only the last one's card is shown."""

    def __init__(self, app: App, show: Callable[[Json], None], opened_: Callable[[OpenedFile], None]) -> None:
        self._app, self._show, self._opened_ = app, show, opened_
        self.file = ""
        """The file whose card is shown although it lies in no folder that is watched."""
        self._reading, self._opening = Latest(app.jobs), Latest(app.jobs)
        self._noticed: dict[str, float] = {}
        """Paths that were found missing, and when."""

    def choose(self, ids: set[Hashable]) -> None:
        """Reads the card of one model; of none or several there is none."""
        self.file = ""
        self._reading.drop()
        if len(ids) == 1:
            id_ = int(str(next(iter(ids))))
            self._reading.start(_("Reading details"), "query", lambda progress: self._read(id_), self._take)

    def open_file(self, path: str) -> None:
        """Finds the model that this file belongs to; one that the library has not gets a card by its header."""

        def work(progress: object) -> OpenedFile | None:
            try:
                return listing.open_file(self._app, path)
            except ModelManagerError as error:
                self._app.jobs.post(StatusMessage(localised(error)))
                return None

        self._opening.start(_("Opening a file"), "query", work, self._take_opened)

    def watch_folder(self) -> None:
        """Watches the folder of the file that is shown by its header alone, from now on."""
        path = self.file

        def work(progress: object) -> None:
            try:
                changed = folders.add(self._app, os.path.dirname(path))
            except ModelManagerError as error:
                self._app.jobs.post(StatusMessage(localised(error)))
            else:
                self._app.jobs.post(LookAgain(changed.look or frozenset()))

        self._app.jobs.start(_("Changing the folders"), "query", work)

    def _take(self, details: Json | None) -> None:
        if details is not None:
            self._show(details)

    def _take_opened(self, found: OpenedFile | None) -> None:
        if found is None:
            return
        if found.id is None and found.card is not None:
            self._reading.drop()  # else the card of what was chosen before would come after it
            self.file = found.path
        elif found.id is not None:
            self.file = ""
        self._opened_(found)

    def _read(self, id_: int) -> Json | None:
        self._notice_what_went(id_)
        try:
            card, states = listing.show(self._app, id_)
            return card | {"states": states}
        except ModelManagerError:  # it went since the rows were read: they are read again
            self._app.jobs.post(ChangedElsewhere())
            return None

    def _notice_what_went(self, id_: int) -> None:
        """One look at each place of a model whose card is opened; what is not there is scanned again, once a minute."""
        lost = listing.what_went(self._app, id_)
        now = time.monotonic()
        fresh = [one for one in lost if now - self._noticed.get(one.path, -_NOTICED) >= _NOTICED]
        self._noticed.update((one.path, now) for one in fresh)
        if fresh:
            self._app.jobs.post(LookAgain(frozenset(one.root for one in fresh)))
