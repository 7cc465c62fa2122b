"""What it would mean to undo an operation: what comes back, what cannot, the space it needs and about how long."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from model_manager.base import reach, units
from model_manager.base.errors import reason_of
from model_manager.base.messages import counted, said
from model_manager.base.text import later, shown
from model_manager.base.volumes import Volumes
from model_manager.operations import Operation, Step
from model_manager.operations.identity import is_named_by_content
from model_manager.operations.trashed import Trashed, trashed
from model_manager.operations.whole import of_part

COPIED_A_SECOND = 100 * 10**6
"""Bytes: a copy is written, and both are read to be compared. A hard disk reads and writes 150 to 250 MB/s."""
_WORTH_A_WORD = 10.0
"""Seconds; what takes less is done before it is read."""


@dataclass(frozen=True, slots=True)
class SpaceNeeded:
    """Bytes that undo writes on one volume, and what is free there (None: it does not say).

    `path`: the one folder that they are written to, or the one above all of these `folders`.
    """

    path: str
    needs: int
    free: int | None
    folders: int = 1

    @property
    def is_there(self) -> bool:
        return self.free is None or self.free >= self.needs


@dataclass(frozen=True, slots=True)
class Undoing:
    """`steps`: what is put back, in that order. `rooms`: where bytes are copied; `seconds`: about how long that takes.

    `warnings`: all of it in words, and why something will stay as it is.
    """

    steps: tuple[Step, ...]
    rooms: tuple[SpaceNeeded, ...]
    seconds: float
    warnings: tuple[str, ...]


def undoing(operation: Operation, volumes: Volumes, units_: Collection[int] | None = None) -> Undoing:
    """Looks what undo would find; changes nothing and reads no file. `units_`: only these of it are to be put back."""
    in_force = [
        step for step, now in zip(operation.plan.steps, operation.steps, strict=True)
        if now.state == "done" and (units_ is None or step.unit in units_)
    ]  # fmt: skip
    parted = _parted(operation, volumes)
    back = tuple(step for step in reversed(in_force) if step.undo and step.unit not in parted)
    rooms = tuple(_rooms(back))
    seconds = sum(room.needs for room in rooms) / COPIED_A_SECOND
    final = [step for step in in_force if not step.undo]
    words = [*_of_rooms(rooms, seconds), *_gone(operation, back, volumes)]
    words += [why for unit, why in parted.items() if any(step.unit == unit for step in in_force)]
    words += [said("this stays as it is, it cannot be undone: {0}", shown(step.path)) for step in final]
    return Undoing(back, rooms, seconds, tuple(dict.fromkeys(words)))


def can_go_back(operation: Operation, volumes: Volumes) -> bool:
    """Whether undo would bring anything back. What somebody restored or emptied is not ours to put back any more."""
    if not operation.undoable:
        return False
    away = {(item.unit, item.path) for item in _trashed(operation, volumes) if item.where != "trash"}
    emptied = {unit for unit, _path in away}
    parted = _parted(operation, volumes)
    return any(
        now.state == "done" and step.undo and step.unit not in parted and (step.unit, step.path) not in away
        # A tool's index is written along with what goes: alone it would name what is not there.
        and not (step.verb == "write" and step.unit in emptied)
        for step, now in zip(operation.plan.steps, operation.steps, strict=True)
    )  # fmt: skip


def _parted(operation: Operation, volumes: Volumes) -> dict[int, str]:
    """The units of which a part cannot come back, with the reason: a model goes back whole or not at all."""
    units_: dict[int, list[Trashed]] = {}
    for item in _trashed(operation, volumes):
        units_.setdefault(item.unit, []).append(item)
    found = {}
    for unit, items in units_.items():
        for item in items if len(items) > 1 else ():
            if item.where == "gone":
                found[unit] = of_part(shown(item.path), later("it is not in the trash any more"))
            elif item.where == "trash" and os.path.lexists(item.path) and not is_named_by_content(item.path):
                found[unit] = of_part(shown(item.path), later("something else has its name now"))
    return found


def stands(operation: Operation, volumes: Volumes) -> bool:
    """Whether everything that was done is still in force, and what went to a trash still lies there."""
    if operation.state not in ("applied", "partly") or operation.undone_at is not None:
        return False
    return all(item.where == "trash" for item in _trashed(operation, volumes))


def newest_to_undo(
    operations: Iterable[Operation], volumes: Volumes, in_vain: Collection[str] = ()
) -> Operation | None:
    """The operation that was applied last of those that can go back. Those that undo was tried `in_vain` come last."""
    applied = [one for one in operations if one.undoable and one.applied_at is not None]
    applied.sort(key=lambda one: (one.id not in in_vain, one.applied_at or 0.0), reverse=True)
    return next((one for one in applied if can_go_back(one, volumes)), None)


def _rooms(steps: tuple[Step, ...]) -> Iterator[SpaceNeeded]:
    """Shared copies become files of their own again: all their bytes are written, on the volume of each."""
    needs: dict[int | str, int] = {}
    folders: dict[int | str, dict[str, None]] = {}
    for step in steps:
        # A link that stood where nothing was before is only removed.
        if step.verb == "link" and step.identity is not None and step.how.get("kind") in ("hard", "symbolic"):
            folder = os.path.dirname(step.path)
            try:
                reach.must_answer(folder)
                device: int | str = os.stat(folder).st_dev
            except OSError:
                device = folder
            needs[device] = needs.get(device, 0) + step.bytes
            folders.setdefault(device, {})[folder] = None
    for key, size in needs.items():
        written = list(folders[key])
        try:
            free = shutil.disk_usage(written[0]).free if isinstance(key, int) else None
        except OSError:
            free = None
        yield SpaceNeeded(os.path.commonpath(written), size, free, len(written))


def _of_rooms(rooms: tuple[SpaceNeeded, ...], seconds: float) -> Iterator[str]:
    for room in rooms:
        need, where, free = units.size(room.needs), shown(room.path), units.size(room.free or 0)
        if room.folders > 1:
            where = counted("{0} folder below {1}", "{0} folders below {1}", room.folders, room.folders, where)
        if room.free is None:
            yield said("{0} are copied to {1}: shared copies become files of their own again", need, where)
        elif room.is_there:
            yield said(
                "{0} are copied to {1} ({2} are free): shared copies become files of their own again", need, where, free
            )
        else:
            yield said(
                "{0} are needed in {1}, only {2} are free: make room first, or some of it stays shared",
                need,
                where,
                free,
            )
    if seconds >= _WORTH_A_WORD:
        yield said("the copying takes about {0}", _about(seconds))


def _about(seconds: float) -> str:
    """A time that nobody takes for exact."""
    if seconds < 90:
        return said("{0} seconds", round(seconds / 10) * 10)
    if seconds < 90 * 60:
        return counted("{0} minute", "{0} minutes", round(seconds / 60), round(seconds / 60))
    return counted("{0} hour", "{0} hours", round(seconds / 3600), round(seconds / 3600))


def _gone(operation: Operation, back: tuple[Step, ...], volumes: Volumes) -> Iterator[str]:
    """What of it is not where it could come back from."""
    units_ = {step.unit for step in back}
    for item in [one for one in _trashed(operation, volumes) if one.unit in units_]:
        path = shown(item.path)
        if item.where == "gone":
            yield said("{0} stays away: it is not in the trash any more", path)
        elif item.where == "restored":
            yield said("{0} is back already", path)
    for step in back:
        try:
            reach.must_answer(step.path, follow=False)
        except OSError as error:
            yield said("{0}: {1}", shown(step.path), reason_of(error))


def _trashed(operation: Operation, volumes: Volumes) -> list[Trashed]:
    paths = [path for step in operation.plan.steps for path in (step.path, step.target or "")]
    return (
        [] if any(reach.silent_mount(path, follow=False) for path in paths if path) else trashed([operation], volumes)
    )
