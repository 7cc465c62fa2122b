"""Operations put back: what that would do, which one comes first, and doing it."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from model_manager.actions.context import Context

if TYPE_CHECKING:
    from model_manager.actions.applying import Unseen
    from model_manager.actions.scanning import Notify
    from model_manager.jobs import Progress
    from model_manager.library.removal.undoing import Undoing
    from model_manager.operations import Operation

__all__ = ["ToUndo", "give_up", "newest", "no_longer_so", "plan_json", "to_undo", "undo"]

# What changes the disk is loaded within the functions: the window tells a `ToUndo` from other results from its start on.


@dataclass(frozen=True, slots=True)
class ToUndo:
    """What undo would do with an operation, or with these units of it."""

    operation: Operation
    units: tuple[int, ...] | None
    undoing: Undoing


def to_undo(context: Context, id_: str, units: Collection[int] | None = None) -> ToUndo:
    """What undo would do; changes nothing. Raises ModelManagerError when there is no such operation."""
    from model_manager.library.removal.undoing import undoing

    found = context.operations.get(id_)
    wanted = None if units is None else tuple(units)
    return ToUndo(found, wanted, undoing(found, context.volumes, wanted))


def newest(context: Context, in_vain: Collection[str] = ()) -> ToUndo | None:
    """The operation that was applied last of those that can go back, None where none can. Those that were tried
    `in_vain` come last."""
    from model_manager.library.removal.undoing import newest_to_undo, undoing

    found = newest_to_undo(context.operations.history()[0], context.volumes, in_vain)
    return None if found is None else ToUndo(found, None, undoing(found, context.volumes))


def plan_json(asked: ToUndo, title: str) -> dict[str, object]:
    """The PLAN of an undo: steps in the order in which they go back, with the room that they need."""
    from model_manager.operations import Plan, StepState, as_json
    from model_manager.operations.plan import printable

    steps, planned = asked.operation.plan.steps, asked.undoing
    waiting = Plan(asked.operation.id, title, steps, 0, 0, planned.warnings, time.time())
    plan = as_json(waiting, "planned", [StepState("planned")] * len(steps))
    by_number = dict(zip((step.n for step in steps), cast("list[object]", plan["steps"]), strict=True))
    return plan | {
        "steps": [by_number[step.n] for step in planned.steps],
        "needs": [{"path": printable(room.path), "bytes": room.needs, "free": room.free} for room in planned.rooms],
        "seconds": round(planned.seconds),
    }


def undo(
    context: Context, id_: str, unseen: Unseen, units: Collection[int] | None = None, progress: Progress | None = None,
    notify: Notify = lambda event: None,
) -> Operation:  # fmt: skip
    """Puts an operation back, or these units of it, then looks again, also where it failed or was stopped.

    Raises ModelManagerError and Cancelled.
    """
    from model_manager.actions.applying import look_again

    plan = context.operations.get(id_).plan
    try:
        return context.operations.undo(id_, units, progress)
    finally:
        look_again(context, plan, unseen, notify)


def give_up(context: Context, id_: str) -> Operation:
    """Leaves an operation that cannot be settled as it stands."""
    return context.operations.give_up(id_)


def no_longer_so(context: Context, ids: Collection[str]) -> frozenset[str]:
    """Those of these operations of which something was put back, emptied or lost since they were applied."""
    from model_manager.library.removal.undoing import stands

    known = {one.id: one for one in context.operations.history()[0] if one.id in ids}
    return frozenset(id_ for id_ in ids if id_ not in known or not stands(known[id_], context.volumes))
