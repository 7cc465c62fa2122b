"""What was learned by reading whole files, each answer for the identity that it holds for.

Key: (volume, inode, size, mtime_ns, ctime_ns); where inodes do not last the path stands in for the inode.
An answer for another size or time is no answer.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Mark:
    """Which file, as it is now: `key` is the inode, or the path where inodes do not last."""

    volume: str
    key: str
    size: int
    mtime_ns: int
    ctime_ns: int


@dataclass(frozen=True, slots=True)
class Known:
    """`sample`: xxh3 of pieces. `sha256`: of every byte. `tensors`: of the tensors whatever the wrapping.

    `verdict` and `detail` are what a deep check found. `apart` is `comparison:part`: files that one comparison
    read side by side and put into different parts differ, even where it stopped at the first difference.
    `tensors` and `tensor_sample` are sums that shards share with their whole, empty where there are none.
    """

    sample: str | None = None
    sha256: str | None = None
    tensors: str | None = None
    verdict: str | None = None
    detail: str | None = None
    apart: str | None = None
    tensor_sample: str | None = None


_ANSWERS = ", ".join(field.name for field in fields(Known))


def mark_of(volume: str, lasting: bool, path: str, stat: os.stat_result) -> Mark:
    key = f"i{stat.st_ino}" if lasting else "p" + os.fsencode(path).hex()
    return Mark(volume, key, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def known(tx: sqlite3.Connection, mark: Mark) -> Known:
    """What is known of this very file; nothing when it changed since."""
    row = tx.execute(
        f"SELECT {_ANSWERS} FROM hash WHERE volume = ? AND key = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ?",
        (mark.volume, mark.key, mark.size, mark.mtime_ns, mark.ctime_ns),
    ).fetchone()
    return Known(*row) if row else Known()


def keep(tx: sqlite3.Connection, mark: Mark, found: Known) -> None:
    """Adds answers to those that are kept for this identity; those of an older one go."""
    before = known(tx, mark)
    pairs = [(getattr(found, field.name), getattr(before, field.name)) for field in fields(Known)]
    values = [old if new is None else new for new, old in pairs]
    tx.execute(
        f"INSERT OR REPLACE INTO hash (volume, key, size, mtime_ns, ctime_ns, {_ANSWERS}, read_at)"
        f" VALUES (?, ?, ?, ?, ?, {'?, ' * len(values)}?)",
        (mark.volume, mark.key, mark.size, mark.mtime_ns, mark.ctime_ns, *values, int(time.time())),
    )


def verdicts(tx: sqlite3.Connection, ids: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """Model -> (verdict, detail) of the deep checks that hold for its files as they are now."""
    if tx.execute("SELECT 1 FROM hash WHERE verdict IS NOT NULL LIMIT 1").fetchone() is None:
        return {}
    found: dict[int, list[tuple[str, str]]] = {}
    for model, verdict, detail in tx.execute(
        "SELECT DISTINCT place.model, verdict, detail FROM place JOIN member ON member.place = place.id"
        " JOIN file ON file.id = member.file JOIN volume ON volume.id = file.volume JOIN hash"
        " ON hash.volume = volume.name AND hash.key = 'i' || file.inode AND hash.size = file.size"
        " AND hash.mtime_ns = file.mtime_ns AND hash.ctime_ns = file.ctime_ns"
        " WHERE verdict IS NOT NULL AND place.model IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    ):
        found.setdefault(model, []).append((verdict, detail or ""))
    return found


def restamp(tx: sqlite3.Connection, before: Mark, ctime_ns: int) -> None:
    """After our own rename or link of a file: only its change time is new, so what was read of it still holds."""
    tx.execute(
        "UPDATE hash SET ctime_ns = ? WHERE volume = ? AND key = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ?",
        (ctime_ns, before.volume, before.key, before.size, before.mtime_ns, before.ctime_ns),
    )
    tx.execute(
        "UPDATE file SET ctime_ns = ? WHERE volume = (SELECT id FROM volume WHERE name = ?) AND key = ? AND size = ?"
        " AND mtime_ns = ? AND ctime_ns = ?",
        (ctime_ns, before.volume, before.key, before.size, before.mtime_ns, before.ctime_ns),
    )
