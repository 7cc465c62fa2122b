"""Each opcode of a pickle, by the value that it leaves: what Python's own loader makes of plain data is what comes out."""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model_manager.formats.pickle_opcodes import TABLE
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_values import OPAQUE, Blob, GlobalName, Made, Storage
from model_manager.formats.pickle_walk import Pickle, walk
from model_manager.formats.problem import LIMITS


def walked(data: bytes) -> Pickle:
    """With STOP behind it; the fast steps of the walk are not taken so near the end."""
    return walk(io.BytesIO(data + b"."), 0, len(data) + 1, Budget.of(LIMITS))


def value(data: bytes) -> object:
    found = walked(data)
    assert not found.broken and not found.beyond, found.broken or found.beyond
    return found.value


def broken(data: bytes) -> str:
    found = walked(data)
    assert found.broken and found.value is None
    return found.broken


def test_every_opcode_of_python_is_in_the_table_and_no_other() -> None:
    known = {ord(one.code) for one in pickletools.opcodes} - {ord(".")}  # STOP ends the walk itself
    unknown = TABLE[0x7E]
    assert {code for code, action in enumerate(TABLE) if action is not unknown} == known
    assert broken(b"\x7e") == "has 0x7e where an instruction is due at byte 1"


TEXT = st.characters(exclude_categories=["Cs"])
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats(allow_nan=False) | st.text(TEXT, max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(TEXT, max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=8)
@example("Müller", 0)
@given(PLAIN, st.integers(0, 5))
def test_plain_data_comes_out_as_it_went_in(data: object, protocol: int) -> None:
    raw = pickle.dumps(data, protocol)
    assert value(raw[:-1]) == data


@pytest.mark.parametrize(
    "data",
    [
        b"N", b"\x88", b"\x89", b")", b"}", b"]", b"K\xff", b"M\xff\xff", b"J\xff\xff\xff\xff", b"G\x3f\xf8" + bytes(6),
        b"U\x03abc", b"\x8c\x02\xc3\xa4", b"X\x03\0\0\0abc", b"\x8d\x03" + bytes(7) + b"abc", b"C\x02\xff\0", b"B\x02\0\0\0\xff\0",
        b"\x8e\x01" + bytes(7) + b"x", b"K\x07q\x05h\x05\x86", b"K\x07r\x05\0\0\0j\x05\0\0\0\x86", b"K\x07p12\ng12\n\x86",
        b"K\x07\x94h\x00\x86", b"K\x012\x86", b"(K\x01K\x02K\x03t", b"(K\x01K\x02l", b"](K\x01K\x02e", b"}(K\x01K\x02K\x03K\x04u",
        b"(K\x01K\x02d", b"]K\x01a", b"}K\x01K\x02s", b"K\x01(K\x02K\x031", b"K\x01K\x020", b"K\x01(K\x020" + b"0", b"K\x01\x85",
        b"K\x01K\x02\x86", b"K\x01K\x02K\x03\x87", b"I01\n", b"I00\n", b"I1\n", b"I-15\n", b"L99L\n", b"L-7\n", b"F1.5\n", b"F-inf\n",
        b"S'a\\x41\\n'\n", b'S"b"\n', b"S'\\\\d'\n", b"V\\u00e4b\n", b"V\\n\\u00e4\\x41\n", b"\x8a\x00", b"\x8a\x02\xff\x7f", b"\x8a\x02\x00\x80",
        b"\x8b\x01\0\0\0\x80", b"\x80\x05N", b"\x95" + struct.pack("<Q", 2) + b"N",
    ],
)  # fmt: skip
def test_each_opcode_leaves_what_pythons_own_leaves(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pickle.loads(data + b".")
    found = value(data)
    assert found == expected and type(found) is type(expected)


def test_sets_are_lists_whose_entries_need_not_be_hashable() -> None:
    assert value(b"\x8f(K\x01]\x90") == [1, []] and value(b"(K\x01]\x91") == [1, []]


def test_an_escape_that_is_none_stands_for_itself_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert value(b"S'\\d\\w'\n") == "\\d\\w"


def test_python_2s_bytes_are_bytes_and_long_ones_a_place() -> None:
    assert value(b"T\x02\0\0\0\xff\x00") == b"\xff\x00"
    long = b"B" + struct.pack("<I", 300) + bytes(300)
    assert value(long) == Blob(5, 300) and value(b"\x96" + struct.pack("<Q", 2) + b"ab") == b"ab"


def test_what_is_of_no_interest_is_opaque() -> None:
    assert value(b"\x8a\x11" + b"\1" * 17) is OPAQUE and value(b"\x8b\x11\0\0\0" + b"\1" * 17) is OPAQUE
    assert value(b"L" + b"1" * 41 + b"\n") is OPAQUE and value(b"L" + b"1" * 40 + b"\n") == int("1" * 40)
    assert value(b"\x97") is OPAQUE and value(b"\x97\x98") is OPAQUE


@pytest.mark.parametrize(
    "data",
    [b"cos\nsystem\n", b"\x8c\x02os\x8c\x06system\x93", b"Vos\nVsystem\n\x93", b"V\\u006fs\nS'sys\\x74em'\n\x93"],
)
def test_a_name_however_it_is_spelled(data: bytes) -> None:
    found = walked(data)
    assert found.value == GlobalName("os", "system") and found.names == {("os", "system")} and not found.called


@pytest.mark.parametrize("data", [b"K\x01\x8c\x01a\x93", b"\x8c\x01a]\x93"])
def test_a_name_that_is_computed(data: bytes) -> None:
    assert walked(data).names == {("?", "computed name")} and value(data) == GlobalName("?", "computed name")


@pytest.mark.parametrize(
    ("data", "number"), [(b"\x82\x07", 7), (b"\x83\x07\x01", 263), (b"\x84\x07\0\0\1", 7 + (1 << 24))]
)
def test_registered_numbers_are_names_that_nobody_here_can_tell(data: bytes, number: int) -> None:
    assert walked(data).names == {("?", f"copyreg extension {number}")}


CALL = b"cos\nsystem\n"


@pytest.mark.parametrize(
    "data",
    [CALL + b"X\x02\0\0\0id\x85R", b"(X\x02\0\0\0idios\nsystem\n", b"(" + CALL + b"X\x02\0\0\0ido"],
)
def test_every_way_to_call_is_a_call(data: bytes) -> None:
    found = walked(data)
    assert found.called == {("os", "system")}
    assert isinstance(found.value, Made) and (found.value.callee, found.value.args) == (
        GlobalName("os", "system"),
        ("id",),
    )


@pytest.mark.parametrize("data", [b"cmine\nThing\n)\x81", b"cmine\nThing\n)}\x92"])
def test_an_object_without_its_constructor_is_made_and_not_called(data: bytes) -> None:
    found = walked(data + b"}X\x01\0\0\0aK\x01sb")
    assert found.made == {("mine", "Thing")} and not found.called
    assert isinstance(found.value, Made) and found.value.state == {"a": 1}


STORAGE = b"(X\x07\0\0\0storagectorch\nHalfStorage\nX\x01\0\0\x007X\x03\0\0\0cpuK\x0atQ"


def test_storages_are_noted_by_their_key() -> None:
    found = walked(STORAGE)
    assert found.value == Storage("F16", "7", 10) and found.storages == {"7": Storage("F16", "7", 10)}
    assert not found.foreign


def test_other_persistent_objects_are_foreign() -> None:
    for data in (b"Pthing\n", b"X\x05\0\0\0thingQ", b"K\x01K\x02\x86Q"):
        assert walked(data).foreign and walked(data).value is OPAQUE and not walked(data).storages
    module = walked(b"(X\x06\0\0\0modulecmine\nNet\nX\x01\0\0\0fX\x01\0\0\0stQ")
    assert module.value == GlobalName("mine", "Net") and not module.foreign


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x80\x06N", "has protocol 6 at byte 2"), (b"\x95" + struct.pack("<Q", 99) + b"N", "has a frame that is longer than the rest"),
        (b"a", "takes more from its stack than is there"), (b"t", "closes a group that was not opened"), (b"0", "closes a group"),
        (b"h\x05", "is not a pickle (KeyError)"), (b"Ix\n", "is not a pickle (ValueError)"), (b"Fx\n", "is not a pickle (ValueError)"),
        (b"B\xff\0\0\0x", "ends in the middle"), (b"Nx", "has 0x78 where an instruction is due at byte 2"),
    ],
)  # fmt: skip
def test_why_a_pickle_cannot_be_followed(data: bytes, why: str) -> None:
    assert why in broken(data)
