"""Whether another process has changed the catalogue since one looked last."""

from __future__ import annotations

import os
import sqlite3
from typing import Literal

from model_manager.catalog.database import Database

Seen = Literal["", "perhaps", "yes"]
"""`perhaps`: this process has changed it too, and SQLite does not say whose change it was."""


class OutsideChanges:
    """Asks SQLite for its number of the data. For one thread that writes nothing: that number tells of what other
    connections have done."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: tuple[tuple[int, int] | None, int] | None = None
        self._own = 0

    def look(self) -> Seen:
        """The first look only remembers. Takes well under a millisecond."""
        if self._database.looking_only:
            return ""
        number = version(self._database)
        now, own = (_file(self._database), number), _written(self._database.connections)
        before, own_before = self._last, self._own
        self._last, self._own = now, own
        if before is None or before == now:
            return ""
        return "perhaps" if own != own_before else "yes"


def version(database: Database) -> int:
    """A number that is another one once any other connection has changed the catalogue; this thread's own does not count."""
    with database.read() as tx:
        (number,) = tx.execute("PRAGMA data_version").fetchone()
    return int(number)


def _file(database: Database) -> tuple[int, int] | None:
    """Which file it is: another one counts anew."""
    try:
        found = os.stat(database.path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _written(connections: list[sqlite3.Connection]) -> int:
    """Rows that these connections have changed. One that was closed meanwhile counts no more."""
    count = 0
    for connection in list(connections):
        try:
            count += connection.total_changes
        except sqlite3.ProgrammingError:
            continue
    return count
