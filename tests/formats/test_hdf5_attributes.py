"""Texts of an HDF5 root group: both forms of its header, texts in heaps, and what is kept elsewhere."""

from __future__ import annotations

import io
import struct

import pytest
from hdf5_files import NOWHERE, attribute, header
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.hdf5_attributes import Attributes, Root
from model_manager.formats.problem import FormatProblem

AT = 120
WANTED = frozenset({"model_config"})
FORMS = pytest.mark.parametrize("form", [1, 2])


def attributes(root: bytes, wanted: frozenset[str] = WANTED, base: int = 0) -> Attributes:
    data = bytes(base + AT) + root
    return Root(ByteWindow(io.BytesIO(data), len(data)), 8, base).attributes(AT, wanted)


def refusal(root: bytes) -> tuple[str, str]:
    with pytest.raises(FormatProblem) as caught:
        attributes(root)
    return caught.value.kind, caught.value.why


def message(kind: int, body: bytes, form: int) -> bytes:
    return (struct.pack("<HHB3x", kind, len(body), 0) if form == 1 else struct.pack("<BHB", kind, len(body), 0)) + body


def one_block(messages: bytes, form: int) -> bytes:
    """A header whose messages all lie in its first block."""
    if form == 1:
        return struct.pack("<BxHII4x", 1, 1, 1, len(messages)) + messages
    return b"OHDR" + bytes([2, 2]) + struct.pack("<I", len(messages)) + messages


def variable(name: str, place: bytes) -> bytes:
    """An attribute of the third form whose text lies in a heap."""
    kind = struct.pack("<B3xI", 0x19, 16) + bytes(8)
    raw = name.encode() + b"\0"
    return struct.pack("<BBHHHB", 3, 0, len(raw), len(kind), 4, 0) + raw + kind + bytes([2, 0, 0, 0]) + place


def heap(*texts: bytes) -> bytes:
    body = b""
    for number, one in enumerate(texts, 1):
        body += struct.pack("<HH4xQ", number, 1, len(one)) + one.ljust(-(-len(one) // 8) * 8, b"\0")
    return b"GCOL" + struct.pack("<B3xQ", 1, 16 + len(body)) + body


@FORMS
@pytest.mark.parametrize("base", [0, 512])
def test_wanted_texts_and_others(form: int, base: int) -> None:
    found = attributes(header({"model_config": b'{"a": 1}', "backend": b"jax"}, form), base=base)
    assert found == Attributes({"model_config": b'{"a": 1}'}, {"backend": b"jax"}, False)


@FORMS
def test_texts_in_the_first_block(form: int) -> None:
    found = attributes(one_block(message(0x0C, attribute("model_config", b"text", form), form), form))
    assert found.texts == {"model_config": b"text"} and found.others == {}


@settings(max_examples=12)
@given(st.sampled_from([1, 2]), st.dictionaries(st.text("abcdef_", min_size=1, max_size=12), st.binary(min_size=1, max_size=60), max_size=6))  # fmt: skip
def test_any_texts_come_back(form: int, texts: dict[str, bytes]) -> None:
    found = attributes(header(texts, form), frozenset(texts))
    assert found.texts == texts and not found.others and not found.dense


@FORMS
def test_a_text_in_a_heap(form: int) -> None:
    texts = (b"first", b"the configuration", b"last")
    for number, length, expected in [(2, 17, texts[1]), (3, 4, b"last"), (2, 3, b"the"), (1, 99, b"first")]:
        body = b""
        for _ in range(2):  # the heap lies behind the header, whose length does not change
            place = struct.pack("<IQI", length, AT + len(body), number)
            body = one_block(message(0x0C, variable("model_config", place), form), form)
        assert attributes(body + heap(*texts)).texts == {"model_config": expected}


@pytest.mark.parametrize(
    ("number", "length", "heap_of", "why"),
    [
        (4, 5, heap(b"a", b"b", b"c"), "is not where it is said to be"),
        (0, 5, heap(b"a"), "is not where it is said to be"),
        (1, (2 << 20) + 1, heap(b"a"), "is longer than this program reads"),
        (1, 1, b"XXXX" + heap(b"a")[4:], "is longer than this program reads"),
    ],
)
def test_a_text_that_is_not_in_its_heap(number: int, length: int, heap_of: bytes, why: str) -> None:
    body = b""
    for _ in range(2):
        place = struct.pack("<IQI", length, AT + len(body), number)
        body = one_block(message(0x0C, variable("model_config", place), 2), 2)
    assert refusal(body + heap_of) == ("unknown", f"attribute model_config {why}")


@FORMS
def test_numbers_are_refused_where_a_text_is_wanted_and_else_empty(form: int) -> None:
    whole = attribute("model_config", b"1234", form)
    number = whole.replace(b"\x13\0\0\0", b"\x10\0\0\0")
    assert number != whole
    root = one_block(message(0x0C, number, form), form)
    assert refusal(root) == ("unknown", "attribute model_config is no text")
    assert attributes(root, frozenset()) == Attributes({}, {"model_config": b""})


def test_a_type_that_is_kept_elsewhere() -> None:
    shared = bytearray(attribute("model_config", b"1234", 2))
    shared[1] = 1
    assert "has a type that is not known" in refusal(one_block(message(0x0C, bytes(shared), 2), 2))[1]


@pytest.mark.parametrize(
    ("body", "dense"),
    [
        (bytes([0, 0]) + struct.pack("<2Q", 4096, 8192), True),
        (bytes([0, 1, 0, 0]) + struct.pack("<2Q", 4096, 8192), True),
        (bytes([0, 0]) + struct.pack("<2Q", NOWHERE, NOWHERE), False),
        (bytes([0, 0]) + struct.pack("<2Q", NOWHERE, 8192), False),
        (bytes([0, 0]), False),
    ],
)
@FORMS
def test_attributes_that_are_kept_where_they_are_not_read_are_told(body: bytes, dense: bool, form: int) -> None:
    assert attributes(one_block(message(0x15, body, form), form)).dense is dense


@FORMS
def test_blocks_in_a_circle_end(form: int) -> None:
    first = AT + (16 if form == 1 else 10)
    place = (first, 24) if form == 1 else (first - 4, 20 + 8)
    assert refusal(one_block(message(0x10, struct.pack("<2Q", *place), form), form)) == (
        "unknown",
        "its root group is larger than this program reads",
    )


def test_what_is_too_large_or_of_no_known_form() -> None:
    assert refusal(b"OHD?" + bytes(60))[1] == "its root group has a form that is not known to this program"
    assert refusal(struct.pack("<BxHII4x", 1, 1, 1, (1 << 20) + 1) + bytes(64))[1].endswith(
        "larger than this program reads"
    )
    many = one_block(message(0, b"", 2) * 2_001, 2)
    assert refusal(many) == ("unknown", "its root group has more than 2,000 messages")
    assert attributes(one_block(message(0, b"", 2) * 2_000, 2)) == Attributes()


def test_other_texts_are_kept_up_to_a_number() -> None:
    messages = b"".join(message(0x0C, attribute(f"a{n}", b"x", 2), 2) for n in range(210))
    assert list(attributes(one_block(messages, 2)).others) == [f"a{n}" for n in range(200)]
