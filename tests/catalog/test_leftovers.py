"""What no tool lists, as the last scan of each root found it."""

from __future__ import annotations

import os
import sqlite3

import pytest

from model_manager.catalog import leftovers, roots
from model_manager.catalog.leftovers import LeftoverRow

STRANGE = os.fsdecode(b"/m/caf\xe9")


@pytest.fixture
def two(tx: sqlite3.Connection) -> tuple[int, int]:
    one, other = roots.add(tx, "ollama", "/m", "default", {}), roots.add(tx, "plain", "/n", "user", {})
    leftovers.replace(tx, one, "ollama", [("orphan", STRANGE, 30, 40, ""), ("partial", "/m/p", 5, 4096, "/m/model")])
    leftovers.replace(tx, other, "plain", [("partial", "/n/b", 1, 40, ""), ("partial", "/n/a", 1, 40, "")])
    return one, other


def test_the_largest_come_first_then_by_name(tx: sqlite3.Connection, two: tuple[int, int]) -> None:
    assert leftovers.every(tx) == leftovers.there(tx)
    assert [row.path for row in leftovers.every(tx)] == ["/m/p", STRANGE, "/n/a", "/n/b"]
    assert leftovers.every(tx)[:2] == [
        LeftoverRow("ollama", "partial", "/m/p", 5, 4096, "/m/model"), LeftoverRow("ollama", "orphan", STRANGE, 30, 40, ""),
    ]  # fmt: skip


def test_those_of_one_root_are_replaced_whole(tx: sqlite3.Connection, two: tuple[int, int]) -> None:
    leftovers.replace(tx, two[0], "ollama", [("orphan", "/m/new", 1, 1, ""), ("orphan", "/m/new", 2, 2, "")])
    assert [(row.path, row.size) for row in leftovers.every(tx)] == [("/n/a", 1), ("/n/b", 1), ("/m/new", 2)], (
        "one path once"
    )
    leftovers.replace(tx, two[0], "ollama", [])
    assert [row.tool for row in leftovers.every(tx)] == ["plain", "plain"]


def test_what_was_unplugged_is_known_and_not_there(tx: sqlite3.Connection, two: tuple[int, int]) -> None:
    roots.update(tx, two[0], state="offline")
    assert [row.path for row in leftovers.there(tx)] == ["/n/a", "/n/b"] and len(leftovers.every(tx)) == 4


def test_by_kind_and_root(tx: sqlite3.Connection, two: tuple[int, int]) -> None:
    assert leftovers.of_kind(tx, two[0], "orphan") == [(STRANGE, "")] and leftovers.of_kind(tx, two[0], "partial") == [
        ("/m/p", "/m/model")
    ]
    assert leftovers.of_kind(tx, two[1], "orphan") == []


def test_numbers_beyond_what_sqlite_takes_are_kept_as_near_as_it_can(
    tx: sqlite3.Connection, two: tuple[int, int]
) -> None:
    leftovers.replace(tx, two[0], "ollama", [("orphan", "/m/x", 1 << 70, 1 << 64, "")])
    (row,) = [row for row in leftovers.every(tx) if row.path == "/m/x"]
    assert row.size == row.bytes == (1 << 63) - 1


def test_with_a_root_its_leftovers_go(tx: sqlite3.Connection, two: tuple[int, int]) -> None:
    roots.remove(tx, two[0])
    assert {row.tool for row in leftovers.every(tx)} == {"plain"}
