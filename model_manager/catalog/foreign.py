"""Questions to a private copy of another program's database."""

from __future__ import annotations

import contextlib
import sqlite3

_MOST = 100_000


def query(path: str, sql: str) -> list[tuple[object, ...]]:
    """The rows of a SELECT, at most 100,000; empty when the file is no database or has no such table."""
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return connection.execute(sql).fetchmany(_MOST)
    except sqlite3.Error:
        return []
