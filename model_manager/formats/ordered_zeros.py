"""Rows of zeros that somebody meant, told by their order: padding ends where its tensor or matrix does, and what was cut
away is cut away in more than one place.

A hole that ends where rows do is chance, so it is alone. What is made so is not. Models of Qwen with 72B parameters are
padded with zeros from 29,568 rows to 29,696 in all their layers, so that they divide by 1,024 (QwenLM/Qwen3, issue 578);
heads, experts and layers are rounded up so for other kernels. Structured pruning empties heads and channels of all layers
of a kind (nn_pruning: 155 of 384 heads of madlag/bert-large-uncased-wwm-squadv2-x2.15-f83.2-d25-hybrid-v1), and the same
ones of layers that are multiplied. A single channel may have ended as zeros by itself.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from model_manager.formats.meant_zeros import LEAST_ROW, SLACK
from model_manager.formats.span import Span

_PIECE = 64 << 10
"""Pieces of a download begin and end at multiples of it, or of more: what is in order because they are is no padding."""
_FEW, _MOST_ADDED = 0.05, 0.25
"""Of a tensor's rows, how many may be padding: always, and where their number is a round one with it."""
_DEAD, _OF_MANY = 2, 64
"""Channels side by side that may be dead, of how many rows each."""
_LAYERS, _TOUCHED = 4, 0.75
"""From how many layers of a kind, and in which share of them, rows were cut away."""
_REPEATED = 3
_NUMBER = re.compile(r"\d+")


class Rows(NamedTuple):
    """Zeros from `start` to `stop` within one tensor. `on`: they go on into some of the next one, or come from before."""

    span: Span
    start: int
    stop: int
    on: bool = False

    @property
    def place(self) -> tuple[int, int, int]:
        """All rows of the tensor, the first that is empty, and the first behind them."""
        row = self.span.row
        return (
            self.span.size // row,
            _nearest(self.start - self.span.start, row),
            _nearest(self.stop - self.span.start, row),
        )

    @property
    def on_pieces(self) -> bool:
        """Whether both ends lie where those of pieces do."""
        return all(min(end % _PIECE, -end % _PIECE) <= SLACK for end in (self.start, self.stop))


def sorted_out(found: Sequence[Rows], spans: Sequence[Span]) -> tuple[int, int]:
    """Bytes of whole rows that are alone, and of those that have an order. `found`: in the order of the file."""
    alone = [rows for rows in found if not _added(rows) and not _dead(rows)]
    ordered = [*_alike(alone), *_in_step(alone)]
    ordered += _of_kinds([rows for rows in alone if rows not in set(ordered)], spans)
    meant = set(ordered)
    return (
        sum(rows.stop - rows.start for rows in alone if rows not in meant),
        sum(rows.stop - rows.start for rows in meant),
    )


def ends_matrices(span: Span, runs: Iterable[tuple[int, int]]) -> bool:
    """Whether all these zeros are the last lines of a tensor's matrices (experts), or of its lines: in half of them at least."""
    runs = list(runs)
    for level in range(1, len(span.shape)):
        unit, line = span.step(level), span.step(level + 1) if level + 1 < len(span.shape) else 1
        if unit < _PIECE or not line or 1 < line < LEAST_ROW or span.size // unit < 2:
            continue
        first = (runs[0][0] - span.start) % unit
        if (
            len(runs) * 2 >= max(4, span.size // unit)
            and -first % line <= SLACK
            and first >= unit * (1 - 2 * _MOST_ADDED)
            and all(abs((start - span.start) % unit - first) <= SLACK for start, _stop in runs)
            and all(-(stop - span.start) % unit <= SLACK and stop - start < unit for start, stop in runs)
            and not all(Rows(span, *run).on_pieces for run in runs)
        ):
            return True
    return False


def _added(rows: Rows) -> bool:
    """Padding: the last rows, few of all, or as few as make their number a round one."""
    count, first, last = rows.place
    empty = last - first
    round_by = count & -count
    return not rows.on and last == count and empty <= count * (_MOST_ADDED if empty < round_by else _FEW)


def _dead(rows: Rows) -> bool:
    count, first, last = rows.place
    return not rows.on and last - first <= _DEAD and (last - first) * _OF_MANY <= count


def _alike(found: Iterable[Rows]) -> list[Rows]:
    """The same rows of several tensors."""
    places = defaultdict[tuple[int, int, int], list[Rows]](list)
    for rows in found:
        if not rows.on:
            places[rows.place].append(rows)
    return [
        rows
        for same in places.values()
        if len({rows.span.start for rows in same}) > 1 and not all(rows.on_pieces for rows in same)
        for rows in same
    ]


def _in_step(found: Iterable[Rows]) -> list[Rows]:
    """As many rows at equal distances in one tensor: the ends of heads."""
    ordered: list[Rows] = []
    tensors = defaultdict[int, list[Rows]](list)
    for rows in found:
        tensors[rows.span.start].append(rows)
    for same in tensors.values():
        places = [rows.place for rows in same]
        lengths = {last - first for _, first, last in places}
        steps = {after[1] - before[1] for before, after in pairwise(places)}
        if len(same) >= _REPEATED and len(lengths) == len(steps) == 1 and not all(rows.on_pieces for rows in same):
            ordered += same
    return ordered


def _of_kinds(found: Sequence[Rows], spans: Sequence[Span]) -> list[Rows]:
    """Rows of nearly all layers whose names differ in numbers alone."""
    if len({rows.span.start for rows in found}) < _LAYERS:
        return []
    kinds = Counter(_kind(span) for span in spans)
    touched = Counter(_kind(span) for span in {rows.span for rows in found})
    pruned = {kind for kind, count in touched.items() if count >= max(_LAYERS, kinds[kind] * _TOUCHED)}
    cut = [rows for rows in found if _kind(rows.span) in pruned and not rows.on]
    return [] if all(rows.on_pieces for rows in cut) else cut


def _kind(span: Span) -> tuple[str, tuple[int, ...]]:
    return _NUMBER.sub("#", span.name), span.shape


def _nearest(at: int, row: int) -> int:
    return (at + row // 2) // row
