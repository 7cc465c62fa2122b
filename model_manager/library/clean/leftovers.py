"""Leftovers as everybody tells of them: what weighs beside the models, and what nobody needs.

`list`, the window, `status` and `clean` go by this alone. A payload that no model of its store names is called unused
only where `clean` would offer it at this moment; what may be needed from elsewhere is told apart, with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from model_manager.base import reach
from model_manager.base.messages import said
from model_manager.base.once import each_once
from model_manager.base.open_files import holders
from model_manager.base.pools import TrueFile
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, leftovers, mount_aliases
from model_manager.catalog.leftovers import LeftoverRow
from model_manager.jobs import Progress
from model_manager.library.removal.planning import drafted
from model_manager.library.removal.selection import Selection
from model_manager.library.removal.shelf import Shelf, shelf_of_leftovers
from model_manager.library.removal.unused import PAYLOADS
from model_manager.operations.plan import Plan
from model_manager.operations.plan_builder import PlanBuilder
from model_manager.stores.host.env import Env


@dataclass(frozen=True, slots=True)
class RemovableLeftover:
    """What a leftover is to `clean`: the plan that takes it, or why it is not offered."""

    row: LeftoverRow
    plan: Plan | None
    why: str = ""


@each_once()
def offers(
    shelf: Shelf, volumes: Volumes, env: Env, rows: Sequence[LeftoverRow], progress: Progress | None = None
) -> list[RemovableLeftover]:
    """Each of these with the plan that takes it now; what somebody has open goes with none. Raises Cancelled."""
    progress = progress or Progress()
    found: list[tuple[LeftoverRow, PlanBuilder, Plan, str]] = []
    for done, row in enumerate(rows):
        progress.step(done, len(rows))
        draft, problems = drafted(shelf, volumes, env, Selection((), (), (row.path,)), "delete")
        plan = draft.plan("")
        found.append((row, draft, plan, problems[0].reason if problems else ""))
    held = holders({key for _row, draft, _plan, _why in found for key in draft.files()}) if found else {}
    offered = []
    for row, draft, plan, why in found:
        ones = [one for key in held.keys() & draft.files() for one in held[key]]
        why = why or (said("in use by {0}", ones[0].name) if ones else "")
        offered.append(RemovableLeftover(row, None if why else plan, why))
    return offered


@dataclass(frozen=True, slots=True)
class Leftovers:
    """`flagged`: leftovers by their kind. `unclear`: payloads of which it is not certain that nobody needs them, and why.

    `bytes` and `size`: what lies in both, each file once and without those that models have.
    """

    flagged: tuple[LeftoverRow, ...]
    unclear: tuple[tuple[LeftoverRow, str], ...]
    bytes: int = 0
    size: int = 0
    there: tuple[LeftoverRow, ...] = ()
    """Those of `flagged` in folders that can be looked at now."""


def read_rests(database: Database, volumes: Volumes, env: Env, progress: Progress | None = None) -> Leftovers:
    """All leftovers; those in folders that are not there now weigh nothing, and of none of these is anything certain."""
    with database.read() as tx:
        every = leftovers.every(tx)
        there = {row.path for row in leftovers.there(tx)}
    payloads = [row for row in every if row.kind in PAYLOADS]
    shelf = shelf_of_leftovers(database) if payloads else None
    whys = {offer.row.path: offer.why for offer in offers(shelf, volumes, env, payloads, progress)} if shelf else {}
    alone = _alone(every, database, volumes)
    flagged = tuple(row for row in alone if not whys.get(row.path))
    unclear = tuple((row, whys[row.path]) for row in alone if whys.get(row.path))
    present = [row for row in alone if row.path in there]
    return Leftovers(flagged, unclear, sum(row.bytes for row in present), sum(row.size for row in present),
                 tuple(row for row in flagged if row.path in there))  # fmt: skip


def _alone(rows: Sequence[LeftoverRow], database: Database, volumes: Volumes) -> list[LeftoverRow]:
    """These, each file and folder once, without what is a file of a model by another name."""
    if not rows:
        return []
    behind = TrueFile(volumes)
    met: set[tuple[str, int]] = set()
    found = []
    for row in rows:
        real = reach.realpath(row.path)
        try:
            path, details = behind.of(real) or (real, reach.lstat(real))
        except OSError:
            found.append(row)  # gone or silent: as it was
            continue
        volume = volumes.of(path, details.st_dev)
        identity = (volume.name, details.st_ino)
        if identity in met:
            continue
        met.add(identity)
        with database.read() as tx:
            known = volume.lasting and mount_aliases.is_known(tx, *identity)
        if not known:
            found.append(row)
    return found


def called(rest: LeftoverRow) -> str:
    """What a person would call it: the repository or tag rather than a hash."""
    if rest.kind in ("partial", "detached-revision") and rest.of and not rest.of.startswith("sha256"):
        return rest.of.partition(":")[0]
    name = os.path.basename(rest.path)
    return f"{name[:19]}…" if name.startswith("sha256-") else name
