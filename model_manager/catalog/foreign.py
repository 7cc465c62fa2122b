"""Questions to a private copy of another program's database."""

from __future__ import annotations

import contextlib
import sqlite3


def query(path: str, sql: str, most: int = 100_000) -> list[tuple[object, ...]]:
    """The rows of a SELECT, at most `most`; empty when the file is no database or has no such table."""
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return connection.execute(sql).fetchmany(most)
    except sqlite3.Error:
        return []
