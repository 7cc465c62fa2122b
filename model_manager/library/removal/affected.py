"""What a plan changes: the folders, which are scanned again after it, and the models."""

from __future__ import annotations

import os

from model_manager.base import reach
from model_manager.catalog import Database, place_names, roots
from model_manager.library.removal.origins import OfPlaces, from_text
from model_manager.operations import Operation, Plan


def touched(database: Database, plan: Plan) -> list[int]:
    """The ids of those roots; all of them where a tool was asked to change its own."""
    with database.read() as tx:
        every = roots.every(tx)
    paths = [path for step in plan.steps for path in (step.path, step.target or "")]
    asked = any(step.verb == "ask" for step in plan.steps)
    return [
        root.id for root in every
        if asked or any(path.startswith(reach.realpath(root.path).rstrip(os.sep) + os.sep) for path in paths)
    ]  # fmt: skip


def models_of_units(database: Database, plan: Plan) -> dict[int, frozenset[int]]:
    """Unit -> the models of which it takes places away. To be asked before the plan is applied."""
    with database.read() as tx:
        models = {one.place: one.model for one in place_names.every(tx)}
    origins = {unit: from_text(text) for unit, text in plan.origins.items()}
    return {
        unit: frozenset(models[place] for place in origin.along if place in models)
        for unit, origin in origins.items() if isinstance(origin, OfPlaces)
    }  # fmt: skip


def gone_of(done: Operation, models: dict[int, frozenset[int]]) -> frozenset[int]:
    """The models whose units were done to their end."""
    stayed = {step.unit for step, now in zip(done.plan.steps, done.steps, strict=True) if now.state != "done"}
    return frozenset(id_ for unit, ids in models.items() if unit not in stayed for id_ in ids)
