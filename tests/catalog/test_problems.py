"""What could not be read, and who could not be asked."""

from __future__ import annotations

import os
import sqlite3

from shelf import Shelf

from model_manager.catalog import problems, roots

STRANGE = os.fsdecode(b"/m/caf\xe9.gguf")


def test_what_could_not_be_read_is_kept_for_its_root_until_the_next_scan(tx: sqlite3.Connection, shelf: Shelf) -> None:
    other = roots.add(tx, "folder", "/other", "user", {})
    problems.replace(tx, shelf.root, [(STRANGE, "unreadable", "permission denied")])
    problems.replace(tx, other, [("/other/x", "loop", "leads to itself")])
    assert problems.every(tx) == [
        (STRANGE, "unreadable", "permission denied"), ("/other/x", "loop", "leads to itself")
    ]  # fmt: skip
    problems.replace(tx, shelf.root, [])
    assert problems.every(tx) == [("/other/x", "loop", "leads to itself")]
    roots.remove(tx, other)
    assert problems.every(tx) == []


def test_a_root_that_moves_keeps_its_models(tx: sqlite3.Connection, shelf: Shelf) -> None:
    one = shelf.put("a", 10)
    roots.update(tx, shelf.root, path=STRANGE, also=("lm-studio", "jan"), state="offline")
    (row,) = roots.every(tx)
    assert (row.path, row.also, row.state) == (STRANGE, ("jan", "lm-studio"), "offline")
    assert roots.add(tx, "folder", STRANGE, "user", {"a": "b"}) == shelf.root
    assert roots.remove(tx, shelf.root) == [one]
    assert roots.volume_name(tx, shelf.volume) == "uuid:1" and roots.volume_name(tx, None) == ""
    assert roots.volume_row(tx, "uuid:1") == shelf.volume and roots.volume_row(tx, "uuid:2") is None


def test_tools_that_could_not_be_asked(tx: sqlite3.Connection) -> None:
    problems.replace_search(tx, {"ollama": "a mistake", "jan": "another"})
    problems.replace_search(tx, {"ollama": "a third"})
    assert problems.of_search(tx) == [("ollama", "a third")]
