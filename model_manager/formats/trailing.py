"""Pickles one behind another: what follows a STOP may be read too, and attacks have hidden there."""

from __future__ import annotations

from typing import BinaryIO

from model_manager.formats.pickle_head import looks_like_pickle
from model_manager.formats.pickle_walk import Budget, Pickle, walk

_MOST = 1_000


def walk_all(file: BinaryIO, start: int, end: int, budget: Budget) -> list[Pickle]:
    """Every pickle between two positions, at least one, and those inside them; ends where something else follows."""
    found = [walk(file, start, end, budget)]
    while not found[-1].broken and not found[-1].beyond and found[-1].end < end and len(found) < _MOST:
        file.seek(found[-1].end)
        if not looks_like_pickle(file.read(512)):
            break
        found.append(walk(file, found[-1].end, end, budget))
    return [pickle for outer in found for pickle in (outer, *outer.inner)]
