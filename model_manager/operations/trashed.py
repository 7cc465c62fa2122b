"""What this program put into a trash or set aside and nobody took out since; and the plan to delete it for good."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from model_manager.base import reach, units
from model_manager.base.errors import ModelManagerError
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.operations.identity import identity_from_record, identity_of, is_as_left
from model_manager.operations.operation import Facts, Operation
from model_manager.operations.plan import Plan, Step
from model_manager.operations.plan_builder import PlanBuilder
from model_manager.operations.remounted import is_it, remounted
from model_manager.operations.shown_trash import is_trash, is_where_it_went

Where = Literal["trash", "restored", "gone"]


@dataclass(frozen=True, slots=True)
class Trashed:
    """One thing that was moved into a trash. `kept` is its path there, `note` the note beside it.

    `where`: still there, restored to its old name by somebody, or gone. Sizes in bytes, `frees` as it was planned (see
    `with_what_comes_back`); `at` in seconds since 1970; `unit` says what was moved together and returns together, `of` what a
    person calls that.
    """

    operation: str
    unit: int
    of: str
    path: str
    kept: str
    note: str
    bytes: int
    frees: int
    at: float
    where: Where


def trashed(operations: Iterable[Operation], volumes: Volumes) -> list[Trashed]:
    """Everything of these operations that is in force as moved into a trash of which we know the place."""
    return [item for operation in operations for item in _of(operation, volumes)]


def plan_empty(items: Sequence[Trashed], volumes: Volumes) -> Plan:
    """Deletes these things for good, and nothing else that lies in the trash. What came together goes together.

    Raises ModelManagerError when none of them is there any more.
    """
    there = [item for item in items if item.where == "trash"]
    if not there:
        raise ModelManagerError(said("empty the trash"), "", said("nothing of this program's is in it"))
    folders = {os.path.dirname(path) for item in there for path in (item.kept, item.note)}
    draft = PlanBuilder(volumes, sorted(folders), "delete")
    units_: dict[tuple[str, int], list[Trashed]] = {}
    for item in there:
        units_.setdefault((item.operation, item.unit), []).append(item)
    problems = []
    for items_ in units_.values():
        draft.begin_unit(items_[0].of)
        try:
            for item in items_:
                draft.take(item.kept, said("was {0}", item.path))
                if os.path.lexists(item.note):
                    draft.take(item.note, later("the note of the trash about it"))
        except ModelManagerError as error:
            draft.drop_unit()
            problems.append(error)
            there = [item for item in there if item not in items_]
    if not there:
        raise problems[0]
    draft.left.extend(said("{0}: {1}", problem.path, problem.reason) for problem in problems)
    count = len({(item.operation, item.unit) for item in there})
    what = later("this one") if count == 1 else said("these {0}", count)
    plan = draft.plan("")
    kept = {item.kept for item in there}
    size = sum(step.frees for step in plan.steps if step.path in kept)  # the notes of the trash are nobody's models
    return replace(plan, title=said("Delete {0} for good ({1})", what, units.size(size)))


def with_what_comes_back(items: list[Trashed], volumes: Volumes) -> list[Trashed]:
    """The same with what comes back when all of them are deleted: names of one file may have gone one after another."""
    try:
        frees = {step.path: step.frees for step in plan_empty(items, volumes).steps}
    except ModelManagerError:
        return items  # nothing is there, or nothing may be deleted now
    return [replace(item, frees=frees[item.kept]) if item.kept in frees else item for item in items]


def in_a_trash(path: str) -> bool:
    """Whether a path is that of a thing, or of the note about it, in a trash or a folder of ours for things set aside."""
    folder, kind = os.path.split(os.path.dirname(path))
    return kind in ("files", "info") and is_trash(folder)


def _of(operation: Operation, volumes: Volumes) -> Iterator[Trashed]:
    if operation.damaged or operation.applied_at is None:
        return
    halves = operation.halves
    for step, now in zip(operation.plan.steps, operation.steps, strict=True):
        name = now.facts.get("name")
        if step.verb != "trash" or now.state != "done" or step.target is None or not isinstance(name, str):
            continue
        if step.unit in halves or os.path.basename(name) != name or not is_where_it_went(step.target, step.path, name):
            continue  # something of it has still to go back, or nothing shows that it was put there
        target = reach.realpath(step.target)
        where, kept = _where(step, now.facts, os.path.join(target, "files", name), volumes)
        note = os.path.join(os.path.dirname(os.path.dirname(kept)), "info", name + ".trashinfo")
        yield Trashed(
            operation.id, step.unit, step.of, step.path, kept, note, step.bytes, step.frees,
            operation.applied_at, where,
        )  # fmt: skip


def _where(step: Step, facts: Facts, kept: str, volumes: Volumes) -> tuple[Where, str]:
    """What became of a thing, and its path in the trash as its volume is mounted now."""
    try:
        seen = identity_from_record(facts.get("seen"))
    except ValueError:
        return "gone", kept
    timeless = bool(step.how.get("fresh"))
    places: tuple[tuple[str, Where], ...] = ((kept, "trash"), (step.path, "restored"))
    for path, answer in places:
        try:
            if is_as_left(seen, path, identity_of(path, reach.lstat(path), volumes), timeless):
                return answer, kept
        except OSError as error:
            if error.errno == errno.EHOSTDOWN:
                return "trash", kept  # nobody can tell: as it was left
    if now := remounted(step.path, kept, seen, volumes, timeless):
        return ("trash" if is_it(now[1], seen, volumes, timeless) else "restored"), now[1]
    return "gone", kept
