"""Plans that models, places of models and leftovers go: one way for what is named, chosen and suggested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from model_manager.actions.context import Context
from model_manager.actions.planning import told_as_gone
from model_manager.catalog import models
from model_manager.library.removal.kept_paths import what_stays
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.selection import Selection, wanted_of
from model_manager.library.removal.still_there import Missing, NotThere, missing
from model_manager.operations import Plan
from model_manager.operations.plan_builder import Way

__all__ = ["PlannedRemoval", "Way", "plan_chosen", "plan_named", "plan_wanted"]


@dataclass(frozen=True, slots=True)
class PlannedRemoval:
    """`missing`: what was asked for, is gone already, and is no part of the plan. A person is told, and the folders
    of it are to be scanned again."""

    plan: Plan
    missing: tuple[Missing, ...] = ()


def plan_named(
    context: Context, texts: Sequence[str], places: Sequence[str] = (), way: Way = "trash"
) -> PlannedRemoval:
    """What a person typed: models by id, name or path, leftovers by path; of these models only `places` by their ids."""
    return plan_wanted(context, wanted_of(context.database, texts, places), way)


def plan_chosen(
    context: Context, ids: Sequence[int] = (), places: Sequence[int] = (), leftovers: Sequence[str] = (),
    way: Way = "trash",
) -> PlannedRemoval:  # fmt: skip
    """What a person chose from a list: models, of these only `places` where there are any, and paths of leftovers."""
    return plan_wanted(context, Selection(() if places else tuple(ids), tuple(places), tuple(leftovers)), way)


def plan_wanted(context: Context, wanted: Selection, way: Way) -> PlannedRemoval:
    """Looks what of it is there at this moment, and plans that. With a warning for each thing that stays of a model.

    Raises NotThere when nothing of it is there, NoTrash where there is no trash, ModelManagerError when nothing may go.
    """
    gone = _missing(context, wanted)
    if gone:
        wanted = _without(context, gone, wanted)
        if not wanted.models and not wanted.places and not wanted.paths:
            raise NotThere(gone)
    with context.database.read() as tx:
        stays = what_stays(tx, wanted.places, wanted.models)
    wanted = replace(wanted, warnings=tuple(dict.fromkeys([*wanted.warnings, *stays])))
    plan = told_as_gone(
        context, lambda: plan_removal(context.database, context.volumes, context.env(), wanted, way)
    )  # fmt: skip
    return PlannedRemoval(plan, tuple(gone))


def _missing(context: Context, wanted: Selection) -> list[Missing]:
    gone = missing(context.database, context.volumes, wanted.models)
    if wanted.places:
        gone += missing(context.database, context.volumes, (), wanted.places)
    return gone


def _without(context: Context, gone: Sequence[Missing], wanted: Selection) -> Selection:
    """The models of which everything is there, and the places that are there of the others."""
    lost = {one.place for one in gone}
    touched = {one.model for one in gone} & set(wanted.models)
    with context.database.read() as tx:
        rest = [one.id for one in models.places(tx, touched) if one.state == "online"]
    left = tuple(place for place in dict.fromkeys([*wanted.places, *rest]) if place not in lost)
    return replace(wanted, models=tuple(id_ for id_ in wanted.models if id_ not in touched), places=left)
