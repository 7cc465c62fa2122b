"""Short runs of zeros, from 512 bytes to 64 KiB: none is told by itself, but what they add up to is.

No dense weights have hundreds of zero bytes side by side but where somebody put them: rows that were cut away or padded,
what lies before a diagonal, blocks, ones with nothing but zeros between. Those begin or end where rows and lines do, or at
blocks of 128 bytes, or next to another run. What lies anywhere was lost: pages, sectors, pieces of a download.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from model_manager.base.facts import GOOD, Health
from model_manager.base.messages import figure, said
from model_manager.formats.meant_zeros import is_mask, is_state, is_table, may_be_empty
from model_manager.formats.runs import SHORT
from model_manager.formats.span import Span

_NEAR = 8
"""Zero bytes by which a run may go beyond its edge: those of the next value."""
_SECTOR, _BLOCK, _BETWEEN = 512, 128, 16
_LONGER = 4 << 10
_TINY = 2 << 20
_SHARE, _LITTLE = 0.01, 64 << 10
_LONGER_SHARE, _MUCH = 0.001, 1 << 20
ORDERED_SHARE, _BESIDE_SHARE = 0.15, 0.4
"""From when zeros in an order are told: heads of 80 values made 128 are 9 % of a model. Ones amid zeros are a matrix of
their own, a turn or a choice, and little of a model."""
_UNKNOWN_SHARE = 0.1
"""Where nobody says where rows begin: tables of filters and of automata have such runs."""
_MANY, _SINGLE, _FEW = 16, 2, 8
"""Rows here and there: from how many runs, most short, of which one in so many is of a row or two alone."""
_NOT_WEIGHTS = frozenset({"I16", "I64", "U16", "U32", "U64", "BOOL"})


class _Found:
    """In one tensor: bytes with an order and without, and runs of whole rows. What is asked of it for each run is kept."""

    __slots__ = ("may_be_empty", "on_sectors", "ordered", "row", "rows", "single", "skipped", "table", "units")

    def __init__(self, span: Span) -> None:
        self.ordered = self.rows = self.single = self.on_sectors = 0
        self.skipped = is_mask(span) or is_state(span) or span.dtype in _NOT_WEIGHTS
        self.table, self.row = is_table(span), span.row if span.row >= _BLOCK else 0
        steps = {span.step(level) for level in range(1, len(span.shape))}
        self.units = sorted(step for step in steps if step >= _SECTOR)
        self.may_be_empty = may_be_empty(span)

    @property
    def scattered(self) -> bool:
        """Whether its empty rows lie here and there: many runs, of one row or two, as no part of a file lies."""
        few_on_sectors = self.on_sectors * 2 < self.rows or self.table
        return self.rows >= _MANY and self.single * _FEW >= self.rows and few_on_sectors


@dataclass(slots=True)
class ShortZeros:
    """Adds up short runs of zeros among dense values."""

    size: int
    spans: Sequence[Span]
    amid: int = 0
    longer: int = 0
    unknown: int = 0
    beside: int = 0
    runs: int = 0
    _starts: list[int] = field(default_factory=list)
    _found: dict[int, _Found] = field(default_factory=dict)
    _before: int = -1

    def __post_init__(self) -> None:
        self._starts = [span.start for span in self.spans]

    def add(self, start: int, stop: int) -> None:
        """A run; what of it lies before the first tensor is a header's."""
        if not self.spans:
            self.unknown += stop - start
            self.runs += 1
            return
        place = max(0, bisect_right(self._starts, start) - 1)
        next_to, self._before = start - self._before <= _BETWEEN, stop
        while place < len(self.spans) and self.spans[place].start < stop:
            span = self.spans[place]
            first, last = max(start, span.start), min(stop, span.stop)
            if last - first >= SHORT:
                self._judge(span, first, last, next_to)
            place += 1

    def add_rows(self, span: Span, start: int, stop: int) -> None:
        """A long run of whole rows, which counts for whether rows are empty here and there."""
        self._count_rows(self._of(span), start - span.start, stop - span.start, _on_sectors(start, stop))

    def scattered(self, span: Span) -> bool:
        """Whether rows of a tensor are zeros here and there, as structured pruning leaves them: many runs, of one row or two."""
        found = self._found.get(span.start)
        return found is not None and found.scattered

    @property
    def ordered(self) -> int:
        """Bytes that have an order, but for masks and what else may be empty, and rows here and there."""
        return sum(found.ordered for found in self._found.values() if not found.may_be_empty and not found.scattered)

    def health(self) -> Health:
        """`suspicious` when there are more than any model has."""
        if self.size < _TINY:
            return GOOD
        if (
            self.unknown > max(_MUCH, self.size * _UNKNOWN_SHARE)
            or self.amid > max(_LITTLE, self.size * _SHARE)
            or self.longer > max(_MUCH, self.size * _LONGER_SHARE)
        ):
            empty = self.unknown + self.amid + self.beside + sum(found.ordered for found in self._found.values())
            return Health(
                "suspicious",
                said(
                    "{0} of {1} bytes ({2}) are zeros in {3} places amid its values: parts are missing",
                    figure(empty),
                    figure(self.size),
                    share_of(empty, self.size),
                    figure(self.runs),
                ),
            )
        ordered = self.ordered
        if ordered > self.size * ORDERED_SHARE or self.beside > self.size * _BESIDE_SHARE:
            empty = ordered + self.beside
            return Health(
                "suspicious",
                said(
                    "{0} bytes ({1}) are zeros in rows or parts of rows: a part is missing, or was cut away on purpose",
                    figure(empty),
                    share_of(empty, self.size),
                ),
            )
        return GOOD

    def _of(self, span: Span) -> _Found:
        found = self._found.get(span.start)
        if found is None:
            found = self._found[span.start] = _Found(span)
        return found

    def _judge(self, span: Span, start: int, stop: int, next_to: bool) -> None:
        found, length = self._of(span), stop - start
        if found.skipped or length == span.size:
            return
        if not span.shape:
            self.unknown += length
            self.runs += 1
            return
        sectors = _on_sectors(start, stop)
        first, last = start - span.start, stop - span.start
        if self._count_rows(found, first, last, sectors):
            ordered = found.table or not sectors
        else:
            if next_to and not sectors:
                self.beside += length
                return
            ordered = not sectors and _has_order(found, first, last, span.size)
        if ordered:
            found.ordered += length
            return
        self.amid += length
        self.longer += length if length >= _LONGER else 0
        self.runs += 1

    @staticmethod
    def _count_rows(found: _Found, first: int, last: int, sectors: bool) -> bool:
        """Whether it is whole rows."""
        row = found.row
        if not row or not (_on(first, row) and _on(last, row)):
            return False
        found.rows += 1
        found.single += last - first <= row * _SINGLE + _NEAR
        found.on_sectors += sectors
        return True


def share_of(part: int, size: int) -> str:
    """A share for people: a part is never all, nor nothing."""
    share = part / max(1, size)
    return f"{share if share >= 1 else min(max(share, 0.001), 0.999):.1%}"


def _on(at: int, unit: int) -> bool:
    """Whether a run's edge lies at a multiple of the unit, as near as chance may move it."""
    return (at + _NEAR) % unit <= 2 * _NEAR


def _on_sectors(start: int, stop: int) -> bool:
    return _on(start, _SECTOR) and _on(stop, _SECTOR)


def _has_order(found: _Found, first: int, last: int, size: int) -> bool:
    """Whether it begins or ends where a row or line does, or is made of blocks."""
    if first <= _NEAR or last >= size - _NEAR or (first % _BLOCK == 0 and last % _BLOCK <= _NEAR):
        return True
    return any(_on(first, unit) or _on(last, unit) for unit in found.units)
