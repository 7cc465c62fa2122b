"""Removes for good. First aside, which can be taken back; the removal itself only when its unit is whole."""

from __future__ import annotations

import stat

from model_manager.base.messages import said
from model_manager.operations.identity import identity_to_record
from model_manager.operations.kept_files import must_lie_once
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.refusal import MustGoBack, NotInForce, Refused
from model_manager.operations.verb import Note, Side, Site, identity_in, planned, still_is, text_in


def check(site: Site, step: Step) -> Facts:
    """It is what was planned."""
    return {"at": step.path, "seen": identity_to_record(planned(site, step))}


def do(site: Site, step: Step, facts: Facts, note: Note) -> None:
    """Killed: at its name, or aside."""
    path, seen = text_in(facts, "at"), identity_in(facts, "seen")
    aside = site.aside(path, step)
    site.rename(path, aside)
    if not still_is(site, aside, seen):
        raise Refused(said("something else came to its name in the last moment: it stays"))
    must_lie_once(aside, site.volumes)
    if seen is not None:
        site.made[aside] = seen


def undo(site: Site, step: Step, facts: Facts) -> None:
    """Back from aside, as long as the unit is not whole."""
    path = text_in(facts, "at")
    aside = site.aside(path, step)
    if site.look(aside) is None:
        if site.look(path) is None:
            raise Refused(said("it is gone for good"))
        return
    try:
        site.rename(aside, path)
    except FileExistsError:
        raise NotInForce(
            said("something else has its name now; it is kept as {0}: give it a name of your own", aside)
        ) from None


def recover(site: Site, step: Step, facts: Facts) -> Side:
    """Done when it lies aside."""
    path, seen = text_in(facts, "at"), identity_in(facts, "seen")
    site.must_be_connected(path, seen.volume if seen else None)
    site.sync_parent(path)
    aside = site.aside(path, step)
    return "undone" if site.look(aside) is None and site.look(_going(aside)) is None else "done"


def finish(site: Site, step: Step, facts: Facts) -> None:
    """Removes what lies aside, if it is what was put there a moment ago. Killed: a part is left for the next start.

    Then the unit was whole, and goes on: what else of it is gone already cannot come back.
    """
    path, seen = text_in(facts, "at"), identity_in(facts, "seen")
    site.must_be_connected(path, seen.volume if seen else None)
    aside = site.aside(path, step)
    found = site.look(aside)
    if found is not None and aside in site.made and not still_is(site, aside, seen):
        raise MustGoBack(said("it changed in the last moment: it stays"))
    if found is not None and not stat.S_ISDIR(found.st_mode):
        site.disk.remove(aside)
        return
    if found is not None:
        site.disk.rename(aside, _going(aside))
    if site.look(_going(aside)) is not None:
        site.disk.remove_tree(_going(aside))


def _going(aside: str) -> str:
    """The name of a folder from when it was looked at for the last time: a part of it may be gone."""
    return f"{aside}-going"
