"""Models that were never met, stored many at once: four statements for a batch instead of five for each model."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from model_manager.base.identity import FileId
from model_manager.catalog import files, models
from model_manager.catalog.places import PlaceEntry


class Next(NamedTuple):
    """The ids that come next. They hold while the transaction does that asked for them."""

    file: int
    model: int
    place: int


class NewModels(NamedTuple):
    """One place of one model with its files, all new: `files` are rows as `files.record` makes them, by their id."""

    model: int
    place: int
    entry: PlaceEntry
    files: list[tuple[int, tuple[object, ...]]]
    derived: dict[str, object]


def following(tx: sqlite3.Connection) -> Next:
    last = dict(tx.execute("SELECT name, seq FROM sqlite_sequence"))
    return Next(last.get("file", 0) + 1, last.get("model", 0) + 1, last.get("place", 0) + 1)


def known_files(tx: sqlite3.Connection, ids: Iterable[FileId]) -> set[tuple[str, str]]:
    """`FileId.file` of those that are stored already, as they are now or were once."""
    by_volume: dict[str, list[str]] = {}
    for one in ids:
        by_volume.setdefault(one.volume, []).append(one.key)
    query = (
        "SELECT key FROM file WHERE volume = (SELECT id FROM volume WHERE name = ?)"
        " AND key IN (SELECT value FROM json_each(?))"
    )
    return {
        (volume, row[0]) for volume, some in by_volume.items() for row in tx.execute(query, (volume, json.dumps(some)))
    }


def known_places(tx: sqlite3.Connection, root: int, paths: list[str]) -> set[str]:
    """Those paths that a place of this root has already."""
    marks = ", ".join("?" * len(paths))
    rows = tx.execute(f"SELECT path FROM place WHERE root = ? AND path IN ({marks})", (root, *map(os.fsencode, paths)))
    return {os.fsdecode(row[0]) for row in rows}


def gone_likenesses(tx: sqlite3.Connection, likenesses: list[str]) -> set[str]:
    """Those by which a model that is gone would be known, should it come back."""
    query = "SELECT likeness FROM model WHERE likeness IN (SELECT value FROM json_each(?)) AND gone_at IS NOT NULL"
    return {row[0] for row in tx.execute(query, (json.dumps(likenesses),))}


def put(tx: sqlite3.Connection, batch: list[NewModels]) -> None:
    """Stores them. The caller has asked, in this transaction, that nothing of them is known."""
    if not batch:
        return
    now = int(time.time())
    tx.executemany(
        f"INSERT INTO file (id, {files.COLUMNS}) VALUES (?{', ?' * len(files.COLUMNS.split(','))})",
        ((id_, *row) for one in batch for id_, row in one.files),
    )
    names = tuple(batch[0].derived)
    tx.executemany(
        f"INSERT INTO model (id, weights, likeness, added, {', '.join(names)}) VALUES (?, ?, ?, ?{', ?' * len(names)})",
        ((one.model, one.entry.weights, one.entry.likeness, now, *models.plain(one.derived)) for one in batch),
    )
    tx.executemany(
        "INSERT INTO place (id, model, root, tool, name, title, path, fingerprint, found)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        map(_place, batch),
    )
    tx.executemany(
        "INSERT OR REPLACE INTO member (place, file, path, role, name) VALUES (?, ?, ?, ?, ?)", _members(batch)
    )


def _place(one: NewModels) -> tuple[object, ...]:
    entry = one.entry
    return (one.place, one.model, entry.root, entry.tool, entry.name, entry.title, os.fsencode(entry.path),
            entry.fingerprint, entry.found)  # fmt: skip


def _members(batch: list[NewModels]) -> Iterator[tuple[object, ...]]:
    for one in batch:
        for file, path, role, name in one.entry.members:
            yield one.place, file, os.fsencode(path), role, name
