"""Another process's changes are seen, our own are not mistaken for them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_manager.catalog import Database
from model_manager.catalog.outside_changes import OutsideChanges, version


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "c.sqlite3")
    yield found
    found.close()


def write_as(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO category VALUES (hex(randomblob(8)))")
    connection.commit()


@pytest.fixture
def other(database: Database, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """As another process: a connection that this one knows nothing of."""
    connection = sqlite3.connect(tmp_path / "c.sqlite3")
    yield connection
    connection.close()


def own_thread_writes(database: Database) -> None:
    import threading

    def work() -> None:
        with database.write() as tx:
            tx.execute("INSERT INTO category VALUES (hex(randomblob(8)))")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_the_first_look_only_remembers_and_quiet_is_quiet(database: Database, other: sqlite3.Connection) -> None:
    write_as(other)
    asked = OutsideChanges(database)
    assert [asked.look() for _ in range(3)] == ["", "", ""]


def test_a_change_of_another_is_seen_once(database: Database, other: sqlite3.Connection) -> None:
    asked = OutsideChanges(database)
    asked.look()
    write_as(other)
    assert [asked.look(), asked.look()] == ["yes", ""]
    write_as(other)
    assert asked.look() == "yes"


def test_beside_a_change_of_our_own_nobody_can_tell(database: Database, other: sqlite3.Connection) -> None:
    asked = OutsideChanges(database)
    asked.look()
    own_thread_writes(database)
    assert asked.look() == "perhaps" and asked.look() == ""
    own_thread_writes(database)
    write_as(other)
    assert asked.look() == "perhaps"


def test_a_catalogue_in_the_place_of_the_old_one_is_a_change(database: Database, tmp_path: Path) -> None:
    asked = OutsideChanges(database)
    asked.look()
    os.rename(tmp_path / "c.sqlite3", tmp_path / "old")
    (tmp_path / "c.sqlite3").write_bytes((tmp_path / "old").read_bytes())
    assert asked._last is not None and asked.look() in ("yes", "perhaps")


def test_a_catalogue_in_memory_is_nobody_elses(
    database: Database, monkeypatch: pytest.MonkeyPatch, other: sqlite3.Connection
) -> None:
    asked = OutsideChanges(database)
    asked.look()
    write_as(other)
    monkeypatch.setattr(type(database), "looking_only", True, raising=False)
    database.looking_only = True
    assert asked.look() == ""


def test_ones_own_change_is_no_new_version(database: Database, other: sqlite3.Connection) -> None:
    before = version(database)
    with database.write() as tx:
        tx.execute("INSERT INTO category VALUES ('mine')")
    assert version(database) == before
    write_as(other)
    assert version(database) != before
