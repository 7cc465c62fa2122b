"""The end of a file that a broken download leaves as zeros."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from model_manager.base.facts import GOOD, Health
from model_manager.base.messages import figure, said
from model_manager.formats.span import Span
from model_manager.formats.zeros import Emptiness

_FIRST_LOOK = 4096
_PIECE = 64 * 1024
_TINY = 2 * 1024 * 1024
_MOST_MATRICES = 512
_FURTHEST = 16 * 1024 * 1024
"""How far back zeros are followed, to see where they begin."""


def zero_tail(file: BinaryIO, size: int, data_start: int, spans: Callable[[], Sequence[Span]] | None = None) -> Health:
    """`suspicious` when the last min(1 MiB, 10 %) of a file is all zero, and nobody meant that.

    A file below 2 MiB whose tensors begin with zeros too is left alone: it was made with zero weights
    (test files are), for a download that stopped has its beginning. So are zeros that begin where the last tensors do,
    if those may be empty (biases, a LoRA's B before training), or some rows of them.

    Downloaders that reserve the whole size first, and copies that made holes, pass every check of
    lengths. A healthy file answers with one read of 4 KiB; only zeros are followed further, 16 MiB at most.
    `data_start` is where the tensors begin: a header is never looked at. `spans` tells where each lies, if known.
    """
    length = min(1 << 20, size // 10, size - data_start)
    if length < 64 or (start := _begin(file, size, size - length)) > size - length:
        return GOOD
    if size < _TINY:
        file.seek(data_start)
        if not file.read(min(_FIRST_LOOK, size - data_start)).strip(b"\0"):
            return GOOD
    if spans is not None:
        start = _begin(file, start, max(data_start, size - _FURTHEST))
        lying = sorted(spans(), key=lambda span: span.start)
        empty = Emptiness(size, lying)
        for before in _ends_before(file, lying[-1], start) if lying else []:
            empty.add(*before)
        empty.add(start, size)
        if empty.health() == GOOD:
            return GOOD
    return Health(
        "suspicious", said("the last {0} bytes are all zero: the download may not have been finished", figure(length))
    )


def _ends_before(file: BinaryIO, span: Span, start: int) -> Iterator[tuple[int, int]]:
    """Zeros that end the matrices of the last tensor as those from `start` on end its last one: looked at by their ends."""
    unit = span.step(1)
    if len(span.shape) < 3 or not 0 < span.stop - start < unit or span.size // unit > _MOST_MATRICES:
        return
    length = span.stop - start
    for end in range(span.start + unit, span.stop, unit):
        if _begin(file, end, end - _FIRST_LOOK) == end - _FIRST_LOOK and (
            _begin(file, end - length + _FIRST_LOOK, end - length - _FIRST_LOOK) == end - length
        ):
            yield end - length, end


def _begin(file: BinaryIO, end: int, least: int) -> int:
    """Where the zeros that end at `end` begin; `least` when they go back to there, or further."""
    piece = _FIRST_LOOK
    while end > least:
        start = max(end - piece, least)
        file.seek(start)
        if kept := len(file.read(end - start).rstrip(b"\0")):
            return start + kept
        end, piece = start, _PIECE
    return least
