"""Removes for good. First aside, which can be taken back; the removal itself only when its unit is whole."""

from __future__ import annotations

import stat

from model_manager.operations.identity import identity_to_record
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Note, Side, Site, identity_in, planned, text_in


def check(site: Site, step: Step) -> Facts:
    """It is what was planned."""
    return {"at": step.path, "seen": identity_to_record(planned(site, step))}


def do(site: Site, step: Step, facts: Facts, note: Note) -> None:
    """Killed: at its name, or aside."""
    path = text_in(facts, "at")
    site.rename(path, site.aside(path, step))


def undo(site: Site, step: Step, facts: Facts) -> None:
    """Back from aside, as long as the unit is not whole."""
    path = text_in(facts, "at")
    aside = site.aside(path, step)
    if site.look(aside) is None:
        if site.look(path) is None:
            raise Refused("it is gone for good")
        return
    try:
        site.rename(aside, path)
    except FileExistsError:
        raise Refused(f"something else has its name now; it is kept as {aside}") from None


def recover(site: Site, step: Step, facts: Facts) -> Side:
    """Done when it lies aside."""
    path, seen = text_in(facts, "at"), identity_in(facts, "seen")
    site.must_be_connected(path, seen.volume if seen else None)
    site.sync_parent(path)
    return "undone" if site.look(site.aside(path, step)) is None else "done"


def finish(site: Site, step: Step, facts: Facts) -> None:
    """Removes what lies aside. Killed: a part of it is left, and removed at the next start."""
    path, seen = text_in(facts, "at"), identity_in(facts, "seen")
    site.must_be_connected(path, seen.volume if seen else None)
    aside = site.aside(path, step)
    found = site.look(aside)
    if found is None:
        return
    if stat.S_ISDIR(found.st_mode):
        site.disk.remove_tree(aside)
    else:
        site.disk.remove(aside)
