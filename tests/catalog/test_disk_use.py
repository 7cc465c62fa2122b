"""A file that several models have weighs once."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.catalog.disk_use import DiskUse
from model_manager.catalog.rows import Row


def row(size: int, bytes_: int, *shared: tuple[int, int, int]) -> Row:
    values = dict.fromkeys(Row._fields) | {"size": size, "bytes": bytes_, "shared": shared, "away": ""}
    return Row(**values)  # type: ignore[arg-type]


def test_models_apart_add_up() -> None:
    room = DiskUse([row(10, 16), row(20, 32)])
    assert (room.count, room.size, room.bytes) == (2, 30, 48)
    assert (DiskUse().count, DiskUse().size, DiskUse().bytes) == (0, 0, 0)


def test_what_two_have_weighs_with_the_first() -> None:
    shared = (7, 8, 12)
    room = DiskUse([row(10, 16, shared)])
    assert room.add(row(20, 32, shared)) == 20 and (room.size, room.bytes, room.count) == (22, 36, 2)
    assert room.add(row(8, 12, shared)) == 0 and (room.size, room.bytes, room.count) == (22, 36, 3)


def test_a_file_that_one_model_has_by_two_ways_weighs_once() -> None:
    room = DiskUse([row(16, 24, (7, 8, 12), (7, 8, 12))])
    assert (room.size, room.bytes) == (8, 12)


@settings(max_examples=25)
@given(st.lists(st.sets(st.integers(0, 4), max_size=4), max_size=5))
def test_in_any_order_the_sum_is_that_of_the_files(models: list[set[int]]) -> None:
    rows = [
        row(sum(10**n for n in one), 2 * sum(10**n for n in one), *((n, 10**n, 2 * 10**n) for n in one))
        for one in models
    ]
    expected = sum(10**n for n in set(itertools.chain(*models)))
    for order in (rows, rows[::-1]):
        room = DiskUse(order)
        assert (room.size, room.bytes, room.count) == (expected, 2 * expected, len(models))
