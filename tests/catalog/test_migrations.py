"""Older catalogues become new ones with all that they knew."""

from __future__ import annotations

import sqlite3

import pytest

from model_manager.catalog.migrations import MIGRATIONS, NEWEST, to_7


def at(version: int) -> sqlite3.Connection:
    """A catalogue as that version made it."""
    tx = sqlite3.connect(":memory:")
    for step in MIGRATIONS[:version]:
        step(tx)
    return tx


def tables(tx: sqlite3.Connection) -> set[str]:
    return {
        row[0] for row in tx.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    }


def test_the_steps_are_in_order_and_all_of_them_are_taken() -> None:
    assert [step.__name__ for step in MIGRATIONS] == [f"to_{number}" for number in range(1, NEWEST + 1)]
    assert all(step.__doc__ for step in MIGRATIONS)


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
def test_what_an_old_catalogue_knew_is_there_afterwards(version: int) -> None:
    tx = at(version)
    tx.execute("INSERT INTO volume VALUES (1, 'uuid:1', 'ext4', x'2f')")
    tx.execute("INSERT INTO root (tool, path, found_by) VALUES ('plain', x'2f6d', 'user')")
    tx.execute("INSERT INTO model (weights, name, added, note, pinned) VALUES ('w', 'n', 5, 'mine', 1)")
    tx.execute("INSERT INTO user_tag VALUES (1, 'tag')")
    tx.execute("INSERT INTO file VALUES (1, 1, 'i7', 7, 10, 16, 1, 2, 3, 1, NULL, NULL, NULL, 'x', 'read')")
    tx.execute("INSERT INTO place VALUES (1, 1, 1, 'plain', 'a', 'A', x'2f6d2f61', x'00', '{}')")
    tx.execute("INSERT INTO member VALUES (1, 1, x'2f6d2f61', 'weights', 'a')")
    before = {table: tx.execute(f"SELECT * FROM {table}").fetchall() for table in tables(tx)}
    for step in MIGRATIONS[version:]:
        step(tx)
    for table, rows in before.items():
        now = [row[: len(rows[0])] if rows else row for row in tx.execute(f"SELECT * FROM {table}")]
        assert now == rows or (table == "revision" and not rows), table
    assert tables(tx) == tables(at(NEWEST))


@pytest.mark.parametrize(
    ("table", "column"), [("hash", "apart"), ("hash", "tensor_sample"), ("hash", "mounted"), ("search_problem", "why"), ("trace", "files"),
                          ("second_way", "certain"), ("united", "parts"), ("earlier", "model"), ("listing", "stats"), ("passed", "reader")],
)  # fmt: skip
def test_the_newest_has_every_table(table: str, column: str) -> None:
    assert column in {row[1] for row in at(NEWEST).execute(f"PRAGMA table_info({table})")}


def test_a_catalogue_begins_with_no_change_of_words() -> None:
    assert at(NEWEST).execute("SELECT number FROM revision").fetchall() == [(0,)]


@pytest.fixture
def six() -> sqlite3.Connection:
    tx = at(6)
    for id_, kind in ((1, "exfat"), (2, "nfs4"), (3, "fuseblk.x")):
        tx.execute("INSERT INTO volume VALUES (?, ?, ?, x'2f')", (id_, f"v{id_}", kind))
    return tx


def add(tx: sqlite3.Connection, id_: int, volume: int, key: str) -> None:
    tx.execute(
        "INSERT INTO file VALUES (?, ?, ?, 0, 10, 16, 1, 22, 3, 1, NULL, NULL, NULL, NULL, NULL)", (id_, volume, key)
    )


def test_a_path_stands_for_a_file_in_every_table_alike(six: sqlite3.Connection) -> None:
    add(six, 1, 2, "p2f61:10:1")
    add(six, 2, 2, "i77")
    add(six, 3, 2, "p/b:10:1")
    to_7(six)
    assert six.execute("SELECT id, key FROM file ORDER BY id").fetchall() == [(1, "p2f61"), (2, "i77"), (3, "p2f62")]


def test_of_several_that_one_path_had_the_last_met_keeps_it(six: sqlite3.Connection) -> None:
    add(six, 1, 2, "p2f61:10:1")
    add(six, 2, 2, "p2f61:20:2")
    add(six, 3, 1, "p2f61:20:2")
    add(six, 4, 2, "p2f62:1:1~4")
    to_7(six)
    assert dict(six.execute("SELECT id, key FROM file")) == {1: "p2f61~1", 2: "p2f61", 3: "p2f61", 4: "p2f62~4"}


def test_change_times_that_are_made_up_at_each_mount_are_asked_no_more(six: sqlite3.Connection) -> None:
    for volume in (1, 2, 3):
        add(six, volume, volume, "p2f61:10:1")
        six.execute(
            "INSERT INTO hash (volume, key, size, mtime_ns, ctime_ns) VALUES (?, 'p2f61', 10, 1, 22)", (f"v{volume}",)
        )
        six.execute("INSERT INTO passed VALUES (?, 'p2f61', 10, 1, 22, 1, '', 1)", (volume,))
        six.execute("INSERT INTO passed VALUES (?, 'i5', 10, 1, 22, 1, '', 1)", (volume,))
    add(six, 9, 1, "i9")
    to_7(six)
    assert dict(six.execute("SELECT id, ctime_ns FROM file")) == {1: 0, 2: 22, 3: 0, 9: 22}
    assert dict(six.execute("SELECT volume, ctime_ns FROM hash")) == {"v1": 0, "v2": 22, "v3": 0}
    assert {row[0] for row in six.execute("SELECT key FROM passed")} == {"i5"}
