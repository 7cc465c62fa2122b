"""A file in pieces: never past its end, and no more read than is asked for."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.byte_window import FIRST, PIECE, SCATTERED, ByteWindow
from model_manager.formats.problem import FormatProblem

DATA = bytes(range(256)) * 8


def window(data: bytes = DATA, piece: int = PIECE) -> ByteWindow:
    return ByteWindow(io.BytesIO(data), len(data), piece)


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.sampled_from(["take", "peek", "seek", "skip"]), st.integers(0, 700)), max_size=12),
    st.integers(1, 300),
)
def test_whatever_the_pieces_it_gives_the_files_own_bytes(steps: list[tuple[str, int]], piece: int) -> None:
    view, at = window(piece=piece), 0
    for what, count in steps:
        if what == "peek":
            assert view.peek(count) == DATA[at : at + count]
            continue
        target = count if what == "seek" else at + count
        if target > len(DATA):
            with pytest.raises(FormatProblem) as caught:
                getattr(view, what)(count)
            assert caught.value.kind == "truncated"
        else:
            got = getattr(view, what)(count)
            assert what != "take" or got == DATA[at : at + count]
            at = target
        assert (view.position, view.left) == (at, len(DATA) - at)


def test_numbers_come_in_the_files_order() -> None:
    view = window(struct.pack("<IhQ", 7, -2, 1 << 40) + struct.pack(">Id", 9, 0.5))
    assert (view.number("I"), view.number("h"), view.number("Q")) == (7, -2, 1 << 40)
    view.byte_order = ">"
    assert (view.number("I"), view.real("d"), view.left) == (9, 0.5, 0)


def test_beyond_the_end_it_says_where_the_file_ends() -> None:
    view = window(b"abc")
    view.skip(1)
    with pytest.raises(FormatProblem, match=r"the header goes on to byte 5, the file ends at 3") as caught:
        view.take(4)
    assert caught.value.kind == "truncated" and view.take(2) == b"bc"
    for place in (-1, 4):
        with pytest.raises(FormatProblem, match="is beyond the file's 3"):
            view.seek(place)


def test_a_file_that_becomes_shorter_is_told() -> None:
    with pytest.raises(FormatProblem, match="became shorter while it was read"):
        ByteWindow(io.BytesIO(b"abc"), 10).take(5)


def test_little_is_read_behind_a_jump_and_more_as_it_goes_on() -> None:
    data = bytes(4 << 20)
    view = window(data)
    view.take(1)
    assert view.read_bytes == FIRST
    view.take(1)
    view.seek(10)
    view.take(5)
    assert view.read_bytes == FIRST, "what is held is not read again"
    view.seek(1 << 20)
    view.take(1)
    assert view.read_bytes == FIRST + SCATTERED
    view.seek(2 << 20)
    view.take(1)
    view.take(SCATTERED)
    assert view.read_bytes == FIRST + 2 * SCATTERED + 4 * SCATTERED - (SCATTERED - 1)
    view.seek(3 << 20)
    view.take(PIECE * 2)
    assert view.position == (3 << 20) + 2 * PIECE


def test_what_is_held_can_be_gone_through_in_place() -> None:
    view = window()
    view.skip(5)
    buffer, at = view.held(10)
    assert buffer[at : at + 10] == DATA[5:15] and view.position == 5
