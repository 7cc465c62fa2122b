"""What lies in an incoming folder and nobody fetches any more: it is listed, and cleared by a plan only, never by itself."""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from model_manager.base import units
from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.locking import taken
from model_manager.base.messages import counted, figure, said
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.operations.disk import Disk
from model_manager.operations.incoming import must_be_private
from model_manager.operations.plan import Plan
from model_manager.operations.plan_builder import PlanBuilder, Way
from model_manager.operations.staged_record import read_record, stem_in

OLD = 14
"""Days after which what is half there counts as forgotten."""
_CLEAR = later("clear away what did not come in")
_NO_PART = frozenset({errno.ENOENT, errno.ELOOP, errno.EINVAL, errno.EISDIR, errno.EROFS})
"""Why a name cannot be opened to be written, so that no writer of ours has it either: gone, a link, no file, no volume for it."""
_AHEAD = 86_400
"""Seconds by which the clock of a network drive may go before ours."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One item, or something that is none of ours. `paths` are all that lie there of it; `bytes` what they take.

    `key` is that of its record, empty where it has none that is understood: then `problem` says why. `days`: since it
    changed last; None for a time that lies in the future, which tells nothing. `is_claimed`: somebody is writing it, or
    that cannot be told.
    """

    paths: tuple[str, ...]
    bytes: int
    key: str
    days: int | None
    is_claimed: bool
    problem: str = ""

    @property
    def is_forgotten(self) -> bool:
        """Whether it may be offered: nobody writes it, and it is old or nobody can go on with it."""
        return not self.is_claimed and (bool(self.problem) or self.days is None or self.days >= OLD)


def waiting(folder: str, volumes: Volumes, disk: Disk, now: float | None = None) -> list[Waiting]:
    """All that lies in an incoming folder, by name. `now` in seconds since 1970. ModelManagerError when it is not ours."""
    must_be_private(folder, volumes, disk)
    by_stem = defaultdict[str, list[str]](list)
    try:
        for name in sorted(disk.names(folder)):
            by_stem[stem_in(name)].append(os.path.join(folder, name))
        found = [_looked_at(stem, paths, disk, time.time() if now is None else now) for stem, paths in by_stem.items()]
    except OSError as error:
        raise ModelManagerError(said("look into"), folder, reason_of(error)) from error
    return [one for one in found if one.paths]


def plan_clearing(folder: str, items: Sequence[Waiting], volumes: Volumes, way: Way = "trash") -> Plan:
    """Takes these away, each with all its files, and nothing else; what cannot be taken now says why in the plan.

    Raises ModelManagerError when none of them can go.
    """
    draft = PlanBuilder(volumes, [folder], way)
    problems = []
    gone = 0
    for item in items:
        draft.begin_unit(item.key or os.path.basename(item.paths[0]))
        try:
            if item.is_claimed:
                raise ModelManagerError(_CLEAR, item.paths[0], said("somebody is fetching it at this moment"))
            for path in item.paths:
                draft.take(path, item.problem or said("nobody has fetched more of it since"))
            gone += 1
        except ModelManagerError as error:
            draft.drop_unit()
            problems.append(error)
    if not gone:
        raise problems[0] if problems else ModelManagerError(_CLEAR, folder, said("there is nothing to clear away"))
    draft.left.extend(said("{0}: {1}", problem.path, problem.reason) for problem in problems)
    plan = draft.plan("")
    title = counted(
        "Clear away {0} thing that did not come in ({1})",
        "Clear away {0} things that did not come in ({1})",
        gone,
        figure(gone),
        units.size(plan.bytes),
    )
    return replace(plan, title=title)


def _looked_at(stem: str, paths: list[str], disk: Disk, now: float) -> Waiting:
    there = {path: found for path in paths if (found := _look(path, disk)) is not None}
    key, problem = _named(stem, [*there], disk)
    size = sum(_bytes_at(path, found) for path, found in there.items())
    age = now - max((found.st_mtime for found in there.values()), default=now)
    days = None if age < -_AHEAD else max(0, int(age // 86_400))
    return Waiting(tuple(there), size, key, days, any(_is_claimed(path, disk) for path in there), problem)


def _named(stem: str, paths: list[str], disk: Disk) -> tuple[str, str]:
    """The key of an item, and why it is not understood."""
    note = next((path for path in paths if path.endswith(f"{stem}.json")), "")
    if not note:
        is_ours = re.fullmatch("[0-9a-f]{32}", stem) is not None
        return "", later("there is no record of what it is of") if is_ours else later("it is nothing of this program's")
    try:
        return read_record(note, disk).wanted.key, ""
    except (ValueError, OSError) as error:
        return "", said("its record is not understood: {0}", reason_of(error))


def _look(path: str, disk: Disk) -> os.stat_result | None:
    try:
        return disk.lstat(path)
    except FileNotFoundError:  # published or cleared away in this moment
        return None


def _bytes_at(path: str, found: os.stat_result) -> int:
    if not stat.S_ISDIR(found.st_mode):
        return found.st_size
    below = (os.path.join(folder, name) for folder, _folders, names in os.walk(path) for name in names)
    return sum(os.lstat(one).st_size for one in below)


def _is_claimed(path: str, disk: Disk) -> bool:
    """Whether somebody holds the lock of an item; so it counts where nobody can tell."""
    if not path.endswith((".part", ".part.new")):
        return False
    try:
        number = disk.open_part(path, "never")
    except OSError as error:
        return error.errno not in _NO_PART
    try:
        return not taken(number)
    except OSError:
        return True
    finally:
        os.close(number)
