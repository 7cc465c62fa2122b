"""Questions to a private copy of another program's database."""

from __future__ import annotations

import contextlib
import sqlite3

MOST_ROWS = 100_000
"""An answer of so many rows was cut short."""


def query(path: str, sql: str) -> list[tuple[object, ...]]:
    """The rows of a SELECT, at most 100,000; empty when the file is no database or has no such table."""
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return connection.execute(sql).fetchmany(MOST_ROWS)
    except sqlite3.Error:
        return []
