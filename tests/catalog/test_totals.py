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
    assert totals.of_all(tx) == (250, 250) and totals.copied_bytes(tx) == 100
    assert totals.bytes_by(tx, "tool") == {"ollama": (3, 250)} and roots.figures(tx) == {shelf.root: (3, 250)}
    leftovers.replace(tx, shelf.root, "ollama", [("orphan", STRANGE, 30, 40, "")])
    assert totals.of_all(tx) == (290, 280)
    assert [(row.kind, row.path, row.size, row.bytes) for row in leftovers.every(tx)] == [("orphan", STRANGE, 30, 40)]


def test_what_could_not_be_read_is_kept_for_its_root_until_the_next_scan(tx: sqlite3.Connection, shelf: Shelf) -> None:
    other = roots.add(tx, "folder", "/other", "user", {})
    leftovers.replace_problems(tx, shelf.root, [(STRANGE, "unreadable", "permission denied")])
    leftovers.replace_problems(tx, other, [("/other/x", "loop", "leads to itself")])
    assert leftovers.problems(tx) == [
        (STRANGE, "unreadable", "permission denied"), ("/other/x", "loop", "leads to itself")
    ]  # fmt: skip
    leftovers.replace_problems(tx, shelf.root, [])
    assert leftovers.problems(tx) == [("/other/x", "loop", "leads to itself")]
    roots.remove(tx, other)
    assert leftovers.problems(tx) == []


def test_a_root_that_moves_keeps_its_models(tx: sqlite3.Connection, shelf: Shelf) -> None:
    one = shelf.put("a", 10)
    roots.update(tx, shelf.root, path=STRANGE, also=("lm-studio", "jan"), state="offline")
    (row,) = roots.every(tx)
    assert (row.path, row.also, row.state) == (STRANGE, ("jan", "lm-studio"), "offline")
    assert roots.add(tx, "folder", STRANGE, "user", {"a": "b"}) == shelf.root
    assert roots.remove(tx, shelf.root) == [one]
    assert roots.volume_name(tx, shelf.volume) == "uuid:1" and roots.volume_name(tx, None) == ""
    assert roots.volume_row(tx, "uuid:1") == shelf.volume and roots.volume_row(tx, "uuid:2") is None
