"""Where a tensor lies, and how many bytes its rows, matrices and lines have."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.span import Span


@pytest.mark.parametrize(
    ("shape", "size", "row", "matrix", "line"),
    [
        ((4, 8), 64, 16, 64, 16), ((2, 4, 8), 128, 64, 64, 16), ((1, 4, 8), 64, 16, 64, 16), ((8,), 16, 0, 0, 0), ((), 2, 0, 0, 0),
        ((1, 1, 8), 16, 2, 16, 16), ((3, 5), 31, 0, 31, 0), ((0, 4), 0, 0, 0, 0), ((1, 1), 2, 2, 2, 2),
    ],
)  # fmt: skip
def test_steps_along_the_dimensions(shape: tuple[int, ...], size: int, row: int, matrix: int, line: int) -> None:
    span = Span("a", "F16", 100, size, shape)
    assert (span.row, span.matrix, span.line, span.stop) == (row, matrix, line, 100 + size)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=4), st.integers(1, 8))
def test_whole_steps_make_the_whole(shape: list[int], width: int) -> None:
    span = Span("a", "", 0, math.prod(shape) * width, tuple(shape))
    for outer in range(len(shape) + 1):
        assert span.step(outer) * math.prod(shape[:outer]) == span.size
