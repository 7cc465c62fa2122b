"""Runs of zeros in bytes that come in pieces.

Long ones are told one by one. Short ones, down to a sector's 512 bytes, are told where what lies around them is dense: a
matrix of which most values are zero is full of them, and nobody left them out. They are found in a sample, every 254th byte:
two of its zeros in a row lie in a run, or nearly so. The sample meets the highest byte of a float, or a middle one, since the
lowest of floats that were once shorter are all zero.
"""

from __future__ import annotations

from collections.abc import Callable

LEAST = 64 << 10
"""Bytes of the shortest run that is long."""
SHORT = 512
"""Bytes of the shortest run that is told at all: a single value is often zero, hundreds side by side are not by chance."""
_STEP, _LITTLE = LEAST // 2, 1 << 10
_ZEROS, _FEW_ZEROS = bytes(_STEP), bytes(_LITTLE)
_EVERY, _FIRST = 254, 1
_SIGN, _LONG_SIGN = bytes(SHORT // _EVERY), bytes(LEAST // _EVERY)
_MISSED = 1000
"""Signs without a run, from when a piece is one of sparse values: only long runs are then looked for."""
_MOST = 2_000_000
"""Short runs that are told: what has more has been told of already, and each takes time."""
_SPARSE = 0.1
"""Zeros among the other values, from when they are sparse: of whole numbers of 8 bits some 4 % are zero, of floats none."""
_WIDTH = 8

Tell = Callable[[int, int], None]


class Runs:
    """Finds every run of LEAST zeros or more, and every shorter one among dense values, and tells where it begins and ends."""

    def __init__(self, tell: Tell, tell_short: Tell | None = None) -> None:
        self._tell, self._tell_short = tell, tell_short
        self._at, self._from = 0, -1
        self._empty = self._told = 0
        self._short: list[tuple[int, int]] = []

    def add(self, data: bytes) -> None:
        """The next piece."""
        self._empty = 0
        sparse = self._find(data)
        if self._short and self._tell_short and not sparse and _dense(data, self._empty):
            for start, stop in self._short:
                self._tell_short(start, stop)
            self._told += len(self._short)
            self._tell_short = self._tell_short if self._told < _MOST else None
        self._short.clear()
        self._at += len(data)

    def end(self) -> None:
        """Nothing more comes."""
        if self._from >= 0:
            self._close(self._at)
        if self._tell_short:
            for start, stop in self._short:
                self._tell_short(start, stop)

    def _find(self, data: bytes) -> bool:
        """Whether its values are sparse."""
        at = 0
        if self._from >= 0:
            at = _leading(data, 0)
            if at == len(data):
                return False
            self._close(self._at + at)
        sample, place = data[_FIRST::_EVERY], _behind(at)
        sign, missed = _SIGN if self._tell_short else _LONG_SIGN, 0
        while (place := sample.find(sign, place)) >= 0:
            at = place * _EVERY + _FIRST
            begin = at - _trailing(data[max(0, at - _EVERY) : at])
            stop = _leading(data, at)
            self._from = self._at + begin
            if stop == len(data):
                self._empty += stop - begin
                return missed > _MISSED
            if not self._close(self._at + stop):
                missed += 1
                sign = _LONG_SIGN if missed > _MISSED else sign
            place = _behind(stop)
        if data and not data[-1]:
            last = _trailing(data[-LEAST:])
            self._from, self._empty = self._at + len(data) - last, self._empty + last
        return missed > _MISSED

    def _close(self, stop: int) -> bool:
        """Whether the run was one that counts."""
        start, self._from = self._from, -1
        self._empty += stop - max(start, self._at)
        if stop - start >= LEAST:
            self._tell(start, stop)
        elif stop - start >= SHORT:
            self._short.append((start, stop))
        return stop - start >= SHORT


def _behind(at: int) -> int:
    """The first byte of the sample at `at` or behind."""
    return max(0, -((_FIRST - at) // _EVERY))


def _leading(data: bytes, at: int) -> int:
    """Where the zeros that begin at `at` end."""
    while data.startswith(_ZEROS, at):
        at += _STEP
    while data.startswith(_FEW_ZEROS, at):
        at += _LITTLE
    rest = data[at : at + _LITTLE]
    return at + len(rest) - len(rest.lstrip(b"\0"))


def _trailing(data: bytes) -> int:
    return len(data) - len(data.rstrip(b"\0"))


def _dense(data: bytes, empty: int) -> bool:
    """Whether few values outside the runs, of `empty` bytes, are zero. The highest byte of a value tells, whichever that is."""
    apart = _WIDTH * _WIDTH
    zeros = min(data[place::apart].count(0) for place in range(_WIDTH))
    return zeros - empty / apart <= _SPARSE * (len(data) - empty) / apart + 1
