"""What every format's tensor table looks like to the rest of the program."""

from __future__ import annotations

import math
from collections import Counter
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
    return histogram(Counter(tensors.values()))


def histogram(counts: Mapping[Tensor, int]) -> tuple[Share, ...]:
    """The same from how often each kind of tensor is there: models have few kinds."""
    return merge(
        (Share(tensor.dtype, times * math.prod(tensor.shape), times * tensor.bytes),)
        for tensor, times in counts.items()
    )


def merge(histograms: Iterable[Iterable[Share]]) -> tuple[Share, ...]:
    """One histogram for several: of parts, or of the files of one model."""
    counts: dict[str, list[int]] = {}
    for histogram in histograms:
        for share in histogram:
            entry = counts.setdefault(share.dtype, [0, 0])
            entry[0] += share.elements
            entry[1] += share.bytes
    ordered = sorted(counts.items(), key=lambda item: (-item[1][1], item[0]))
    return tuple(Share(dtype, count, size) for dtype, (count, size) in ordered)
