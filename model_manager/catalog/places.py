"""Where tools see models: the entries that a scan writes, and which model each belongs to."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from model_manager.base.sixty_four_bits import nearest
from model_manager.catalog import merged_models


@dataclass(frozen=True, slots=True)
class PlaceRow:
    id: int
    model: int
    fingerprint: bytes


class PlaceEntry(NamedTuple):
    """One place to store. `weights` names its weight files, `likeness` what it would be known by elsewhere."""

    root: int
    tool: str
    name: str
    title: str
    path: str
    fingerprint: bytes
    found: str
    weights: str
    likeness: str
    size: int
    members: tuple[tuple[int, str, str, str], ...]
    """(file, path, role, name)"""
    fresh: bool = False
    """Whether its weight files were never stored before: then no model can have them."""


def of_root(tx: sqlite3.Connection, root: int) -> dict[tuple[str, str], PlaceRow]:
    """(path, name) -> the place stored there."""
    rows = tx.execute("SELECT path, name, id, model, fingerprint FROM place WHERE root = ?", (root,))
    return {(os.fsdecode(path), name): PlaceRow(id_, model, mark) for path, name, id_, model, mark in rows}


def fingerprints(tx: sqlite3.Connection, root: int) -> frozenset[bytes]:
    """What the places of a root looked like."""
    return frozenset(row[0] for row in tx.execute("SELECT fingerprint FROM place WHERE root = ?", (root,)))


def put(tx: sqlite3.Connection, entry: PlaceEntry) -> set[int]:
    """Stores a place and answers the models that it touched."""
    row = tx.execute(
        "SELECT id, model FROM place WHERE root = ? AND path = ? AND name = ?",
        (entry.root, os.fsencode(entry.path), entry.name),
    ).fetchone()
    before = int(row[1]) if row else None
    model, apart = _model_for(tx, entry, before)
    if row:
        place = int(row[0])
        tx.execute(
            "UPDATE place SET model = ?, tool = ?, title = ?, fingerprint = ?, found = ? WHERE id = ?",
            (model, entry.tool, entry.title, entry.fingerprint, entry.found, place),
        )
        tx.execute("DELETE FROM member WHERE place = ?", (place,))
    else:
        cursor = tx.execute(
            "INSERT INTO place (model, root, tool, name, title, path, fingerprint, found)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (model, entry.root, entry.tool, entry.name, entry.title, os.fsencode(entry.path), entry.fingerprint,
             entry.found),
        )  # fmt: skip
        place = int(cursor.lastrowid or 0)
    tx.executemany(
        "INSERT OR REPLACE INTO member (place, file, path, role, name) VALUES (?, ?, ?, ?, ?)",
        [(place, file, os.fsencode(path), role, name) for file, path, role, name in entry.members],
    )
    if before is not None and before != model:
        merged_models.note_earlier(tx, place, before)
        if not apart:
            _merge_if_deserted(tx, before, model, entry.size)
        return {before, model}
    return {model}


def _model_for(tx: sqlite3.Connection, entry: PlaceEntry, before: int | None) -> tuple[int, bool]:
    """The model with these very weight files; else the one that was here, or was before; else a new one.

    Tells with it whether that one was a part of what is here now, and is for itself again.
    """
    query = "SELECT id FROM model WHERE weights = ? ORDER BY gone_at IS NOT NULL, id LIMIT 1"
    row = None if entry.fresh else tx.execute(query, (entry.weights,)).fetchone()
    if row:
        model = int(row[0])
        tx.execute("UPDATE model SET likeness = ?, gone_at = NULL WHERE id = ?", (entry.likeness, model))
        return model, False
    earlier = merged_models.earlier(tx, entry.root, entry.path, entry.name)
    parts = merged_models.parts_of(tx, before) if before is not None and earlier else set()
    if before is not None and (part := next((one for one in earlier if one in parts), None)) is not None:
        merged_models.come_apart(tx, before, part, entry.weights, entry.likeness)
        return part, True
    if before is not None and _places(tx, before) == 1:
        return _is_now(tx, before, entry), False
    if before is None and (gone := next((one for one in earlier if _is_gone(tx, one, entry.size)), None)) is not None:
        return _is_now(tx, gone, entry), False
    row = tx.execute(
        "SELECT id FROM model WHERE likeness = ? AND gone_at IS NOT NULL ORDER BY gone_at DESC LIMIT 1",
        (entry.likeness,),
    ).fetchone()
    if row:
        return _is_now(tx, int(row[0]), entry), False
    cursor = tx.execute(
        "INSERT INTO model (weights, likeness, added) VALUES (?, ?, ?)",
        (entry.weights, entry.likeness, int(time.time())),
    )
    return int(cursor.lastrowid or 0), False


def _is_now(tx: sqlite3.Connection, model: int, entry: PlaceEntry) -> int:
    values = (entry.weights, entry.likeness, model)
    tx.execute("UPDATE model SET weights = ?, likeness = ?, gone_at = NULL WHERE id = ?", values)
    return model


def _is_gone(tx: sqlite3.Connection, model: int, size: int) -> bool:
    """Whether this model has no place any more, and was as large."""
    query = (
        "SELECT 1 FROM model WHERE id = ? AND size = ? AND (gone_at IS NOT NULL OR id NOT IN (SELECT model FROM place))"
    )
    return tx.execute(query, (model, nearest(size))).fetchone() is not None


def _places(tx: sqlite3.Connection, model: int) -> int:
    return int(tx.execute("SELECT COUNT(*) FROM place WHERE model = ?", (model,)).fetchone()[0])


def _merge_if_deserted(tx: sqlite3.Connection, old: int, new: int, size: int) -> None:
    """A model whose last place now shows another's bytes of the same size was deduplicated: the words unite."""
    if _places(tx, old):
        return
    row = tx.execute("SELECT size FROM model WHERE id = ?", (old,)).fetchone()
    if row and row[0] == nearest(size):
        merged_models.unite_for_now(tx, old, new)


def remove(tx: sqlite3.Connection, places: Iterable[int]) -> set[int]:
    """Forgets places; answers their models."""
    touched: set[int] = set()
    for place in places:
        row = tx.execute("SELECT model FROM place WHERE id = ?", (place,)).fetchone()
        if row:
            touched.add(int(row[0]))
            merged_models.note_earlier(tx, place, int(row[0]))
            tx.execute("DELETE FROM place WHERE id = ?", (place,))
    return touched


def mark_gone(tx: sqlite3.Connection, fresh: Iterable[int]) -> set[int]:
    """Models without a place are gone, unless one of the `fresh` is the same under another inode: then it is that one.

    Answers every model that changed.
    """
    gone = [row[0] for row in tx.execute(
        "SELECT id FROM model WHERE gone_at IS NULL AND id NOT IN (SELECT model FROM place)")]  # fmt: skip
    changed = set(gone)
    fresh = set(fresh)
    for old in gone:
        row = tx.execute(
            "SELECT n.id FROM model AS n JOIN model AS o ON o.id = ? AND n.likeness = o.likeness AND n.likeness != ''"
            " WHERE n.id != o.id AND n.gone_at IS NULL ORDER BY n.id DESC LIMIT 1", (old,),
        ).fetchone()  # fmt: skip
        if row and row[0] in fresh:
            _take_over(tx, old, row[0])
            changed.add(row[0])
        else:
            tx.execute("UPDATE model SET gone_at = ? WHERE id = ?", (int(time.time()), old))
    return changed


def _take_over(tx: sqlite3.Connection, old: int, new: int) -> None:
    """The old id lives on with the new one's files: a model that moved to another volume stays itself."""
    weights = tx.execute("SELECT weights FROM model WHERE id = ?", (new,)).fetchone()[0]
    tx.execute("UPDATE place SET model = ? WHERE model = ?", (old, new))
    tx.execute("UPDATE OR REPLACE united SET model = ? WHERE model = ?", (old, new))
    tx.execute("DELETE FROM model WHERE id = ?", (new,))
    tx.execute("UPDATE model SET weights = ?, gone_at = NULL WHERE id = ?", (weights, old))
