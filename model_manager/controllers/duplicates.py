"""Duplicates: flagged at once, proved in the background, shared or cleared away by plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from model_manager.actions import sharing
from model_manager.actions.sharing import By, Group
from model_manager.actions.sharing import Duplicates as Found
from model_manager.app import App
from model_manager.base.events import OperationChanged, ScanFinished
from model_manager.base.text import _
from model_manager.controllers.changes import Changes
from model_manager.jobs import Job, JobChanged


class DuplicatesView(Protocol):
    def show_groups(self, found: Found) -> None: ...
    def show_busy(self, busy: bool) -> None: ...


class Duplicates:
    def __init__(self, app: App, view: DuplicatesView, changes: Changes) -> None:
        self._app, self._view, self._changes = app, view, changes
        self._job: Job | None = None
        self.found: Found | None = None

    def start(self) -> None:
        """Flags in the background; what was read before counts as proved."""
        self._look(prove=False)

    def prove(self) -> None:
        """Reads what looks the same to its end. Cancelling keeps what was read."""
        self._look(prove=True)

    def handle(self, message: object) -> None:
        if isinstance(message, JobChanged) and message.job is self._job:
            if message.state == "done" and isinstance(message.job.result, Found):
                self.found = message.job.result
                self._view.show_groups(message.job.result)
            self._view.show_busy(message.state in ("waiting", "running"))
        elif isinstance(message, ScanFinished | OperationChanged):
            self.start()

    def plan(self, groups: Sequence[Group], by: By, keep: Sequence[str], only: Sequence[str]) -> None:
        """Plans that the ticked copies (`only`) of these groups give way; the review asks."""
        self._changes.plan(lambda way: sharing.plan_sharing(self._app, groups, by, keep, only))

    def _look(self, prove: bool) -> None:
        if self._job is not None and self._job.state in ("waiting", "running"):
            return
        title = _("Reading copies to be sure") if prove else _("Looking for copies")
        self._job = self._app.jobs.start(title, "hash", lambda progress: sharing.find(self._app, progress, prove))
