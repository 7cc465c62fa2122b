"""What must hold around each unit: what stays is there and is another file, and nobody writes to what goes.

Asked when a plan is made, just before its unit and once more after it, before anything goes for good.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterable, Iterator

from model_manager.base import reach
from model_manager.base.behind import Behind
from model_manager.base.messages import said
from model_manager.base.open_files import holders
from model_manager.base.reading import open_quietly
from model_manager.base.volumes import Volumes
from model_manager.operations.disk import Disk
from model_manager.operations.identity import identity_from_record, identity_of
from model_manager.operations.leases import Written, is_open_for_writing
from model_manager.operations.plan import KeptFile, Step
from model_manager.operations.refusal import Refused
from model_manager.operations.sameness import may_show_others, sameness

_TAKES = frozenset({"trash", "delete", "move", "link"})
"""Verbs after which something is no longer at its name."""
_WAITS = (0.0, 0.01, 0.05, 0.2)
"""Seconds before each look at who writes."""


def must_hold_before(disk: Disk, volumes: Volumes, unit: Iterable[Step]) -> None:
    """Raises Refused, in words, unless every step of a unit may begin. OSError when the disk cannot be asked."""
    taking = [step for step in unit if step.verb in _TAKES]
    kept = [one for step in taking for one in kept_by(step)]
    for step in taking:
        must_lie_once(step.path, volumes)
        nobody_may_write(step.path, volumes)
        for one in kept:
            must_be_two(step.path, one.path, volumes)
        if step.verb == "link" and step.target is not None:
            nobody_may_write(step.target, volumes)
    for one in kept:
        must_be_there(disk, volumes, one)


def must_hold_after(disk: Disk, volumes: Volumes, unit: Iterable[Step]) -> None:
    """The same once a unit was done: what stays may have been moved along with what went."""
    for step in unit:
        for one in kept_by(step) if step.verb in _TAKES else ():
            must_be_there(disk, volumes, one)


def kept_as(path: str, volumes: Volumes) -> KeptFile:
    """The file at a real path as it is now, as what has to stay. Raises OSError."""
    found = reach.lstat(path)
    identity = identity_of(path, found, volumes)
    return KeptFile(path, identity, found.st_ctime_ns if identity.inode else None)


def kept_by(step: Step) -> Iterator[KeptFile]:
    """What must stay for a step: what the plan names, and the file that a link leads to."""
    yield from step.keeps
    if step.verb == "link" and step.target is not None:
        try:
            yield KeptFile(step.target, identity_from_record(json.loads(step.how.get("keeper", ""))))
        except ValueError:
            raise Refused(said("the plan does not say which file stays")) from None


def must_be_there(disk: Disk, volumes: Volumes, kept: KeptFile) -> None:
    """Raises Refused unless the file that stays is what was seen when planned; OSError when it cannot be asked."""
    reach.must_answer(kept.path, follow=False)
    try:
        found = disk.lstat(kept.path)
        if may_show_others(kept.path, volumes):  # its names may be remembered from before
            with open_quietly(kept.path):
                pass
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(said("{0}, which is to stay, is not there any more", kept.path)) from None
    is_same = stat.S_ISREG(found.st_mode) and identity_of(kept.path, found, volumes) == kept.identity
    if not is_same or kept.ctime_ns not in (None, found.st_ctime_ns):
        raise Refused(said("{0}, which is to stay, changed since this was planned: look again", kept.path))


def must_be_two(path: str, kept: str, volumes: Volumes) -> None:
    """Raises Refused unless what goes is shown to be another file than the one that stays; OSError."""
    for going, size in _files_of(path):
        try:
            if size != reach.lstat(kept).st_size:
                continue
        except FileNotFoundError:
            raise Refused(said("{0}, which is to stay, is not there any more", kept)) from None
        answer = sameness(going, kept, volumes)
        if answer == "one":
            raise Refused(said("{0} and {1} are one file already, seen by two ways: nothing of it goes", going, kept))
        if answer == "unknown":
            raise Refused(
                said(
                    "it cannot be shown that {0} and {1} are two files: one is seen through another file "
                    "system, or a program has it open",
                    going,
                    kept,
                )
            )


def must_lie_once(path: str, volumes: Volumes) -> None:
    """Raises Refused where a pool has a file of this name in several branches: renaming it takes them all.

    Where a pool does not tell its branches, it may have hidden others.
    """
    behind = Behind(volumes).of(path)
    if behind is None:
        raise Refused(_not_shown(path, volumes))
    if len(behind) > 1:
        raise Refused(
            said(
                "{0} lies in {1} branches of a pool, which would take it from each: work on the branches themselves",
                path,
                len(behind),
            )
        )


def nobody_may_write(path: str, volumes: Volumes) -> None:
    """Raises Refused while another process has the file, or a file of the folder, open for writing by any path."""
    unsure: dict[tuple[int, int], str] = {}
    shown = Behind(volumes)
    for name, _size in _files_of(path):
        behind = shown.of(name)
        if behind is None:
            raise Refused(_not_shown(name, volumes))
        for one in (name, *behind):
            written = _is_written(one)
            if written == "yes":
                raise Refused(_written(one))
            if written == "unknown":
                try:
                    found = os.lstat(one)
                except OSError:
                    continue
                unsure[found.st_dev, found.st_ino] = one
    for key, ones in holders(unsure).items():
        if any(one.writes for one in ones):
            raise Refused(_written(unsure[key]))


def _is_written(path: str) -> Written:
    """Whether somebody writes; tried again, as FUSE closes a file some time after its last user did."""
    written: Written = "unknown"
    for wait in _WAITS:
        time.sleep(wait) if wait else None
        written = is_open_for_writing(path)
        if written != "yes":
            break
    return written


def _not_shown(path: str, volumes: Volumes) -> str:
    mount = volumes.mount_of(path)
    point = mount.point if mount is not None else os.path.dirname(path)
    return said(
        "{0} shows other folders and does not tell which, so {1} stays: work on those folders themselves", point, path
    )


def _written(path: str) -> str:
    found = os.lstat(path)
    ones = holders([(found.st_dev, found.st_ino)]).get((found.st_dev, found.st_ino), ())
    who = next((one.name for one in ones if one.writes), "")
    if who:
        return said("{0} is writing to {1}: wait until it has finished, or close it", who, path)
    return said("another program is writing to {0}: wait until it has finished, or close it", path)


def _files_of(path: str) -> Iterator[tuple[str, int]]:
    """The regular file at a path with its size, or every one below a folder; links are not followed."""
    waiting = [path]
    while waiting:
        name = waiting.pop()
        try:
            found = os.lstat(name)
            if stat.S_ISDIR(found.st_mode):
                waiting += [entry.path for entry in os.scandir(name)]
            elif stat.S_ISREG(found.st_mode):
                yield name, found.st_size
        except OSError:
            continue  # the step's own check says it better
