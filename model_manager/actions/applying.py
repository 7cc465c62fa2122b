"""Plans kept and applied; whatever became of one, what it touches is looked at again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from model_manager.actions import scanning
from model_manager.actions.context import Context
from model_manager.actions.scanning import Notify, ScansElsewhere
from model_manager.jobs import Progress
from model_manager.library.removal.affected import gone_of, models_of_units, touched
from model_manager.operations import Operation, Plan

__all__ = ["AppliedPlan", "Unseen", "apply", "look_again", "operation", "store"]

Unseen = Callable[[ScansElsewhere], None]
"""Called where nobody could look again, since another process scans."""


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    """`gone`: the models of which places were taken away, and all of what was planned for them was done."""

    operation: Operation
    gone: frozenset[int]


def store(context: Context, plan: Plan) -> Operation:
    """Keeps a plan to be applied later by its id."""
    return context.operations.store(plan)


def operation(context: Context, id_: str) -> Operation:
    """A stored plan, or what became of one. Raises ModelManagerError when there is none of this id."""
    return context.operations.get(id_)


def apply(
    context: Context, plan: Plan, unseen: Unseen, progress: Progress | None = None, notify: Notify = lambda event: None,
    done: Callable[[AppliedPlan], object] = lambda applied: None,
) -> AppliedPlan:  # fmt: skip
    """Applies the very plan that was shown, then looks again at what it touches: also where it failed or was stopped,
    for what was done by then is done. Raises ModelManagerError and Cancelled.

    `done` hears of it before the look: who shows models knows then why they go.
    """
    models = models_of_units(context.database, plan)
    try:
        found = context.operations.apply(plan, progress)
        applied = AppliedPlan(found, gone_of(found, models))
        done(applied)
    finally:
        look_again(context, plan, unseen, notify)
    return applied


def look_again(context: Context, plan: Plan, unseen: Unseen, notify: Notify = lambda event: None) -> None:
    """Scans the folders that a plan changes, so that whoever asks next hears the truth."""
    try:
        scanning.look(context, touched(context.database, plan), Progress(), notify)
    except ScansElsewhere as busy:
        unseen(busy)
