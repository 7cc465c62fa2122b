"""What places are called and where they lie: for finding what a person means."""

from __future__ import annotations

import os
import sqlite3
from typing import NamedTuple


class PlaceName(NamedTuple):
    """One place: the tool's name for it, what people call it, and its path."""

    place: int
    model: int
    tool: str
    name: str
    title: str
    path: str


def every(tx: sqlite3.Connection) -> list[PlaceName]:
    """All places, in the order in which they were found."""
    rows = tx.execute("SELECT id, model, tool, name, title, path FROM place ORDER BY id")
    return [PlaceName._make((*row[:5], os.fsdecode(row[5]))) for row in rows]


def with_file(tx: sqlite3.Connection, path: str) -> set[int]:
    """The places that name a file by this very path."""
    return {row[0] for row in tx.execute("SELECT place FROM member WHERE path = ?", (os.fsencode(path),))}


def with_file_called(tx: sqlite3.Connection, name: str) -> list[tuple[int, str]]:
    """(place, path) of each file with this last name, in whatever folder."""
    ending = os.fsencode(os.sep + name)
    rows = tx.execute("SELECT place, path FROM member WHERE substr(path, ?) = ?", (-len(ending), ending))
    return [(place, os.fsdecode(path)) for place, path in rows]


def files(tx: sqlite3.Connection) -> list[tuple[int, str]]:
    """(place, path) of every file."""
    return [(place, os.fsdecode(path)) for place, path in tx.execute("SELECT place, path FROM member")]
