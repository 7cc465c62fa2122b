"""Paths where there is little room: the folders in the middle give way, the name of the file never does."""

from __future__ import annotations

import os
from collections.abc import Callable

GAP = "…"


def without_middle(path: str, fits: Callable[[str], bool]) -> str:
    """A path with as many folders as there is room for, of both ends by turns, the one that holds the file first.

    `fits` says whether a text has room, in columns or in pixels. Where not even the name has, the name comes back
    behind the gap all the same.
    """
    if fits(path):
        return path
    folder, name = os.path.split(path)
    parts = folder.split(os.sep)
    head, tail = 1, len(parts)
    best = os.sep.join((parts[0], GAP, name))
    if not fits(best):
        return os.sep.join((GAP, name)) if folder else name
    stuck = [False, False]
    while head < tail - 1 and not all(stuck):
        for side in (0, 1):
            first, last = (head, tail - 1) if side == 0 else (head + 1, tail)
            longer = os.sep.join([*parts[:first], GAP, *parts[last:], name])
            stuck[side] = first >= last or not fits(longer)
            if not stuck[side]:
                best, head, tail = longer, first, last
    return best
