"""What could not be read, by root, and which tools could not be asked for their folders: kept until the next scan."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping

from model_manager.base.messages import from_text, to_text


def replace(tx: sqlite3.Connection, root: int, rows: Iterable[tuple[str, str, str]]) -> None:
    """Stores (path, kind, why) of one root instead of what was there."""
    tx.execute("DELETE FROM problem WHERE root = ?", (root,))
    tx.executemany(
        "INSERT INTO problem (root, path, kind, why) VALUES (?, ?, ?, ?)",
        [(root, os.fsencode(path), kind, to_text(why)) for path, kind, why in rows],
    )


def every(tx: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """(path, kind, why) over all roots."""
    rows = tx.execute("SELECT path, kind, why FROM problem ORDER BY path")
    return [(os.fsdecode(path), kind, from_text(why)) for path, kind, why in rows]


def replace_search(tx: sqlite3.Connection, whys: Mapping[str, str]) -> None:
    """Stores, by tool, why its folders could not be looked for, instead of what was there."""
    tx.execute("DELETE FROM search_problem")
    tx.executemany(
        "INSERT INTO search_problem (tool, why) VALUES (?, ?)", [(tool, to_text(why)) for tool, why in whys.items()]
    )


def of_search(tx: sqlite3.Connection) -> list[tuple[str, str]]:
    """(tool, why) of the tools whose folders could not be looked for."""
    rows = tx.execute("SELECT tool, why FROM search_problem ORDER BY tool")
    return [(tool, from_text(why)) for tool, why in rows]
