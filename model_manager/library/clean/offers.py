"""What could go at this moment, what it frees, and the plan's words for it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from model_manager.base import units
from model_manager.base.messages import said
from model_manager.base.once import each_once
from model_manager.base.text import shown
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, leftovers
from model_manager.jobs import Progress
from model_manager.library.clean.candidate import WEIGHTS, Candidate, CatalogueSnapshot, freed
from model_manager.library.clean.leftovers import offers
from model_manager.library.clean.rules import of_leftovers
from model_manager.library.removal.planning import drafted
from model_manager.library.removal.selection import LinkThatStays, Selection
from model_manager.library.removal.shelf import read_shelf, shelf_of_leftovers
from model_manager.stores.host.env import Env


def reclaimable(library: CatalogueSnapshot, chosen: Iterable[Candidate]) -> int:
    """What comes back when all of these go: each inode once, and only when all its names go.

    What a candidate's own plan does not promise, as other files may share it, is not promised of all together either.
    """
    every = list(chosen)
    models_ = [one for one in every if one.model is not None]
    going = {one.model for one in models_ if one.model is not None}
    rests = sum(one.frees for one in every if one.model is None)
    withheld = sum(max(0, freed(library, {one.model}) - one.frees) for one in models_ if one.model is not None)
    return rests + max(0, freed(library, going) - withheld)


def totals(library: CatalogueSnapshot, found: Iterable[Candidate]) -> dict[str, str]:
    """Rule -> what it could free, in words."""
    by_rule: dict[str, list[Candidate]] = {}
    for one in found:
        by_rule.setdefault(one.rule, []).append(one)
    return {rule: units.size(reclaimable(library, ones)) for rule, ones in by_rule.items()}


def wanted_of(library: CatalogueSnapshot, chosen: Iterable[Candidate]) -> Selection:
    """These candidates as what shall go, with a warning for each that was offered because of one that goes too."""
    every = list(chosen)
    going = {one.model for one in every}
    lost = [one for one in every if one.keeps is not None and one.keeps in going]
    titles = {row.id: row.name for row in library.rows} if lost else {}
    models_ = tuple(one.model for one in every if one.model is not None)
    paths = tuple(one.leftover for one in every if one.model is None)
    warnings = tuple(
        said("{0} was offered because {1} stays, and that goes too", shown(one.name), shown(titles.get(one.keeps or 0, '')))
        for one in lost
    )  # fmt: skip
    stays: dict[int | str, Sequence[LinkThatStays]] = {
        one.model: _stays_for(library, one)
        for one in every
        if one.model is not None and (one.keeps is None or one.keeps not in going)
    }
    return Selection(models_, (), paths, warnings, stays)


def _stays_for(library: CatalogueSnapshot, one: Candidate) -> list[LinkThatStays]:
    """The weights of the model because of which a candidate may go, as they were when it was read."""
    files = library.files.get(one.keeps, []) if one.keeps is not None else []
    return [LinkThatStays(file.path, file.size, file.mtime_ns) for file in files if file.role in WEIGHTS]


@each_once()
def offered(
    database: Database,
    volumes: Volumes,
    env: Env,
    library: CatalogueSnapshot,
    found: Iterable[Candidate],
    progress: Progress | None = None,
) -> list[Candidate]:
    """Those that could go at this moment, each with the very paths and bytes of the plan that takes it.

    What its tool's rule would refuse, what somebody has open, and what went since the last scan is not offered. Raises Cancelled.
    """
    progress = progress or Progress()
    shelf = read_shelf(database)
    every = list(found)
    rests = {rest.path: rest for rest in shelf.rests}
    leftover = [rests[one.leftover] for one in every if one.model is None and one.leftover in rests]
    plans = {offer.row.path: offer.plan for offer in offers(shelf, volumes, env, leftover, progress)}
    kept = []
    for done, one in enumerate(every):
        progress.step(done, len(every))
        if one.model is None:
            plan = plans.get(one.leftover)
        else:
            draft, problems = drafted(shelf, volumes, env, wanted_of(library, [one]), "delete")
            plan = None if problems else draft.plan("")
        if plan is not None and plan.steps:
            kept.append(replace(one, paths=tuple(step.path for step in plan.steps), frees=plan.frees))
    return kept


@each_once()
def certain_bytes(database: Database, volumes: Volumes, env: Env) -> int:
    """What comes back when all leftovers go that `clean` offers and of which it is certain that nobody needs them."""
    with database.read() as tx:
        rows = {row.path: row for row in leftovers.there(tx)}
    certain = [rows[one.leftover] for one in of_leftovers(rows.values(), time.time()) if one.confidence == "certain"]
    if not certain:
        return 0
    shelf = shelf_of_leftovers(database)
    paths = tuple(offer.row.path for offer in offers(shelf, volumes, env, certain) if offer.plan is not None)
    draft, _problems = drafted(shelf, volumes, env, Selection((), (), paths), "delete")
    return draft.plan("").frees
