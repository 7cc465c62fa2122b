"""The one-screen summary: what is where, how much it weighs, how healthy it is."""

from __future__ import annotations

from dataclasses import dataclass

from model_manager.base.extents import SHARING, own_bytes
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, leftovers, rows, totals
from model_manager.library.clean import certain_of


@dataclass(frozen=True, slots=True)
class Status:
    """`bytes`: on disk, each inode once. `apparent`: every name counted. `reclaimable`: copies by their
    recorded hashes, flagged and not proved, without what these share, and leftovers of which it is certain."""

    bytes: int
    apparent: int
    reclaimable: int
    models: int
    tools: tuple[tuple[str, int, int], ...]
    categories: tuple[tuple[str, int, int], ...]
    health: dict[str, int]
    leftovers: dict[str, int]
    away: int = 0
    """Models that are known and not to be had now: unplugged, not answering, not to be read. Counted nowhere else."""


def status(database: Database) -> Status:
    with database.read() as tx:
        total, apparent = totals.of_all(tx)
        tools = _ordered(totals.bytes_by(tx, "tool"))
        categories = _ordered(totals.bytes_by(tx, "category"))
        rests: dict[str, int] = {}
        every = leftovers.every(tx)
        copies = totals.copies(tx)
        spared = [(one.frees, one.paths[0]) for one in certain_of(every)]
        for row in every:
            rests[row.kind] = rests.get(row.kind, 0) + row.bytes
        health = totals.verdicts(tx)
        away = len(rows.away_models(tx))
    own = _Own()
    spare = sum(own(*rest) for rest in spared)
    spare += sum(sum(each) - max(each) for each in ([own(*one) for one in same] for same in copies))
    return Status(total, apparent, spare, sum(health.values()), tools, categories, health, rests, away)


class _Own:
    """What comes back of a file's bytes: not the blocks that it shares. Asked of the volumes on which files can, known
    by the names of their mounts: nothing else is touched."""

    def __init__(self) -> None:
        self._volumes = Volumes()

    def __call__(self, size: int, path: str) -> int:
        mount = self._volumes.mount_of(path)
        return own_bytes(path, size) if mount is not None and mount.kind in SHARING else size


def _ordered(figures: dict[str, tuple[int, int]]) -> tuple[tuple[str, int, int], ...]:
    found = [(word, count, size) for word, (count, size) in figures.items()]
    return tuple(sorted(found, key=lambda row: (-row[2], row[0])))
