"""Duplicates: flagged at once, proved in the background, shared or cleared away by plans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from model_manager.app import App
from model_manager.base.events import OperationChanged, ScanFinished
from model_manager.base.text import _
from model_manager.controllers.changes import Changes
from model_manager.controllers.messages import FilesRead
from model_manager.jobs import Job, Latest, Progress
from model_manager.library.duplicates import search as duplicates
from model_manager.library.duplicates.groups import Group
from model_manager.library.duplicates.search import Duplicates as Found
from model_manager.library.duplicates.sharing import By, plan_sharing
from model_manager.operations import Plan
from model_manager.operations.draft import Way


class DuplicatesView(Protocol):
    def show_groups(self, found: Found) -> None: ...
    def show_busy(self, busy: bool) -> None: ...


class Duplicates:
    def __init__(self, app: App, view: DuplicatesView, changes: Changes) -> None:
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

    def plan(self, groups: Sequence[Group], by: By, keep: Sequence[str], only: Sequence[str]) -> None:
        """Plans that the ticked copies (`only`) of these groups give way; the review asks."""
        reference = tuple(self._app.settings.values.reference_folders)

        def make(way: Way) -> Plan:
            return plan_sharing(
                self._app.database, self._app.volumes, self._app.env(), groups, by, keep, reference, only
            )

        self._changes.plan(make)

    def _is_proving(self) -> bool:
        return self._proving is not None and self._proving.state in ("waiting", "running")

    def _work(self, prove: bool) -> Callable[[Progress], Found]:
        reference = tuple(self._app.settings.values.reference_folders)
        look = duplicates.prove if prove else duplicates.flag_and_recall

        def work(progress: Progress) -> Found:
            try:
                return look(self._app.database, self._app.volumes, progress, reference)
            finally:
                self._app.jobs.post(FilesRead())

        return work

    def _take(self, found: Found) -> None:
        self.found = found
        self._view.show_groups(found)
        self._end()

    def _end(self) -> None:
        self._view.show_busy(False)
