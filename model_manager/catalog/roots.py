"""The folders watched."""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import dataclass
from typing import Any

from model_manager.catalog import mount_aliases
from model_manager.catalog.codec import dump


@dataclass(frozen=True, slots=True)
class RootRow:
    """A root as stored. `volume` is the volume's row, None until it was first scanned."""

    id: int
    tool: str
    also: tuple[str, ...]
    path: str
    found_by: str
    details: dict[str, str]
    state: str
    ignored: bool
    writable: bool
    volume: int | None
    scanned_at: int | None


_COLUMNS = "id, tool, also, path, found_by, details, state, ignored, writable, volume, scanned_at"


def every(tx: sqlite3.Connection) -> list[RootRow]:
    return [_row(row) for row in tx.execute(f"SELECT {_COLUMNS} FROM root ORDER BY id")]


def _row(row: tuple[Any, ...]) -> RootRow:
    id_, tool, also, path, found_by, details, state, ignored, writable, volume, scanned_at = row
    return RootRow(
        id_, tool, tuple(json.loads(also)), os.fsdecode(path), found_by, json.loads(details), state,
        bool(ignored), bool(writable), volume, scanned_at,
    )  # fmt: skip


def add(tx: sqlite3.Connection, tool: str, path: str, found_by: str, details: dict[str, str]) -> int:
    """Adds a root, or takes over the one with this path; answers its id."""
    tx.execute(
        "INSERT INTO root (tool, path, found_by, details) VALUES (?, ?, ?, ?) ON CONFLICT (path) DO UPDATE"
        " SET tool = excluded.tool, found_by = excluded.found_by, details = excluded.details",
        (tool, os.fsencode(path), found_by, dump(details)),
    )
    (found,) = tx.execute("SELECT id FROM root WHERE path = ?", (os.fsencode(path),)).fetchone()
    return int(found)


def update(tx: sqlite3.Connection, id_: int, **values: object) -> None:
    """Sets columns of one root; `path` is given as text, `also` as a list of tools."""
    if "path" in values:
        values["path"] = os.fsencode(str(values["path"]))
    if "also" in values:
        values["also"] = dump(sorted(values["also"]))  # type: ignore[call-overload]
    names = ", ".join(f"{name} = ?" for name in values)
    tx.execute(f"UPDATE root SET {names} WHERE id = ?", (*values.values(), id_))


def remove(tx: sqlite3.Connection, id_: int) -> list[int]:
    """Forgets a root and its places; answers the models that were there."""
    models = [row[0] for row in tx.execute("SELECT DISTINCT model FROM place WHERE root = ?", (id_,))]
    tx.execute("DELETE FROM root WHERE id = ?", (id_,))
    return models


def figures(tx: sqlite3.Connection) -> dict[int, tuple[int, int]]:
    """Root -> (models, bytes with each file once)."""
    rows = tx.execute(
        "SELECT root, COUNT(DISTINCT model), (SELECT TOTAL(bytes) FROM file WHERE id IN"
        " (SELECT member.file FROM member JOIN place AS p ON p.id = member.place WHERE p.root = place.root))"
        " FROM place GROUP BY root"
    )
    twice = mount_aliases.twice_in(tx, "place.root")
    return {root: (models, int(size) - twice.get(root, 0)) for root, models, size in rows}


def volume_id(tx: sqlite3.Connection, name: str, kind: str, mount: str) -> int:
    """The row of a volume, made or brought up to date."""
    tx.execute(
        "INSERT INTO volume (name, kind, mount) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, mount = excluded.mount",
        (name, kind, os.fsencode(mount)),
    )
    (found,) = tx.execute("SELECT id FROM volume WHERE name = ?", (name,)).fetchone()
    return int(found)


def volume_name(tx: sqlite3.Connection, id_: int | None) -> str:
    row = tx.execute("SELECT name FROM volume WHERE id = ?", (id_,)).fetchone() if id_ is not None else None
    return str(row[0]) if row else ""


def volume_row(tx: sqlite3.Connection, name: str) -> int | None:
    """A volume's row, None when it was never seen."""
    row = tx.execute("SELECT id FROM volume WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else None
