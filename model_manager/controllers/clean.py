"""Clean up: what could go and why; a plan of what was ticked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from model_manager.actions import cleaning
from model_manager.actions.cleaning import Candidate, Family, Machine
from model_manager.app import App
from model_manager.base.events import OperationChanged, ScanFinished
from model_manager.base.text import _
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.removing import without_what_is_gone
from model_manager.jobs import Latest, Progress
from model_manager.operations import Plan


@dataclass(frozen=True)
class CleanOffer:
    """Everything that could go, by rule, and the families it comes from."""

    suggested: cleaning.Suggestions
    families: tuple[Family, ...]

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return self.suggested.candidates

    @property
    def machine(self) -> Machine:
        """What the models must fit."""
        return self.suggested.machine

    def frees(self, chosen: Sequence[Candidate]) -> int:
        """What really comes back when these go together, in bytes."""
        return self.suggested.frees(chosen)


class CleanView(Protocol):
    def show_offer(self, offer: CleanOffer) -> None: ...


class CleanController:
    """Serves two screens: what could go by rules, and the ladders of quants."""

    def __init__(self, app: App, view: CleanView, changes: ChangesController) -> None:
        self._app, self._view, self._changes = app, view, changes
        self._loading = Latest(app.jobs)
        self._machine: Machine | None = None
        self._suggested: cleaning.Suggestions

    def start(self) -> None:
        self._loading.start(_("Looking what could go"), "lists", self._load, self._take)

    def leave(self) -> None:
        """Nobody looks at it any more: what is being loaded is not wanted."""
        self._loading.drop()

    def handle(self, message: object) -> None:
        if isinstance(message, ScanFinished | OperationChanged):
            self.start()

    def _take(self, offer: CleanOffer) -> None:
        self._suggested = offer.suggested
        self._view.show_offer(offer)

    def plan(self, chosen: Sequence[Candidate]) -> None:
        """Plans that these go; the review asks."""
        suggested = self._suggested

        def make(way: cleaning.Way) -> Plan:
            return without_what_is_gone(
                self._app, lambda: cleaning.plan_cleaning(self._app, suggested, chosen, way)
            )  # fmt: skip

        self._changes.plan(make, ways=True)

    def _load(self, progress: Progress) -> CleanOffer:
        suggested = cleaning.suggest(self._app, machine=self._machine, progress=progress)
        self._machine = suggested.machine
        return CleanOffer(suggested, cleaning.families(suggested))
