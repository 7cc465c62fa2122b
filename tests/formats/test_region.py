"""A part of a file reads like a file of its own, and never beyond itself."""

from __future__ import annotations

import io

import pytest

from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.problem import FormatProblem
from model_manager.formats.region import Region


def test_it_is_a_file() -> None:
    part = Region(io.BytesIO(b"0123456789"), 2, 6)
    assert part.readable() and part.seekable() and part.read() == b"2345" and part.tell() == 4 and part.read(3) == b""
    assert part.seek(-1, io.SEEK_END) == 3 and part.read(9) == b"5"
    assert part.seek(1) == 1 and part.seek(1, io.SEEK_CUR) == 2 and part.read(1) == b"4"
    assert part.seek(-99) == 0 and part.seek(99) == 99 and part.read() == b""


def test_one_that_ends_before_it_begins_is_empty() -> None:
    assert Region(io.BytesIO(b"0123"), 3, 1).read() == b""


def test_a_file_that_became_shorter_gives_what_there_is() -> None:
    assert Region(io.BytesIO(b"01"), 1, 9).read() == b"1"
    with pytest.raises(FormatProblem, match="became shorter"):
        ByteWindow(io.BytesIO(b"01"), 9).take(5)


def test_a_window_has_an_end() -> None:
    window = ByteWindow(io.BytesIO(b"0123"), 4)
    for position in (-1, 5):
        with pytest.raises(FormatProblem, match="beyond"):
            window.seek(position)
    window.seek(4)
    assert window.peek(9) == b"" and window.left == 0
