"""The one-screen summary: what is where, how much it weighs, how healthy it is."""

from __future__ import annotations

from dataclasses import dataclass

from model_manager.base import figures
from model_manager.base.comes_back import comes_back
from model_manager.base.once import each_once
from model_manager.base.text import _
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, copies, leftovers, mount_aliases, rows, totals
from model_manager.catalog.copies import KnownBytes
from model_manager.stores.host.env import Env

Figures = tuple[tuple[str, int, int], ...]
"""(word, models, bytes), the heaviest first."""


@dataclass(frozen=True, slots=True)
class Status:
    """Of models `bytes`: on disk, each file once; `apparent`: every name counted. `reclaimable`: further copies as far as is known
    without reading (`catalog/copies`), without what these share, and leftovers of which it is certain."""

    bytes: int
    apparent: int
    reclaimable: int
    models: int
    tools: Figures
    categories: Figures
    health: dict[str, int]
    leftovers: dict[str, int]
    away: int = 0
    """Models that are known and not to be had now: unplugged, not answering, not to be read. Counted nowhere else."""
    again: int = 0
    """Bytes that are seen by a second way (a folder and its mount) and counted once."""
    rests: int = 0
    """Bytes on disk in what is no model: unfinished downloads and other leftovers, and what may be one."""
    unproved: int = 0
    """Bytes of `reclaimable` in copies that look the same and were not read."""
    unsure: int = 0
    """Bytes counted once too, as nobody can tell whether they are seen by a second way or lie there twice."""


@each_once()
def status(database: Database, volumes: Volumes, env: Env) -> Status:
    kinds, rests, certain = _leftovers(database, volumes, env)
    with database.read() as tx:
        total, apparent = totals.of_all(tx)
        tools = _ordered(totals.bytes_by(tx, "tool"))
        categories = _ordered(totals.bytes_by(tx, "category"))
        same = copies.groups(tx)
        health = totals.verdicts(tx)
        away = len(rows.away_models(tx))
        again, unsure = mount_aliases.counted_once(tx)
    spare, unproved = _spare(same)
    return Status(
        total, apparent, spare + certain, sum(health.values()), tools, categories, health, kinds, away,
        again, rests, unproved, unsure,
    )  # fmt: skip


def _leftovers(database: Database, volumes: Volumes, env: Env) -> tuple[dict[str, int], int, int]:
    """Bytes by kind, bytes of all, and bytes that certainly come back."""
    with database.read() as tx:
        if not leftovers.every(tx):
            return {}, 0, 0
    from model_manager.library.clean.leftovers import read_rests
    from model_manager.library.clean.offers import certain_bytes  # adapters and plans: a second to load

    rests = read_rests(database, volumes, env)
    kinds: dict[str, int] = {}
    for row in rests.there:
        kinds[row.kind] = kinds.get(row.kind, 0) + row.bytes
    return kinds, rests.bytes, certain_bytes(database, volumes, env)


def seen_twice(found: Status) -> list[str]:
    """What counts once although it is there twice, in words."""
    lines = []
    if found.again:
        text = _("{size} of it are seen by two ways, by a folder and by a mount that shows it, and count once")
        lines.append(text.format(size=figures.size(found.again)))
    if found.unsure:
        text = _("{size} may be the same files seen by two ways: this cannot be told here, so they count once")
        lines.append(text.format(size=figures.size(found.unsure)))
    return lines


def by_category(database: Database) -> Figures:
    """How many models of each category, and what they weigh."""
    with database.read() as tx:
        return _ordered(totals.bytes_by(tx, "category"))


def _spare(groups: list[list[KnownBytes]]) -> tuple[int, int]:
    """What comes back of these copies when one of each stays; how much of it is in groups that were not read whole."""
    volumes = Volumes()
    whole = unproved = 0
    for same in groups:
        each = [comes_back(one.path, one.bytes, volumes).own for one in same]
        whole += sum(each) - max(each)
        unproved += 0 if all(one.is_read for one in same) else sum(each) - max(each)
    return whole, unproved


def _ordered(sums: dict[str, tuple[int, int]]) -> Figures:
    found = [(word, count, size) for word, (count, size) in sums.items()]
    return tuple(sorted(found, key=lambda row: (-row[2], row[0])))
