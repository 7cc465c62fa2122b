"""Makes one folder whose parent is there, and on undo removes it if it is the same and still empty.

It is made under a name of our own beside the target, its identity is noted, then it is renamed in:
so a folder that somebody else made in the meantime is never taken for ours, whenever we are killed.
"""

from __future__ import annotations

import errno
import os
import stat

from model_manager.base.messages import counted, figure, said
from model_manager.operations.identity import identity_to_record
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Note, Side, Site, identity_in, text_in

_NOT_EMPTY = (errno.ENOTEMPTY, errno.EEXIST)  # POSIX allows either


def check(site: Site, step: Step) -> Facts:
    """Nothing lies at the path, and its parent is the folder that was seen when planned."""
    name = os.path.basename(step.path)
    if not os.path.isabs(step.path) or name in ("", ".", "..") or "\0" in step.path:
        raise Refused(said("this is no path of a folder that could be made"))
    try:
        os.fsencode(step.path)
    except UnicodeEncodeError:
        raise Refused(said("the name cannot be written on this system")) from None
    path = site.disk.resolve(step.path)
    parent = os.path.dirname(path)
    found = site.look(parent)
    if found is None:
        raise Refused(said("the folder {0} is not there", parent))
    if not stat.S_ISDIR(found.st_mode):
        raise Refused(said("{0} is not a folder", parent))
    identity = site.identity(parent)
    if identity is None or identity != (step.identity or site.made.get(parent)):
        raise Refused(said("the folder {0} is not the one that was seen when planned", parent))
    if site.look(path) is not None:
        raise Refused(said("something of this name is there now"))
    return {"at": path, "volume": identity.volume}


def do(site: Site, step: Step, facts: Facts, note: Note) -> None:
    """Killed: nothing, an empty folder aside that recovery removes, or the folder whole."""
    path = text_in(facts, "at")
    aside = site.aside(path, step)
    site.disk.make_folder(aside)
    made = site.identity(aside)
    if made is None:
        raise Refused(said("the folder was removed while it was made"))
    note({"made": identity_to_record(made)})
    try:
        site.disk.rename(aside, path)
    except FileExistsError:
        raise Refused(said("something of this name is there now")) from None
    site.made[path] = made


def undo(site: Site, step: Step, facts: Facts) -> None:
    """Removes the folder if it is ours and empty. Killed: removed or not."""
    path = text_in(facts, "at")
    found = site.look(path)
    if found is None:
        site.must_be_connected(path, facts.get("volume"))
        return
    if not stat.S_ISDIR(found.st_mode) or site.identity(path) != identity_in(facts, "made"):
        raise Refused(said("what is there now is not the folder that was made, it stays"))
    try:
        site.disk.remove_folder(path)
    except OSError as error:
        if error.errno not in _NOT_EMPTY:
            raise
        count = len(site.disk.names(path))
        raise Refused(
            counted("not empty: {0} entry stays", "not empty: {0} entries stay", count, figure(count))
        ) from None


def recover(site: Site, step: Step, facts: Facts) -> Side:
    """Done when what lies at the path is what was made; what still lies aside never came to its name."""
    path, made = text_in(facts, "at"), identity_in(facts, "made")
    site.must_be_connected(path, facts.get("volume"))
    aside = site.aside(path, step)
    if site.look(aside) is not None:
        site.disk.remove_folder(aside)
        return "undone"
    site.sync_parent(path)
    found = site.look(path)
    ours = made is not None and found is not None and stat.S_ISDIR(found.st_mode) and site.identity(path) == made
    return "done" if ours else "undone"
