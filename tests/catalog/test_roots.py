"""The folders watched: each path once, and what is known of it."""

from __future__ import annotations

import os
import sqlite3

import pytest
from shelf import Shelf

from model_manager.catalog import mount_aliases, roots
from model_manager.catalog.roots import RootRow

STRANGE = os.fsdecode(b"/m/caf\xe9")


def test_a_new_folder_is_there_and_to_be_looked_at(tx: sqlite3.Connection) -> None:
    id_ = roots.add(tx, "plain", STRANGE, "user", {"why": "ä"})
    assert roots.every(tx) == [
        RootRow(id_, "plain", (), STRANGE, "user", {"why": "ä"}, "online", False, True, None, None)
    ]


def test_a_path_is_one_folder_whoever_names_it(tx: sqlite3.Connection) -> None:
    one, other = roots.add(tx, "plain", "/m", "user", {}), roots.add(tx, "plain", "/n", "user", {})
    roots.update(tx, one, state="offline", also=("b", "a"))
    assert roots.add(tx, "ollama", "/m", "default", {"x": "y"}) == one
    (first, second) = roots.every(tx)
    assert (first.tool, first.found_by, first.details, first.state, first.also) == (
        "ollama",
        "default",
        {"x": "y"},
        "offline",
        ("a", "b"),
    )
    assert second == RootRow(other, "plain", (), "/n", "user", {}, "online", False, True, None, None), (
        "nothing else is touched"
    )


def test_one_folder_is_changed_and_no_other(tx: sqlite3.Connection) -> None:
    one, other = roots.add(tx, "plain", "/m", "user", {}), roots.add(tx, "plain", "/n", "user", {})
    volume = roots.volume_id(tx, "uuid:1", "ext4", STRANGE)
    roots.update(tx, other, path=STRANGE, ignored=True, writable=False, volume=volume, scanned_at=5)
    assert roots.every(tx)[1] == RootRow(other, "plain", (), STRANGE, "user", {}, "online", True, False, volume, 5)
    assert roots.every(tx)[0].id == one and roots.every(tx)[0].path == "/m"
    with pytest.raises(sqlite3.IntegrityError):
        roots.update(tx, one, path=STRANGE)


def test_a_forgotten_folder_takes_its_places_with_it(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a = shelf.put("a", 10)
    other = roots.add(tx, "plain", "/n", "user", {})
    assert roots.remove(tx, other) == [] and roots.remove(tx, shelf.root) == [a] and roots.remove(tx, 99) == []
    assert roots.every(tx) == [] and tx.execute("SELECT COUNT(*) FROM place").fetchone() == (0,)


def test_figures_count_each_file_once(tx: sqlite3.Connection, shelf: Shelf) -> None:
    for name, size in (("a", 10), ("b", 20), ("c", 20)):
        shelf.put(name, size)
    assert roots.figures(tx) == {shelf.root: (3, 50)}
    mount_aliases.replace(tx, {3: mount_aliases.AliasGroup(2, True)})
    assert roots.figures(tx) == {shelf.root: (3, 30)}
    tx.execute("UPDATE member SET file = 1 WHERE file = 2")
    mount_aliases.replace(tx, {})
    assert roots.figures(tx) == {shelf.root: (3, 30)}


def test_a_volume_is_known_by_its_name_wherever_it_is_mounted(tx: sqlite3.Connection) -> None:
    one = roots.volume_id(tx, "uuid:1", "ext4", "/a")
    assert roots.volume_id(tx, "uuid:1", "ext4", "/b") == one != roots.volume_id(tx, "uuid:2", "ext4", "/a")
    assert tx.execute("SELECT mount FROM volume WHERE id = ?", (one,)).fetchone() == (b"/b",)
    assert roots.volume_name(tx, one) == "uuid:1" and roots.volume_row(tx, "uuid:1") == one
    assert roots.volume_name(tx, None) == roots.volume_name(tx, 99) == "" and roots.volume_row(tx, "uuid:9") is None
