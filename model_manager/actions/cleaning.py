"""What could go and why, what of it frees how much, and a plan of what was taken."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from model_manager.actions.context import Context
from model_manager.actions.removal import PlannedRemoval, plan_wanted
from model_manager.base.errors import UsageError
from model_manager.base.messages import joined, said
from model_manager.catalog.leftovers import LeftoverRow
from model_manager.jobs import Progress
from model_manager.library.clean import rules
from model_manager.library.clean.candidate import RULES, Candidate, CatalogueSnapshot, as_json, library_of
from model_manager.library.clean.families import Family, QuantLine, Rung, families_of
from model_manager.library.clean.memory import Machine, this_machine
from model_manager.library.clean.offers import offered, reclaimable, wanted_of
from model_manager.library.clean.rules import UNUSED_DAYS
from model_manager.operations.plan_builder import Way

__all__ = ["RULES", "UNUSED_DAYS", "Candidate", "Family", "Machine", "QuantLine", "Rung", "Suggestions", "Way", "as_json", "families",
           "plan_cleaning", "suggest", "taken"]  # fmt: skip


@dataclass(frozen=True)
class Suggestions:
    """`candidates`: what could go at this moment. `machine`: what the models must fit."""

    library: CatalogueSnapshot
    candidates: tuple[Candidate, ...]
    machine: Machine
    waiting: tuple[tuple[LeftoverRow, float], ...] = ()
    """Unfinished downloads that are not offered yet, and since when they will be, in seconds since 1970."""

    def frees(self, chosen: Sequence[Candidate]) -> int:
        """What really comes back when these go together, in bytes."""
        return reclaimable(self.library, chosen)


def suggest(
    context: Context, only: Sequence[str] = (), unused_days: int = UNUSED_DAYS, machine: Machine | None = None,
    progress: Progress | None = None,
) -> Suggestions:  # fmt: skip
    """What could go by all rules, or `only` by these. `machine`: where it was looked at before.

    Raises UsageError, Cancelled.
    """
    wrong = next((rule for rule in only if rule not in RULES), None)
    if wrong is not None:
        raise UsageError(said("clean"), wrong, said("there is no such rule"), joined(", ", RULES))
    wanted = only or RULES
    machine = machine or this_machine()
    library = library_of(context.database, machine, progress)
    found = offered(
        context.database, context.volumes, context.env(), library,
        rules.candidates(library, wanted, unused_days=unused_days), progress,
    )  # fmt: skip
    waits = rules.waiting(library.rests, time.time()) if "partial" in wanted else []
    return Suggestions(library, tuple(found), machine, tuple(waits))


def families(offer: Suggestions) -> tuple[Family, ...]:
    """The ladders of quants and versions that these suggestions come from."""
    return tuple(families_of(offer.library.lines))


def taken(offer: Suggestions, ids: Sequence[str], all_certain: bool = False) -> list[Candidate]:
    """The suggestions of these ids, and with `all_certain` those of which it is certain that nobody needs them."""
    known = {one.id for one in offer.candidates}
    wrong = next((id_ for id_ in ids if id_ not in known), None)
    if wrong is not None:
        raise UsageError(
            said("clean"), wrong, said("there is no suggestion of this id"), said("see `model-manager clean`")
        )
    chosen = [one for one in offer.candidates if one.id in ids or (all_certain and one.confidence == "certain")]
    if not chosen:
        raise UsageError(
            said("clean"), "", said("there is nothing of which it is certain"), said("choose with --take ID")
        )
    return chosen


def plan_cleaning(
    context: Context, offer: Suggestions, chosen: Sequence[Candidate], way: Way = "trash"
) -> PlannedRemoval:
    """Plans that these go, with what must stay for them, and a warning for what was offered because of one that goes."""
    return plan_wanted(context, wanted_of(offer.library, chosen), way)
