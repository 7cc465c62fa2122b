"""Clean up: what could go and why; a plan of what was ticked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from model_manager.app import App
from model_manager.base.events import OperationChanged, ScanFinished
from model_manager.base.text import _
from model_manager.controllers.changes import Changes
from model_manager.jobs import Latest, Progress
from model_manager.library.clean.candidate import Candidate, Library, library_of
from model_manager.library.clean.families import Family, families_of
from model_manager.library.clean.memory import Machine, this_machine
from model_manager.library.clean.offers import offered, reclaimable, wanted_of
from model_manager.library.clean.rules import candidates
from model_manager.library.removal.planning import plan_removal
from model_manager.operations import Plan
from model_manager.operations.draft import Way


@dataclass(frozen=True)
class Offer:
    """Everything that could go, by rule, the families it comes from, and the machine that they must fit."""

    library: Library
    candidates: tuple[Candidate, ...]
    families: tuple[Family, ...]
    machine: Machine

    def frees(self, chosen: Sequence[Candidate]) -> int:
        """What really comes back when these go together, in bytes."""
        return reclaimable(self.library, chosen)


class CleanView(Protocol):
    def show_offer(self, offer: Offer) -> None: ...


class Clean:
    """Serves two screens: what could go by rules, and the ladders of quants."""

    def __init__(self, app: App, view: CleanView, changes: Changes) -> None:
        self._app, self._view, self._changes = app, view, changes
        self._loading = Latest(app.jobs)
        self._machine: Machine | None = None
        self._library: Library

    def start(self) -> None:
        self._loading.start(_("Looking what could go"), "lists", self._load, self._take)

    def leave(self) -> None:
        """Nobody looks at it any more: what is being loaded is not wanted."""
        self._loading.drop()

    def handle(self, message: object) -> None:
        if isinstance(message, ScanFinished | OperationChanged):
            self.start()

    def _take(self, offer: Offer) -> None:
        self._library = offer.library
        self._view.show_offer(offer)

    def plan(self, chosen: Sequence[Candidate]) -> None:
        """Plans that these go; the review asks."""
        wanted = wanted_of(self._library, chosen)

        def make(way: Way) -> Plan:
            return plan_removal(self._app.database, self._app.volumes, self._app.env(), wanted, way)

        self._changes.plan(make, ways=True)

    def _load(self, progress: Progress) -> Offer:
        self._machine = self._machine or this_machine()
        library = library_of(self._app.database, self._machine, progress)
        families = tuple(families_of(library.lines))
        app, found = self._app, candidates(library)
        able = offered(app.database, app.volumes, app.env(), library, found, progress)
        return Offer(library, tuple(able), families, self._machine)
