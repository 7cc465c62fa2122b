"""What was changed, what of it lies in the trash, and plans to delete that for good."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from model_manager.actions.context import Context
from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.base.messages import said
from model_manager.operations import Operation, Plan
from model_manager.operations import trashed as trash
from model_manager.operations.trashed import Trashed

__all__ = ["History", "Trashed", "history", "in_trash", "plan_emptying", "plan_emptying_of", "with_room"]

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class History:
    """`operations`: newest first, also plans that were only stored. `problems`: journals that could not be read."""

    operations: tuple[Operation, ...]
    problems: tuple[ModelManagerError, ...]

    @property
    def done(self) -> tuple[Operation, ...]:
        """Without the plans that were only stored: they have changed nothing."""
        return tuple(one for one in self.operations if one.state != "planned")


def history(context: Context) -> History:
    operations, problems = context.operations.history()
    return History(tuple(operations), tuple(problems))


def in_trash(context: Context, ids: Collection[str] = (), days: int = 0) -> list[Trashed]:
    """What these operations moved to a trash, all of them without `ids`, that many days ago or longer; also what somebody
    restored or emptied since. Raises UsageError."""
    operations = context.operations.history()[0]
    unknown = set(ids) - {one.id for one in operations}
    if unknown:
        raise UsageError(
            said("empty"), min(unknown), said("there is no operation of this id"), said("see `model-manager history`")
        )
    before = time.time() - days * _DAY
    items = trash.trashed([one for one in operations if not ids or one.id in ids], context.volumes)
    return [item for item in items if item.at <= before]


def with_room(context: Context, items: list[Trashed]) -> list[Trashed]:
    """The same with what comes back when all of them are deleted together."""
    return trash.with_what_comes_back(items, context.volumes)


def plan_emptying(context: Context, items: Sequence[Trashed]) -> Plan:
    """Plans that these are deleted for good. Raises ModelManagerError where none of them is there any more."""
    return trash.plan_empty(items, context.volumes)


def plan_emptying_of(context: Context, id_: str) -> Plan:
    """The same for all that one operation moved to the trash."""
    return plan_emptying(context, in_trash(context, [id_]))
