"""Protocol buffers without a schema: fields are what was written, and what cannot be is told by kind."""

from __future__ import annotations

import io
import struct

import pytest
from headers import number, payload, varint
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats import protobuf
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.problem import FormatProblem
from model_manager.formats.protobuf import MessageWalker


def walker(data: bytes) -> MessageWalker:
    return MessageWalker(ByteWindow(io.BytesIO(data), len(data)))


def fields(data: bytes, end: int | None = None) -> list[tuple[int, object]]:
    walk = walker(data)
    return [
        (field, low if high < 0 else walk.bytes(low, high, 1 << 20))
        for field, low, high in walk.fields(0, len(data) if end is None else end)
    ]


FIELD = st.tuples(st.integers(1, 5000), st.one_of(st.integers(0, 2**64 - 1), st.binary(max_size=30)))


@settings(max_examples=20)
@given(st.lists(FIELD, max_size=6))
def test_what_was_written_is_read(given_fields: list[tuple[int, int | bytes]]) -> None:
    data = b"".join(
        number(field, value) if isinstance(value, int) else payload(field, value) for field, value in given_fields
    )
    assert fields(data) == given_fields


def test_fixed_numbers_are_payloads_of_their_length() -> None:
    data = varint(3 << 3 | 1) + struct.pack("<d", 0.5) + varint(4 << 3 | 5) + struct.pack("<f", 2)
    assert fields(data) == [(3, struct.pack("<d", 0.5)), (4, struct.pack("<f", 2))]


@settings(max_examples=20)
@given(st.binary(max_size=40))
def test_any_bytes_are_fields_or_a_problem(data: bytes) -> None:
    try:
        assert all(field >= 0 for field, _ in fields(data))
    except FormatProblem as problem:
        assert problem.kind in ("corrupt", "truncated")


@pytest.mark.parametrize(
    ("data", "end", "kind"),
    [
        (varint(1 << 3 | 2) + varint(9) + b"abc", None, "truncated"), (payload(1, "abcdef"), 4, "corrupt"), (b"\x80", None, "truncated"),
        (b"\x80\x01", 1, "corrupt"), (b"\xff" * 11, None, "corrupt"), (varint(1 << 3 | 3), None, "corrupt"), (varint(1 << 3 | 7), None, "corrupt"),
    ],
)  # fmt: skip
def test_what_goes_beyond_or_cannot_be_is_told(data: bytes, end: int | None, kind: str) -> None:
    with pytest.raises(FormatProblem) as caught:
        fields(data, end)
    assert caught.value.kind == kind


def test_more_fields_than_any_file_has_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf, "MOST_FIELDS", 3)
    assert len(fields(number(1, 1) * 3)) == 3
    with pytest.raises(FormatProblem, match="more than 3 fields") as caught:
        fields(number(1, 1) * 4)
    assert caught.value.kind == "unknown"


def test_texts_and_lists_are_bounded() -> None:
    data = payload(1, "grün" + "x" * 50) + payload(2, b"".join(map(varint, (1, 300, 70_000))))
    walk = walker(data)
    (_, low, high), (_, first, last) = walk.fields(0, len(data))
    assert walk.text(low, high, 5) == "grün" and walk.text(low, high) == "grün" + "x" * 50
    assert walk.numbers(first, last, 64) == (1, 300, 70_000)
    assert walk.text(low, low + 3) == "gr\ufffd", "half a letter is shown as such"
    with pytest.raises(FormatProblem, match="a list of more than 0 numbers"):
        walk.numbers(first, last, 0)
