"""Folders as the last finished scan of their root left them, and files that were looked at and are no models."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from model_manager.base.facts import Facts
from model_manager.base.identity import FileId
from model_manager.catalog.codec import dump_facts, load_facts
from model_manager.catalog.record import READER

_KEPT = 365 * 86_400


class Listing(NamedTuple):
    """A folder: `names` are its subfolders, a NUL and the files looked at, each joined by `/`.

    `stats` stands for the rules, the folder and those files as they were, `places` for the fingerprints of the models.
    """

    names: str
    stats: bytes
    places: bytes


def of_root(tx: sqlite3.Connection, root: int) -> dict[str, Listing]:
    """Path -> how the folder was."""
    rows = tx.execute("SELECT path, names, stats, places FROM listing WHERE root = ?", (root,))
    return {os.fsdecode(path): Listing(os.fsdecode(names), stats, places) for path, names, stats, places in rows}


def put(tx: sqlite3.Connection, root: int, fresh: Mapping[str, Listing], gone: Iterable[str]) -> None:
    """Stores folders as they are now and forgets those that were not met or may not be believed."""
    tx.executemany("DELETE FROM listing WHERE root = ? AND path = ?", [(root, os.fsencode(path)) for path in gone])
    tx.executemany(
        "INSERT OR REPLACE INTO listing (root, path, names, stats, places) VALUES (?, ?, ?, ?, ?)",
        [(root, os.fsencode(path), os.fsencode(one.names), one.stats, one.places) for path, one in fresh.items()],
    )


def facts_of_passed(tx: sqlite3.Connection, id_: FileId) -> Facts | None:
    """What was read of a file that is no model's, while size and times hold and the reader is the same."""
    row = tx.execute(
        "SELECT facts FROM passed JOIN volume ON volume.id = passed.volume WHERE volume.name = ? AND key = ? AND size = ?"
        " AND mtime_ns = ? AND ctime_ns = ? AND reader = ?",
        (*id_, READER),
    ).fetchone()
    return load_facts(row[0]) if row else None


def pass_over(tx: sqlite3.Connection, read: Iterable[tuple[int, FileId, Facts]]) -> None:
    """Stores what was read of files that no model has, with their volumes' rows; forgets models' files and what is a year old."""
    now = int(time.time())
    tx.execute("DELETE FROM passed WHERE read_at < ?", (now - _KEPT,))
    tx.executemany(
        "INSERT OR REPLACE INTO passed (volume, key, size, mtime_ns, ctime_ns, reader, facts, read_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(volume, *id_[1:], READER, dump_facts(facts), now) for volume, id_, facts in read],
    )
    tx.execute(
        "DELETE FROM passed WHERE EXISTS (SELECT 1 FROM file WHERE file.volume = passed.volume"
        " AND file.key = passed.key AND file.facts IS NOT NULL)"
    )


def any_passed(tx: sqlite3.Connection) -> bool:
    return tx.execute("SELECT 1 FROM passed LIMIT 1").fetchone() is not None
