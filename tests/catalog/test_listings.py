"""Folders as a scan left them, and files that are no models: both only while everything that was looked at is the same."""

from __future__ import annotations

import os
import sqlite3
import time

import pytest
from shelf import Shelf

from model_manager.base.facts import Facts, Health
from model_manager.base.identity import FileId
from model_manager.catalog import files, listings
from model_manager.catalog.listings import Listing

STRANGE = os.fsdecode(b"/m/caf\xe9")
ONE, OTHER = Listing(os.fsdecode(b"a/b\0c\xe9"), b"stats", b"places"), Listing("", b"", b"")
ID = FileId("uuid:1", "i7", 100, 5, 6)
FACTS = Facts("pickle", health=Health("not-a-model", "why"))


def test_folders_are_kept_by_root_and_given_back(tx: sqlite3.Connection, shelf: Shelf) -> None:
    listings.put(tx, shelf.root, {STRANGE: ONE, "/m/x": OTHER}, [])
    assert (
        listings.of_root(tx, shelf.root) == {STRANGE: ONE, "/m/x": OTHER} and listings.of_root(tx, shelf.root + 1) == {}
    )
    listings.put(tx, shelf.root, {"/m/x": ONE}, [STRANGE, "/m/never"])
    assert listings.of_root(tx, shelf.root) == {"/m/x": ONE}
    listings.put(tx, shelf.root, {"/m/x": OTHER}, ["/m/x"])
    assert listings.of_root(tx, shelf.root) == {"/m/x": OTHER}, "what is new stays"


@pytest.mark.parametrize(
    "change", [{"volume": "uuid:2"}, {"key": "i8"}, {"size": 101}, {"mtime_ns": 6}, {"ctime_ns": 7}]
)
def test_what_is_no_model_is_known_while_it_is_the_same(
    tx: sqlite3.Connection, shelf: Shelf, change: dict[str, object]
) -> None:
    assert not listings.any_passed(tx) and listings.facts_of_passed(tx, ID) is None
    listings.pass_over(tx, [(shelf.volume, ID, FACTS)])
    assert listings.any_passed(tx) and listings.facts_of_passed(tx, ID) == FACTS
    assert listings.facts_of_passed(tx, ID._replace(**change)) is None  # type: ignore[arg-type]


def test_a_reader_that_learned_something_looks_again(
    tx: sqlite3.Connection, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    listings.pass_over(tx, [(shelf.volume, ID, FACTS)])
    monkeypatch.setattr(listings, "READER", listings.READER + 1)
    assert listings.facts_of_passed(tx, ID) is None


def test_what_is_a_year_old_is_forgotten(tx: sqlite3.Connection, shelf: Shelf) -> None:
    listings.pass_over(tx, [(shelf.volume, ID, FACTS), (shelf.volume, ID._replace(key="i8"), FACTS)])
    now, year = int(time.time()), 365 * 86_400
    tx.execute("UPDATE passed SET read_at = ? WHERE key = 'i7'", (now - year - 60,))
    tx.execute("UPDATE passed SET read_at = ? WHERE key = 'i8'", (now - year + 60,))
    listings.pass_over(tx, [])
    assert listings.facts_of_passed(tx, ID) is None and listings.facts_of_passed(tx, ID._replace(key="i8")) == FACTS


def test_a_file_that_a_model_has_now_is_no_longer_passed_over(tx: sqlite3.Connection, shelf: Shelf) -> None:
    shelf.put("a", 10)
    (key,) = tx.execute("SELECT key FROM file").fetchone()
    mine = ID._replace(key=key)
    listings.pass_over(tx, [(shelf.volume, mine, FACTS)])
    assert listings.facts_of_passed(tx, mine) == FACTS, "its header was never read as a model's"
    tx.execute("UPDATE file SET facts = ?", (files.dump_facts(FACTS),))
    listings.pass_over(tx, [(shelf.volume, ID, FACTS)])
    assert listings.facts_of_passed(tx, mine) is None and listings.facts_of_passed(tx, ID) == FACTS
