"""History: what was changed on the disk, and what of it lies in the trash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from model_manager.actions import history
from model_manager.actions.history import Trashed
from model_manager.app import App
from model_manager.base.events import OperationChanged
from model_manager.base.localised import localised
from model_manager.base.text import _
from model_manager.controllers.changes import ChangesController
from model_manager.jobs import Latest
from model_manager.operations import Operation


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One operation as shown. `at`: when it was done, in seconds since 1970; `problem` is why something of it stayed.

    `frees`: bytes of what is in force of it.
    """

    id: str
    at: float
    title: str
    state: str
    frees: int
    undoable: bool
    problem: str


@dataclass(frozen=True, slots=True)
class Past:
    """`trash`: what is still there of what this program moved; `frees`: bytes that emptying it brings back."""

    lines: tuple[HistoryLine, ...]
    trash: tuple[Trashed, ...]
    elsewhere: int
    """How many things somebody else restored or emptied."""

    @property
    def frees(self) -> int:
        return sum(item.frees for item in self.trash)


class HistoryView(Protocol):
    def show_past(self, past: Past) -> None: ...


class HistoryController:
    def __init__(self, app: App, view: HistoryView, changes: ChangesController) -> None:
        self._app, self._view, self._changes = app, view, changes
        self._loading = Latest(app.jobs)

    def start(self) -> None:
        """Loads in the background."""
        self._loading.start(_("Reading the history"), "query", lambda progress: self._load(), self._view.show_past)

    def handle(self, message: object) -> None:
        if isinstance(message, OperationChanged):
            self.start()

    def undo(self, id_: str) -> None:
        self._changes.undo(id_)

    def restore(self, items: Sequence[Trashed]) -> None:
        """Puts things back with what was moved together with them."""
        by_operation: dict[str, set[int]] = {}
        for item in items:
            by_operation.setdefault(item.operation, set()).add(item.unit)
        for id_, units in by_operation.items():
            self._changes.undo(id_, sorted(units))

    def empty(self, items: Sequence[Trashed]) -> None:
        """Plans to delete these for good; the review asks."""
        self._changes.plan(lambda way: history.plan_emptying(self._app, items), "delete")

    def _load(self) -> Past:
        items = history.with_room(self._app, history.in_trash(self._app))
        there = tuple(item for item in items if item.where == "trash")
        return Past(
            tuple(_line(operation) for operation in history.history(self._app).done),
            there,
            len(items) - len(there),
        )


def _line(operation: Operation) -> HistoryLine:
    problem = next((step.problem for step in operation.steps if step.problem), operation.damaged)
    return HistoryLine(
        operation.id,
        operation.at,
        localised(operation.plan.title),
        operation.state,
        _frees(operation),
        operation.undoable,
        localised(problem),
    )


def _frees(operation: Operation) -> int:
    """Bytes that what is in force of it frees: what was put back or refused frees nothing."""
    if operation.state == "applied":
        return operation.plan.frees
    done = zip(operation.plan.steps, operation.steps, strict=True)
    return min(operation.plan.frees, sum(step.frees for step, now in done if now.state == "done"))
