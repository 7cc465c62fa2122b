"""What every format's tensor table looks like to the rest of the program."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from model_manager.base.facts import Share


class Tensor(NamedTuple):
    """Shape outermost dimension first (as PyTorch prints it), data type by its usual name, bytes on disk."""

    shape: tuple[int, ...]
    dtype: str
    bytes: int


Tensors = Mapping[str, Tensor]


def elements(shape: Iterable[int]) -> int:
    return math.prod(shape)


def shares(tensors: Tensors) -> tuple[Share, ...]:
    """The histogram over data types, largest in bytes first."""
    counts: dict[str, list[int]] = {}
    for tensor in tensors.values():
        entry = counts.setdefault(tensor.dtype, [0, 0])
        entry[0] += math.prod(tensor.shape)
        entry[1] += tensor.bytes
    ordered = sorted(counts.items(), key=lambda item: (-item[1][1], item[0]))
    return tuple(Share(dtype, count, size) for dtype, (count, size) in ordered)


def merge(histograms: Iterable[Iterable[Share]]) -> tuple[Share, ...]:
    """One histogram for several files of the same model."""
    counts: dict[str, list[int]] = {}
    for histogram in histograms:
        for share in histogram:
            entry = counts.setdefault(share.dtype, [0, 0])
            entry[0] += share.elements
            entry[1] += share.bytes
    ordered = sorted(counts.items(), key=lambda item: (-item[1][1], item[0]))
    return tuple(Share(dtype, count, size) for dtype, (count, size) in ordered)
