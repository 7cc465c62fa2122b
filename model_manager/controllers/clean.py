"""Clean up: what could go and why; a plan of what was ticked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from model_manager.app import App
from model_manager.base.events import OperationChanged, ScanFinished
from model_manager.base.text import _
from model_manager.controllers.changes import Changes
from model_manager.jobs import JobChanged
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
        self._machine: Machine | None = None
        self._library: Library

    def start(self) -> None:
        self._app.jobs.start(_("Looking what could go"), "query", lambda progress: self._load())

    def handle(self, message: object) -> None:
        if isinstance(message, JobChanged) and isinstance(message.job.result, Offer) and message.state == "done":
            self._library = message.job.result.library
            self._view.show_offer(message.job.result)
        elif isinstance(message, ScanFinished | OperationChanged):
            self.start()

    def plan(self, chosen: Sequence[Candidate]) -> None:
        """Plans that these go; the review asks."""
        wanted = wanted_of(self._library, chosen)

        def make(way: Way) -> Plan:
            return plan_removal(self._app.database, self._app.volumes, self._app.env(), wanted, way)

        self._changes.plan(make, ways=True)

    def _load(self) -> Offer:
        self._machine = self._machine or this_machine()
        library = library_of(self._app.database, self._machine)
        families = tuple(families_of(library.lines))
        app, found = self._app, candidates(library)
        able = offered(app.database, app.volumes, app.env(), library, found)
        return Offer(library, tuple(able), families, self._machine)
