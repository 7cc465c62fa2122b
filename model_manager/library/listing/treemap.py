"""A squarified treemap (Bruls, Huizing, van Wijk 2000): areas by size, boxes near squares. Pure geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

MOST = 1_500
"""Boxes that are worth painting; the rest become one."""


@dataclass(frozen=True, slots=True)
class Box:
    """One rectangle. `index` is the item's place in what was given, -1 for the rest of `count` items."""

    x: float
    y: float
    width: float
    height: float
    index: int
    count: int = 1


def squarify(sizes: Sequence[float], x: float, y: float, width: float, height: float, most: int = MOST) -> list[Box]:
    """Boxes that fill the rectangle exactly; sizes of 0 are left out, the smallest merged beyond `most`."""
    items = sorted(((size, index) for index, size in enumerate(sizes) if size > 0), reverse=True)
    if not items or width <= 0 or height <= 0:
        return []
    rest = items[most - 1 :] if len(items) > most else []
    kept = [(size, index, 1) for size, index in (items[: most - 1] if rest else items)]
    if rest:
        kept.append((sum(size for size, _ in rest), -1, len(rest)))
        kept.sort(reverse=True)
    scale = width * height / sum(size for size, _, _ in kept)
    areas = [(size * scale, index, count) for size, index, count in kept]
    boxes: list[Box] = []
    start = 0
    while start < len(areas):
        side = min(width, height)
        end = _row(areas, start, side)
        total = sum(area for area, _, _ in areas[start:end])
        thick = total / side if side else 0.0
        along = y if width >= height else x
        for area, index, count in areas[start:end]:
            length = area / thick if thick else 0.0
            if width >= height:
                boxes.append(Box(x, along, thick, length, index, count))
            else:
                boxes.append(Box(along, y, length, thick, index, count))
            along += length
        if width >= height:
            x, width = x + thick, max(0.0, width - thick)
        else:
            y, height = y + thick, max(0.0, height - thick)
        start = end
    return boxes


def _row(areas: Sequence[tuple[float, int, int]], start: int, side: float) -> int:
    """How many of the next areas make the squarest row along a side."""
    total, largest, smallest = 0.0, 0.0, float("inf")
    best = float("inf")
    end = start
    for area, _, _ in islice(areas, start, None):
        total += area
        largest, smallest = max(largest, area), min(smallest, area)
        square = total * total or 1e-12
        worst = max(side * side * largest / square, square / (side * side * smallest or 1e-12))
        if worst > best:
            break
        best = worst
        end += 1
    return max(end, start + 1)
