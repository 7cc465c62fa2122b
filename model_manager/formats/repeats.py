"""Parts of a file that say the same again and again: one byte, one page, one block of 64 KiB.

Weights never do so but where somebody made a whole tensor constant, padded it at its end or gave tokens the same row. What is
written over, wiped with a pattern or read from a broken disk does. Zeros are looked at elsewhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from model_manager.base.facts import GOOD, Health
from model_manager.base.messages import figure, said
from model_manager.formats.meant_zeros import SLACK, is_mask, is_state, is_table, may_be_empty, may_lie
from model_manager.formats.short_zeros import share_of
from model_manager.formats.span import Span

LEAST = 64 << 10
"""Bytes from when a part is told."""
_PERIODS = (4 << 10, 64 << 10)
"""What repeats in 1, 2, 4 … bytes repeats in these too."""
_STEP, _PROBE, _KEPT = 32 << 10, 64, 192 << 10
_NOTHING = bytes(_PROBE)
_TINY = 2 << 20
_PADDED = 0.25
_LISTS = frozenset({"I16", "I32", "I64", "U16", "U32", "U64", "BOOL"})
_SCALES = ("scale", "zero", "absmax", "code", "map")
"""Constant by nature: scales of blocks that are alike, zero points, tables of a quantization's values."""


class Repeats:
    """Finds every part of LEAST bytes or more that repeats itself, in bytes that come in pieces."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self._tell, self._at, self._recent = tell, 0, deque[bytes]()
        self._kept_size, self._from, self._period = 0, -1, 0

    def add(self, data: bytes) -> None:
        """The next piece."""
        at = 0
        if self._from >= 0:
            before = self._kept()[-self._period :]
            at = _as_before(before + data, len(before), self._period) - len(before)
            if at < len(data):
                self._close(self._at + at)
        while self._from < 0 and at + _PROBE <= len(data):
            period = _repeating(data, at)
            at = self._open(data, at, period) if period else at + _STEP
        self._at += len(data)
        self._recent.append(data[-_KEPT:])
        self._kept_size += len(self._recent[-1])
        while self._kept_size - len(self._recent[0]) >= _KEPT:
            self._kept_size -= len(self._recent.popleft())

    def end(self) -> None:
        """Nothing more comes."""
        if self._from >= 0:
            self._close(self._at)

    def _open(self, data: bytes, at: int, period: int) -> int:
        """Where to look on, behind a part that repeats itself around `at`."""
        stop = _as_before(data, at + period, period)
        kept = self._kept() if at < _KEPT else b""
        whole, shift = kept + data[: at + period] if kept else data, len(kept)
        self._from, self._period = self._at - shift + _as_behind(whole, at + shift, period), period
        if stop < len(data):
            self._close(self._at + stop)
        return max(stop, at + _PROBE)

    def _kept(self) -> bytes:
        """What came before this piece, as far back as a part may begin."""
        return b"".join(self._recent)

    def _close(self, stop: int) -> None:
        if stop - self._from >= LEAST:
            self._tell(self._from, stop)
        self._from = -1


def _repeating(data: bytes, at: int) -> int:
    """With which period the bytes from `at` on repeat themselves; 0: not, or they are zeros."""
    probe = data[at : at + _PROBE]
    for period in _PERIODS:
        if data.startswith(probe, at + period) and probe != _NOTHING:
            unit = data[at : at + period]
            if data.startswith(unit, at + period):
                return period
    return 0


def _as_before(data: bytes, at: int, period: int) -> int:
    """Up to where every byte from `at` on is that of one period before."""
    step = _STEP
    while at < len(data):
        part = data[at : at + step]
        if data.startswith(part, at - period):
            at += len(part)
        elif len(part) == 1:
            return at
        else:
            step = len(part) // 2
    return at


def _as_behind(data: bytes, at: int, period: int) -> int:
    """Back to where every byte before `at` is that of one period behind."""
    step = _STEP
    while at > 0:
        first = max(0, at - step)
        part = data[first:at]
        if data.startswith(part, first + period):
            at = first
        elif len(part) == 1:
            return at
        else:
            step = len(part) // 2
    return at


@dataclass(slots=True)
class Repeated:
    """Adds up parts that repeat themselves where nobody meant them to."""

    size: int
    spans: Sequence[Span]
    empty: int = 0
    first: int = -1
    _starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = [span.start for span in self.spans]

    def add(self, start: int, stop: int) -> None:
        """A part; what lies in no tensor is nobody's."""
        place = max(0, bisect_right(self._starts, start) - 1)
        while place < len(self.spans) and self.spans[place].start < stop:
            span = self.spans[place]
            part = min(stop, span.stop) - max(start, span.start)
            if part > 0 and not _meant(span, start, stop):
                self.empty += part
                self.first = max(start, span.start) if self.first < 0 else self.first
            place += 1

    def health(self) -> Health:
        """`suspicious` when there is one at all."""
        if self.size < _TINY or self.empty < LEAST:
            return GOOD
        return Health(
            "suspicious",
            said(
                "{0} of {1} bytes ({2}), from byte {3} on, repeat the same few bytes: a part is missing, "
                "or was written over",
                figure(self.empty),
                figure(self.size),
                share_of(self.empty, self.size),
                figure(self.first),
            ),
        )


def _meant(span: Span, start: int, stop: int) -> bool:
    if len(span.shape) < 2 or span.dtype in _LISTS or is_mask(span) or is_state(span) or may_be_empty(span):
        return True
    if any(word in span.name.lower() for word in _SCALES):
        return True
    begins, ends = start <= span.start + SLACK, stop >= span.stop - SLACK
    if begins and ends:
        return True
    if ends and stop <= span.stop + SLACK and span.stop - start <= span.size * _PADDED:
        return True
    return is_table(span) and may_lie(span, start, stop)
