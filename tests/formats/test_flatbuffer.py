"""FlatBuffers without a schema: every offset is checked against the file."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.flatbuffer import FlatbufferTable, root
from model_manager.formats.problem import FormatProblem


def opened(data: bytes) -> FlatbufferTable:
    return root(ByteWindow(io.BytesIO(data), len(data)), len(data))


def table(*fields: int | bytes) -> bytes:
    """A buffer whose root table has these fields: numbers in place, vectors behind it. An empty one is left out."""
    count = len(fields)
    layout = struct.pack("<HH", 4 + 2 * count, 4 + 4 * count) + b"".join(
        struct.pack("<H", 0 if one == b"" else 4 + 4 * at) for at, one in enumerate(fields)
    )
    layout += bytes(-len(layout) % 4)
    at = 4 + len(layout)
    body, tail = struct.pack("<i", len(layout)), b""
    for number, one in enumerate(fields):
        place = at + 4 + 4 * number
        if isinstance(one, int):
            body += struct.pack("<I", one)
        else:
            body += struct.pack("<I", at + 4 + 4 * count + len(tail) - place)
            tail += one
    return struct.pack("<I", at) + layout + body + tail


def vector(data: bytes, count: int | None = None) -> bytes:
    return struct.pack("<I", len(data) if count is None else count) + data + bytes(-len(data) % 4)


def test_numbers_texts_and_lists() -> None:
    found = opened(table(7, vector("grün".encode()), vector(struct.pack("<2i", 5, -1), 2), b""))
    assert (found.number(0), found.text(1), found.numbers(2), found.length(1)) == (7, "grün", (5, -1), 5)
    assert (found.number(3), found.text(3), found.numbers(3), found.tables(3), found.length(3)) == (0, "", (), [], 0), (
        "left out"
    )
    assert found.number(99) == 0 and found.text(99) == "", "of a later version of the format"


def test_tables_within_a_table() -> None:
    inner = table(9)
    # The list's one entry leads to the inner buffer's table, which lies right behind it.
    outer = table(struct.pack("<I", 1) + struct.pack("<I", 4 + struct.unpack_from("<I", inner)[0]) + inner)
    (one,) = opened(outer).tables(0)
    assert one.number(0) == 9


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "truncated"), (struct.pack("<I", 1 << 31), "truncated"), (table(7)[:-2], None), (struct.pack("<Ii", 4, 100), "corrupt"), (struct.pack("<Ii", 4, -9), "corrupt"),
        (struct.pack("<IiHH", 4, -4, 2, 0), "corrupt"), (struct.pack("<IiHH", 4, -4, 600, 0), "corrupt"), (struct.pack("<IiHH", 4, -4, 40, 0), "truncated"),
    ],
)  # fmt: skip
def test_a_root_that_leads_nowhere_is_told(data: bytes, kind: str | None) -> None:
    if kind is None:
        assert opened(data).fields, "the table itself is whole"
        return
    with pytest.raises(FormatProblem) as caught:
        opened(data)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("field", "ask", "kind"),
    [
        (vector(b"abcd", 1 << 20), "text", "truncated"), (vector(b"abcd", 1 << 20), "length", "truncated"), (vector(b"abcd", 1 << 20), "numbers", "corrupt"),
        (vector(b"abcd", 10_000), "numbers", "truncated"), (vector(b"abcd", 1 << 30), "tables", "corrupt"), (vector(bytes(100_000), 20_001), "tables", "unknown"),
        (vector(b"\xff\xff\xff\x7f", 1), "tables", "truncated"),
    ],
)  # fmt: skip
def test_lists_that_claim_more_than_the_file_holds(field: bytes, ask: str, kind: str) -> None:
    with pytest.raises(FormatProblem) as caught:
        getattr(opened(table(field)), ask)(0)
    assert caught.value.kind == kind


@settings(max_examples=10)
@given(st.binary(min_size=1, max_size=4), st.integers(0, 60))
def test_any_change_is_read_or_a_problem(change: bytes, at: int) -> None:
    data = bytearray(table(7, vector(b"text"), vector(struct.pack("<i", 3), 1)))
    data[at : at + len(change)] = change
    try:
        found = opened(bytes(data))
        for ask in (found.number, found.text, found.numbers, found.tables, found.length):
            for field in range(3):
                try:
                    ask(field)
                except FormatProblem:
                    continue
    except FormatProblem:
        return
