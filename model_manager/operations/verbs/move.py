"""Moves a thing to a name that is free: a rename on one volume, a proven copy to another.

Across volumes the original goes only when the whole unit is done, and undo copies it back the same way.
"""

from __future__ import annotations

import errno
import stat

from model_manager.base.messages import said
from model_manager.operations.identity import identity_to_record, is_as_left
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.pooled import come_back, rename_once
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import (
    Note,
    Side,
    Site,
    identity_in,
    make_parents,
    must_be_real,
    planned,
    still_is,
    text_in,
)
from model_manager.operations.verbs.copy import copy_aside, free_target, must_have_room


def check(site: Site, step: Step) -> Facts:
    """It is what was planned, the name is free; across volumes it is a file and there is room."""
    identity = planned(site, step)
    target, volume = free_target(site, step)
    found = site.disk.lstat(step.path)
    copied = volume != identity.volume
    if copied:
        if not stat.S_ISREG(found.st_mode):
            raise Refused(said("only files are moved to another volume"))
        must_have_room(site, target, found.st_size)
    return {
        "at": step.path, "to": target, "volume": volume, "seen": identity_to_record(identity),
        "by": "copy" if copied else "rename", "times": [found.st_atime_ns, found.st_mtime_ns],
    }  # fmt: skip


def do(site: Site, step: Step, facts: Facts, note: Note) -> None:
    """Killed: as before, a part of a copy aside, or at its new name (and across volumes at the old one too)."""
    path, target = text_in(facts, "at"), text_in(facts, "to")
    copied = facts.get("by") == "copy"
    if copied:
        note({"made": identity_to_record(copy_aside(site, step, path, target))})
    try:
        if copied:
            site.rename(site.aside(target, step), target)
        else:
            rename_once(site, step, path, target)
    except FileExistsError:
        raise Refused(said("something of this name is there now")) from None
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise Refused(said("it cannot be renamed to there: another mount lies between")) from None
        raise
    if not copied and not still_is(site, target, identity_in(facts, "seen")):
        site.disk.rename(target, path)
        raise Refused(said("something else came to its name in the last moment: it stays"))


def finish(site: Site, step: Step, facts: Facts) -> None:
    """Across volumes: removes the original, unless it changed while it was copied."""
    if facts.get("by") != "copy":
        return
    path, seen = text_in(facts, "at"), identity_in(facts, "seen")
    there = site.identity(path)
    going = f"{site.aside(path, step)}-going"
    if there is None and site.look(going) is None:
        site.must_be_connected(path, seen.volume if seen else None)
        return
    if site.look(going) is None:
        if there != seen:
            raise Refused(said("the original changed while it was copied, so both are kept"))
        site.disk.rename(path, going)
    if site.identity(going) != seen:
        try:
            site.disk.rename(going, path)
        except FileExistsError:
            raise Refused(
                said("something else came to its old name in the last moment; it is kept as {0}", going)
            ) from None
        raise Refused(said("the original changed while it was copied, so both are kept"))
    site.disk.remove(going)


def undo(site: Site, step: Step, facts: Facts) -> None:
    """Back to its old name, if that is free. Killed: at the one, the other, or across volumes at both."""
    path, target = text_in(facts, "at"), text_in(facts, "to")
    moved = identity_in(facts, "made" if facts.get("by") == "copy" else "seen")
    seen = identity_in(facts, "seen")
    if moved is None or seen is None:
        raise OSError(errno.EINVAL, said("the journal does not say what was moved"))
    site.must_be_connected(path, seen.volume)
    site.must_be_connected(target, facts.get("volume"))
    for place in (path, target):
        must_be_real(site, place)
    there, back = site.identity(target), site.identity(path)
    if there is None or not is_as_left(moved, target, there):
        if back is not None and (is_as_left(seen, path, back) or (there is None and facts.get("by") == "copy")):
            return
        if there is not None:
            raise Refused(said("{0} changed since, or something else has that name now: it stays", target))
        raise Refused(said("it is not where it was moved to any more"))
    if facts.get("by") == "copy":
        _copy_back(site, step, path, target)
        return
    if back is not None:
        raise Refused(said("something else has its old name now"))
    make_parents(site, path)
    try:
        site.rename(target, path)
    except FileExistsError:
        raise Refused(said("something else has its old name now")) from None


def recover(site: Site, step: Step, facts: Facts) -> Side:
    """Done when it lies at its new name."""
    path, target = text_in(facts, "at"), text_in(facts, "to")
    seen = identity_in(facts, "seen")
    moved = identity_in(facts, "made" if facts.get("by") == "copy" else "seen")
    site.must_be_connected(target, facts.get("volume"))
    site.must_be_connected(path, seen.volume if seen else None)
    for place in (path, target):
        if facts.get("by") == "copy":
            site.clear(site.aside(place, step))
        site.sync_parent(place)
    if moved is not None and moved.is_same_thing(site.identity(target)):
        return "done"
    if facts.get("by") != "copy":
        come_back(site, step, path)
    return "undone"


def _copy_back(site: Site, step: Step, path: str, target: str) -> None:
    """Copies to the old name unless the original, or a copy that was interrupted here, has it; then removes.

    What has the old name is compared to the byte: an inode number is given to the next file, which may be as large and
    as old, and the copy is then the only one.
    """
    before = site.identity(target)
    if site.look(path) is None:
        make_parents(site, path)
        must_have_room(site, path, site.disk.lstat(target).st_size)
        copy_aside(site, step, target, path)
        site.rename(site.aside(path, step), path)
    elif not _is_copy(site, path, target):
        raise Refused(said("something else has its old name now"))
    if site.identity(target) != before:
        raise Refused(said("{0} changed while it was copied back, so both are kept", target))
    site.disk.remove(target)


def _is_copy(site: Site, path: str, target: str) -> bool:
    one, other = site.disk.lstat(path), site.disk.lstat(target)
    same = (one.st_mode, one.st_size, one.st_mtime_ns) == (other.st_mode, other.st_size, other.st_mtime_ns)
    return same and stat.S_ISREG(one.st_mode) and site.disk.same_bytes(path, target, site.worked)
