"""PyTorch's oldest single files: five pickles, then storages that must fill the rest exactly."""

from __future__ import annotations

import io
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_files import MAGIC, good_legacy, mapping, number, pickled, tensor, text, torch_legacy

from model_manager.formats.pickle_facts import Contents
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.problem import LIMITS
from model_manager.formats.pytorch_legacy import contents_of, is_legacy, storages_of

TWO = mapping({"w": tensor("94", (2, 3), legacy=True), "v": tensor("7", (4,), "HalfStorage", legacy=True)})
STORED = {"7": (4, b"B" * 8), "94": (6, b"A" * 24)}


def contents(data: bytes) -> Contents:
    return contents_of(io.BytesIO(data), len(data), Budget.of(LIMITS))


def healths(data: bytes) -> list[tuple[str, str]]:
    return [(one.verdict, one.detail) for one in contents(data).healths]


def stored(data: bytes) -> list[tuple[str, int, int]]:
    return storages_of(io.BytesIO(data), len(data), Budget.of(LIMITS))[1]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_magic_number_by_any_protocol(protocol: int) -> None:
    assert is_legacy(pickle.dumps(0x1950A86A20F9469CFC6C, protocol) + b"rest")


@pytest.mark.parametrize(
    "head",
    [b"", pickle.dumps(0x1950A86A20F9469CFC6D, 2), pickle.dumps(0x1950A86A20F9469CFC6C, 1), MAGIC[:-1], b"\x80\x02" + b"N" * 12 + MAGIC[2:]],
)  # fmt: skip
def test_other_pickles_are_none(head: bytes) -> None:
    assert not is_legacy(head)


def test_a_whole_file() -> None:
    found = contents(torch_legacy(TWO, STORED))
    assert found.kind == "torch legacy" and len(found.pickles) == 5
    assert isinstance(found.value, dict) and found.value.keys() == {"w", "v"}
    assert [one.verdict for one in found.healths] == ["good"]


def test_where_each_storage_lies() -> None:
    data = torch_legacy(TWO, STORED)
    places = {key: data[start : start + size] for key, start, size in stored(data)}
    assert places == {"7": b"B" * 8, "94": b"A" * 24}
    assert [key for key, _, _ in stored(data)] == ["7", "94"]  # as the list of keys has them


@pytest.mark.parametrize("missing", [1, 8, 24, 30])
def test_a_file_that_was_cut_says_how_much_is_missing(missing: int) -> None:
    data = good_legacy()
    ((verdict, why),) = healths(data[:-missing])
    assert verdict == "truncated"
    assert why == f"its tensors end at byte {len(data)}, the file has {len(data) - missing} ({missing} missing)"


def test_bytes_that_belong_to_no_tensor_are_suspicious() -> None:
    assert healths(good_legacy() + b"!") == [("suspicious", "1 byte behind the last tensor belongs to none")]
    assert healths(good_legacy() + b"!!") == [("suspicious", "2 bytes behind the last tensor belong to none")]


def test_a_pickle_behind_the_storages_is_walked_too() -> None:
    found = contents(good_legacy() + pickled(b"cos\nsystem\n" + text("id") + b"\x85R"))
    assert [one.verdict for one in found.healths] == ["suspicious"] and len(found.pickles) == 6
    assert found.pickles[-1].called == {("os", "system")}


def test_a_tail_of_zeros_is_told() -> None:
    data = torch_legacy(
        mapping({"w": tensor("0", (64, 256), legacy=True)}), {"0": (16384, b"\1" * 30_000 + bytes(35_536))}
    )
    ((verdict, _),) = healths(data)
    assert verdict == "suspicious"


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"94": STORED["94"]}, "lists 1 storages, its tensors name 2"),
        ({**STORED, "1": (1, b"abcd")}, "lists 3 storages, its tensors name 2"),
        ({"7": STORED["7"], "95": STORED["94"]}, "lists 2 storages, its tensors name 2"),
        ({}, "lists 0 storages, its tensors name 2"),
    ],
)
def test_storages_that_no_tensor_names_or_that_are_missing(keys: dict[str, tuple[int, bytes]], why: str) -> None:
    data = torch_legacy(TWO, keys)
    assert healths(data) == [("corrupt", why)]


def test_an_unlisted_key_has_no_places() -> None:
    data = torch_legacy(TWO, {**STORED, "1": (1, b"abcd")})
    assert storages_of(io.BytesIO(data), len(data), Budget.of(LIMITS)) == (None, [])


def test_keys_that_are_no_list() -> None:
    data = MAGIC + pickled(number(1001)) + pickled(b"}") + pickled(TWO) + pickled(b"}")
    assert healths(data) == [("corrupt", "lists 0 storages, its tensors name 2")] and stored(data) == []


@settings(max_examples=10)
@given(st.integers(1, 200))
def test_cut_anywhere_it_is_never_whole(cut: int) -> None:
    data = good_legacy()[:-cut]
    found = contents(data)
    assert any(pickle.broken for pickle in found.pickles) or [one.verdict for one in found.healths] != ["good"]
    assert len(found.pickles) <= 5


def test_a_broken_pickle_ends_it() -> None:
    data = MAGIC + pickled(number(1001)) + b"\x80\x02\xff" + pickled(TWO)
    found = contents(data)
    assert len(found.pickles) == 3 and found.pickles[-1].broken and found.value is None and found.healths == []
    assert storages_of(io.BytesIO(data), len(data), Budget.of(LIMITS)) == (None, [])
