"""A condition over some models or over all."""

from __future__ import annotations

import sqlite3

import pytest

from model_manager.catalog.id_filter import these


@pytest.fixture
def numbers() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (id INTEGER)")
    connection.executemany("INSERT INTO t VALUES (?)", [(number,) for number in range(5)])
    return connection


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (None, [0, 1, 2, 3, 4]),
        ([], []),
        ([3, 1, 3, 99], [1, 3]),
        (iter([2]), [2]),
        ({0, 4}, [0, 4]),
        (range(100_000), [0, 1, 2, 3, 4]),
    ],
    ids=["all", "none", "twice and unknown", "iterator", "set", "more than SQLite takes values"],
)
def test_none_means_all_and_an_empty_list_none(numbers: sqlite3.Connection, ids, expected: list[int]) -> None:  # type: ignore[no-untyped-def]
    where, values = these(ids, "t.id")
    assert [row[0] for row in numbers.execute(f"SELECT id FROM t WHERE 1{where} ORDER BY id", values)] == expected
