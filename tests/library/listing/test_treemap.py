"""A treemap: every box as large as its size says, all of the rectangle filled, and near squares."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.library.listing import treemap
from model_manager.library.listing.treemap import MOST, Box, squarify


@settings(max_examples=15)
@given(st.lists(st.integers(0, 10**12), max_size=80), st.floats(10, 2000), st.floats(10, 2000))
def test_the_treemap_fills_and_never_overlaps(sizes: list[int], width: float, height: float) -> None:
    boxes = treemap.squarify(sizes, 0, 0, width, height, most=40)
    assert len(boxes) <= 40
    total = sum(size for size in sizes if size > 0)
    for box in boxes:
        assert (
            box.x >= -1e-6
            and box.y >= -1e-6
            and box.x + box.width <= width * 1.001
            and box.y + box.height <= height * 1.001
        )
        if box.index >= 0:
            assert box.width * box.height == pytest.approx(
                sizes[box.index] / total * width * height, rel=1e-3, abs=1e-3
            )
    if boxes:
        assert sum(box.width * box.height for box in boxes) == pytest.approx(width * height, rel=1e-3)


def test_the_papers_own_example() -> None:
    """Bruls, Huizing and van Wijk, figure 3: 6, 6, 4, 3, 2, 2, 1 in a rectangle of 6 by 4."""
    boxes = {box.index: box for box in squarify([6, 6, 4, 3, 2, 2, 1], 0, 0, 6, 4)}
    assert {index: (round(box.width, 3), round(box.height, 3)) for index, box in boxes.items()} == {
        0: (3, 2), 1: (3, 2), 2: (1.714, 2.333), 3: (1.286, 2.333), 4: (1.2, 1.667), 5: (1.2, 1.667), 6: (0.6, 1.667),
    }  # fmt: skip


@settings(max_examples=10)
@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=12))
def test_no_two_boxes_overlap(sizes: list[int]) -> None:
    boxes = squarify(sizes, 10, 20, 300, 200)
    for at, one in enumerate(boxes):
        assert one.x >= 10 - 1e-6 and one.y >= 20 - 1e-6
        for other in boxes[at + 1 :]:
            across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert across < 1e-6 or down < 1e-6


@pytest.mark.parametrize("sizes", [[1] * 16, [5, 4, 3, 2, 1, 1, 1]])
def test_boxes_are_near_squares(sizes: list[float]) -> None:
    for box in squarify(sizes, 0, 0, 400, 300):
        assert max(box.width / box.height, box.height / box.width) < 2.5


def test_one_box_is_the_whole_and_nothing_has_none() -> None:
    assert squarify([7], 1, 2, 30, 40) == [Box(1, 2, 30, 40, 0)] and squarify([0, 7, 0], 0, 0, 3, 4) == [
        Box(0, 0, 3, 4, 1)
    ]
    assert (
        squarify([], 0, 0, 3, 4)
        == squarify([0, -1], 0, 0, 3, 4)
        == squarify([1], 0, 0, 0, 4)
        == squarify([1], 0, 0, 3, -1)
        == []
    )


def test_the_smallest_are_one_box_that_says_how_many_they_are() -> None:
    boxes = squarify([10, 1, 9, 2, 3], 0, 0, 100, 100, most=3)
    assert [(box.index, box.count, round(box.width * box.height)) for box in boxes] == [
        (0, 1, 4000),
        (2, 1, 3600),
        (-1, 3, 2400),
    ]
    rest = squarify([1] * (MOST + 1), 0, 0, 100, 100)
    assert len(rest) == MOST and [box.count for box in rest if box.index < 0] == [2]
    assert len(squarify([1] * MOST, 0, 0, 100, 100)) == MOST and all(
        box.index >= 0 for box in squarify([1] * MOST, 0, 0, 100, 100)
    )
    large = squarify([5, 4, 4, 4], 0, 0, 10, 10, most=2)
    assert [(box.index, box.count) for box in large] == [(-1, 3), (0, 1)]  # the rest may be the largest
