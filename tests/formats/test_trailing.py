"""Pickles one behind another: every one is walked, up to where none begins any more."""

from __future__ import annotations

import io
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_files import pickled, text

from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_walk import Pickle
from model_manager.formats.problem import LIMITS
from model_manager.formats.trailing import walk_all

EVIL = pickled(b"cos\nsystem\n" + text("id") + b"\x85R")


def walked(data: bytes, start: int = 0, end: int | None = None) -> tuple[list[Pickle], int]:
    return walk_all(io.BytesIO(data), start, len(data) if end is None else end, Budget.of(LIMITS))


@settings(max_examples=8)
@given(
    st.lists(
        st.tuples(st.integers(2, 5), st.dictionaries(st.text(max_size=4), st.integers(), max_size=3)),
        min_size=1,
        max_size=5,
    )
)
def test_every_pickle_comes_out_in_its_order(values: list[tuple[int, dict[str, int]]]) -> None:
    data = b"".join(pickle.dumps(value, protocol) for protocol, value in values)
    found, end = walked(data)
    assert [one.value for one in found] == [value for _, value in values] and end == len(data)


@pytest.mark.parametrize("rest", [b"", b"\0" * 600, b"words that are no pickle", b"\xff\xd8\xff"])
def test_it_ends_where_no_pickle_begins(rest: bytes) -> None:
    data = pickled(b"K\x07") + pickled(b"K\x08")
    found, end = walked(data + rest)
    assert [one.value for one in found] == [7, 8] and end == len(data)


def test_an_attack_behind_the_first_stop_is_seen() -> None:
    found, _ = walked(pickled(b"}") + EVIL)
    assert [one.called for one in found] == [set(), {("os", "system")}]


def test_only_what_lies_between_the_positions_is_read() -> None:
    data = b"JUNK" + pickled(b"K\x07") + EVIL
    found, end = walked(data, 4, 4 + len(pickled(b"K\x07")))
    assert [one.value for one in found] == [7] and end == 4 + len(pickled(b"K\x07"))


def test_there_is_always_one_though_it_is_broken() -> None:
    for data in (b"", b"!!!!", b"\x80\x02"):
        found, _ = walked(data)
        assert len(found) == 1 and found[0].broken


def test_a_broken_one_ends_it() -> None:
    found, end = walked(pickled(b"K\x07") + b"\x80\x02a" + pickled(b"K\x08"))
    assert [bool(one.broken) for one in found] == [False, True] and end < len(pickled(b"K\x07")) + 6


def test_those_within_come_behind_the_one_that_holds_them() -> None:
    inner = pickled(b"K\x01") * 5
    raw = b"B" + len(inner.ljust(300, b"\0")).to_bytes(4, "little") + inner.ljust(300, b"\0")
    found, _ = walked(pickled(b"ctorch.storage\n_load_from_bytes\n" + raw + b"\x85R") + pickled(b"K\x09"))
    assert [one.value for one in found][1:] == [1, 1, 1, 1, 1, 9] and len(found) == 7


def test_a_thousand_and_no_more() -> None:
    data = pickled(b"N") * 1_005
    found, end = walk_all(io.BytesIO(data), 0, len(data), Budget(1_000_000))
    assert len(found) == 1_000 and end == len(pickled(b"N")) * 1_000
