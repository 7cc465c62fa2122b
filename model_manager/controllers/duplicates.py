"""Duplicates: flagged at once, proved in the background, shared or cleared away by plans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from model_manager.actions import sharing
from model_manager.actions.sharing import By, CopyGroup
from model_manager.actions.sharing import Duplicates as Found
from model_manager.app import App
from model_manager.base.events import OperationChanged, ScanFinished
from model_manager.base.text import _
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.messages import FilesRead
from model_manager.jobs import Job, Latest, Progress


class DuplicatesView(Protocol):
    def show_groups(self, found: Found) -> None: ...
    def show_busy(self, busy: bool) -> None: ...


class DuplicatesController:
    def __init__(self, app: App, view: DuplicatesView, changes: ChangesController) -> None:
        self._app, self._view, self._changes = app, view, changes
        self._flagging = Latest(app.jobs)
        self._proving: Job | None = None
        self.found: Found | None = None

    def start(self) -> None:
        """Flags in the background; what was read before counts as proved."""
        if not self._is_proving():
            self._flagging.start(_("Looking for copies"), "lists", self._work(False), self._take, self._end)
            self._view.show_busy(True)

    def leave(self) -> None:
        """Nobody looks at it any more. What reads to be sure goes on: it was asked for by itself."""
        self._flagging.drop()
        self._view.show_busy(self._is_proving())

    def prove(self) -> None:
        """Reads what looks the same to its end. Cancelling keeps what was read."""
        if not self._is_proving():
            self._flagging.drop()
            title = _("Reading copies to be sure")
            self._proving = self._app.jobs.start(title, "hash", self._work(True), self._take, self._end)
            self._view.show_busy(True)

    def handle(self, message: object) -> None:
        if isinstance(message, ScanFinished | OperationChanged):
            self.start()

    def plan(self, groups: Sequence[CopyGroup], by: By, keep: Sequence[str], only: Sequence[str]) -> None:
        """Plans that the ticked copies (`only`) of these groups give way; the review asks."""
        self._changes.plan(lambda way: sharing.plan_sharing(self._app, groups, by, keep, only))

    def _is_proving(self) -> bool:
        return self._proving is not None and self._proving.state in ("waiting", "running")

    def _work(self, prove: bool) -> Callable[[Progress], Found]:
        def work(progress: Progress) -> Found:
            try:
                return sharing.find(self._app, progress, prove)
            finally:
                self._app.jobs.post(FilesRead())

        return work

    def _take(self, found: Found) -> None:
        self.found = found
        self._view.show_groups(found)
        self._end()

    def _end(self) -> None:
        self._view.show_busy(False)
