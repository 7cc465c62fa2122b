"""Copies one file to a name that is free, and on undo removes the copy if it is unchanged.

Copy, sync, compare, rename in: a name never shows half a file.
"""

from __future__ import annotations

import errno
import os
import stat

from model_manager.base.messages import figure, said
from model_manager.operations.identity import Identity, identity_to_record
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Note, Side, Site, identity_in, must_be_real, planned, text_in


def check(site: Site, step: Step) -> Facts:
    """It is the file that was planned, the name is free and the volume has room."""
    identity = planned(site, step)
    found = site.disk.lstat(step.path)
    if not stat.S_ISREG(found.st_mode):
        raise Refused(said("only files are copied"))
    target, volume = free_target(site, step)
    must_have_room(site, target, found.st_size)
    return {"at": step.path, "to": target, "volume": volume, "seen": identity_to_record(identity)}


def do(site: Site, step: Step, facts: Facts, note: Note) -> None:
    """Killed: nothing, a part aside that recovery removes, or the copy whole."""
    path, target = text_in(facts, "at"), text_in(facts, "to")
    note({"made": identity_to_record(copy_aside(site, step, path, target))})
    try:
        site.disk.rename(site.aside(target, step), target)
    except FileExistsError:
        raise Refused(said("something of this name is there now")) from None


def undo(site: Site, step: Step, facts: Facts) -> None:
    """Removes the copy unless it changed. Killed: removed or not."""
    target, made = text_in(facts, "to"), identity_in(facts, "made")
    site.must_be_connected(target, facts.get("volume"))
    must_be_real(site, target)
    there = site.identity(target)
    if there is None:
        return
    if made is None or there != made:
        raise Refused(said("what is there now is not the copy that was made, it stays"))
    site.disk.remove(target)


def recover(site: Site, step: Step, facts: Facts) -> Side:
    """Done when the copy has its name; a part aside never came to it."""
    target, made = text_in(facts, "to"), identity_in(facts, "made")
    site.must_be_connected(target, facts.get("volume"))
    site.clear(site.aside(target, step))
    site.sync_parent(target)
    return "done" if made is not None and site.identity(target) == made else "undone"


def free_target(site: Site, step: Step) -> tuple[str, str]:
    """The planned target if its folder is there and nothing has its name, and its volume."""
    target = step.target or ""
    must_be_real(site, target)
    parent = site.identity(os.path.dirname(target))
    if parent is None:
        raise Refused(said("the folder {0} is not there", os.path.dirname(target)))
    if site.look(target) is not None:
        raise Refused(said("something of the name {0} is there now", target))
    return target, parent.volume


def must_have_room(site: Site, path: str, size: int) -> None:
    """Refuses when the volume of `path` cannot take `size` bytes more."""
    folder = os.path.dirname(path)
    free = site.disk.free(folder)
    if free < size:
        raise Refused(said("the volume of {0} has {1} bytes free, {2} are needed", folder, figure(free), figure(size)))


def copy_aside(site: Site, step: Step, path: str, target: str) -> Identity:
    """Copies and dresses the file beside `target`, reads both again to compare; the copy's identity."""
    aside = site.aside(target, step)
    site.clear(aside)
    looks = site.disk.looks(path)
    site.disk.copy(path, aside, site.worked)
    if not site.disk.same_bytes(path, aside, site.worked):
        raise OSError(errno.EIO, said("the copy beside {0} is not what was written", target))
    site.disk.dress(aside, looks)
    made = site.identity(aside)
    if made is None:
        raise Refused(said("the copy was removed while it was made"))
    return made
