"""What no tool lists: replaced whole after each scan of a root."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from model_manager.base.messages import from_text, to_text
from model_manager.base.sixty_four_bits import nearest


@dataclass(frozen=True, slots=True)
class LeftoverRow:
    tool: str
    kind: str
    path: str
    size: int
    bytes: int
    of: str


def replace(tx: sqlite3.Connection, root: int, tool: str, rows: Iterable[tuple[str, str, int, int, str]]) -> None:
    """Stores (kind, path, size, bytes, of) of one root instead of what was there."""
    tx.execute("DELETE FROM leftover WHERE root = ?", (root,))
    tx.executemany(
        "INSERT OR REPLACE INTO leftover (root, tool, kind, path, size, bytes, of) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (root, tool, kind, os.fsencode(path), nearest(size), nearest(bytes_), to_text(of))
            for kind, path, size, bytes_, of in rows
        ],
    )


def every(tx: sqlite3.Connection) -> list[LeftoverRow]:
    rows = tx.execute("SELECT tool, kind, path, size, bytes, of FROM leftover ORDER BY bytes DESC, path")
    return [
        LeftoverRow(tool, kind, os.fsdecode(path), size, bytes_, from_text(of))
        for tool, kind, path, size, bytes_, of in rows
    ]


def there(tx: sqlite3.Connection) -> list[LeftoverRow]:
    """Those in folders that can be looked at now."""
    rows = tx.execute(
        "SELECT tool, kind, path, size, bytes, of FROM leftover"
        " WHERE root IN (SELECT id FROM root WHERE state = 'online') ORDER BY bytes DESC, path"
    )
    return [
        LeftoverRow(tool, kind, os.fsdecode(path), size, bytes_, from_text(of))
        for tool, kind, path, size, bytes_, of in rows
    ]


def of_kind(tx: sqlite3.Connection, root: int, kind: str) -> list[tuple[str, str]]:
    """(path, of) of one root's leftovers of a kind."""
    rows = tx.execute("SELECT path, of FROM leftover WHERE root = ? AND kind = ?", (root, kind))
    return [(os.fsdecode(path), from_text(of)) for path, of in rows]
