"""Pickles one behind another: what follows a STOP may be read too, and attacks have hidden there."""

from __future__ import annotations

from typing import BinaryIO

from model_manager.formats.pickle_head import looks_like_pickle
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_walk import Pickle, walk

_MOST = 1_000


def walk_all(file: BinaryIO, start: int, end: int, budget: Budget) -> tuple[list[Pickle], int]:
    """Every pickle between two positions, at least one, and those inside them; and where the last one ends."""
    found: list[Pickle] = []
    at = start
    for _ in range(_MOST):
        pickle = walk(file, at, end, budget)
        found += (pickle, *pickle.inner)
        at = pickle.end
        if pickle.broken or pickle.beyond or at >= end:
            break
        file.seek(at)
        if not looks_like_pickle(file.read(512)):
            break
    return found, at
