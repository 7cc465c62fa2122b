"""What takes room."""

from __future__ import annotations

import os
import sqlite3

from shelf import Shelf

from model_manager.catalog import leftovers, roots, totals

STRANGE = os.fsdecode(b"/m/caf\xe9.gguf")


def test_room_is_counted_once_for_each_inode(tx: sqlite3.Connection, shelf: Shelf) -> None:
    shelf.put("a", 100, sha256="x")
    shelf.put("b", 100, sha256="x")
    shelf.put("c", 50)
    assert totals.of_all(tx) == (250, 250)
    assert totals.bytes_by(tx, "tool") == {"ollama": (3, 250)} and roots.figures(tx) == {shelf.root: (3, 250)}
    leftovers.replace(tx, shelf.root, "ollama", [("orphan", STRANGE, 30, 40, "")])
    assert totals.of_all(tx) == (250, 250), "leftovers are added where they can be looked at"
    for found in (leftovers.every(tx), leftovers.there(tx)):
        assert [(row.kind, row.path, row.size, row.bytes) for row in found] == [("orphan", STRANGE, 30, 40)]


def test_a_model_of_which_no_file_is_known_weighs_nothing(tx: sqlite3.Connection, shelf: Shelf) -> None:
    shelf.put("a", 100)
    tx.execute("DELETE FROM member")
    assert totals.bytes_by(tx, "tool") == {"ollama": (1, 0)} and totals.of_all(tx) == (0, 0)
    assert totals.is_any(tx)
    tx.execute("UPDATE model SET gone_at = 1")
    assert not totals.is_any(tx)


def test_what_is_away_is_not_counted(tx: sqlite3.Connection, shelf: Shelf) -> None:
    shelf.put("a", 100)
    tx.execute("UPDATE model SET verdict = 'good'")
    assert totals.verdicts(tx) == {"good": 1}
    tx.execute("UPDATE root SET state = 'offline'")
    assert totals.bytes_by(tx, "tool") == {} == totals.verdicts(tx) and totals.of_all(tx) == (0, 0)
