"""Runs of zeros in a file, and which of them are holes: what a download or copy left out.

A hole ends anywhere: within a tensor, at the edge of a piece. What somebody meant ends where tensors or rows do
(`meant_zeros`). So a run that does not is a hole, however short: 64 KiB is the least that is looked at, since smaller
pieces are not loaded by any client (BitTorrent: 16 KiB blocks in pieces from 64 KiB on). One that does may still be a
hole by chance (rows of 8 KiB in a file whose tensors begin at multiples of 32 bytes: 1 of 256): whole rows are told where
they have no order (`ordered_zeros`), tensors where they are many.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from model_manager.base.facts import GOOD, Health
from model_manager.base.text import later
from model_manager.formats.meant_zeros import SLACK, is_table, may_be_empty, may_lie
from model_manager.formats.ordered_zeros import Rows, ends_matrices, sorted_out
from model_manager.formats.span import Span

LEAST = 64 << 10
"""Bytes of the shortest run that is looked at."""
_STEP = LEAST // 2
"""Each run of LEAST bytes has all of one such step, wherever it begins."""
_ZEROS = bytes(_STEP)
_TINY = 2 << 20
"""Below that size, files are made with tensors and rows of zeros, to test programs with."""
_BLANK_SHARE, _JOINED_SHARE = 0.4, 0.1
"""From when weights of zeros alone are told, and from when such as lie side by side: layers that begin as zeros (a
gate, the last of a block) never do."""
_ROWS_SHARE, _FEW_ROWS = 0.05, 256 << 10
"""From when whole rows of a table of tokens are told: some amid it may be kept free for later ones."""
_ORDERED_SHARE = 0.15
"""From when rows in an order are told: heads of 80 values made 128 are 9 % of a model."""
_KEPT = 50_000
"""Runs of rows that are remembered until the end: what is more has no order."""
_UNUSED_SHARE = 0.15
"""Of a table of tokens, how much of its end may never have been used: 399 of 152,064 rows in Qwen2.5."""
_LOOSE_RUN, _LOOSE_SHARE = 1 << 20, 0.02
"""Where nobody says where tensors lie: from when a run is told. Exporters fold whole zero tensors into such files."""
_MANY = 0.1


class Runs:
    """Finds every run of LEAST zeros or more in bytes that come in pieces, and tells where it begins and ends."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self._tell, self._at, self._from = tell, 0, -1

    def add(self, data: bytes) -> None:
        """The next piece."""
        at = 0
        if self._from >= 0:
            at = _leading(data, 0)
            if at == len(data):
                self._at += at
                return
            self._close(self._at + at)
        while at + _STEP <= len(data):
            if data[at] or not data.startswith(_ZEROS, at):
                at += _STEP
                continue
            begin = at - _trailing(data[max(0, at - _STEP) : at])
            at = _leading(data, at)
            self._from = self._at + begin
            if at == len(data):
                self._at += at
                return
            self._close(self._at + at)
        if data and not data[-1]:
            self._from = self._at + len(data) - _trailing(data[-LEAST:])
        self._at += len(data)

    def end(self) -> None:
        """Nothing more comes."""
        if self._from >= 0:
            self._close(self._at)

    def _close(self, stop: int) -> None:
        if stop - self._from >= LEAST:
            self._tell(self._from, stop)
        self._from = -1


def _leading(data: bytes, at: int) -> int:
    """Where the zeros that begin at `at` end."""
    while data.startswith(_ZEROS, at):
        at += _STEP
    rest = data[at : at + _STEP]
    return at + len(rest) - len(rest.lstrip(b"\0"))


def _trailing(data: bytes) -> int:
    return len(data) - len(data.rstrip(b"\0"))


@dataclass(slots=True)
class Emptiness:
    """Adds up runs of zeros, in bytes. `missing`: of holes; `blank`: of weights that are zeros alone.

    `joined`: of those, what lies side by side; `rows`: of whole rows of tables, more than anybody leaves unused;
    `alone` and `ordered`: of whole rows of other tensors, without an order and with one; `loose`: of runs in a file of
    which nobody knows where its tensors lie.
    """

    size: int
    spans: Sequence[Span]
    missing: int = 0
    blank: int = 0
    joined: int = 0
    rows: int = 0
    alone: int = 0
    ordered: int = 0
    loose: int = 0
    longest: int = 0
    longest_at: int = 0
    _starts: list[int] = field(default_factory=list)
    _rows: list[Rows] = field(default_factory=list)
    _within: dict[Span, list[tuple[int, int]]] = field(default_factory=dict)
    """Zeros that end amid the rows of one tensor: they may be the ends of its matrices."""

    def __post_init__(self) -> None:
        self._starts = [span.start for span in self.spans]

    def add(self, start: int, stop: int, written: bool = True) -> None:
        """A run of zeros. Those in front of the first tensor are a header's, which has empty lists of its own.

        `written`: whether somebody wrote zeros, at least up to its ends. What nobody wrote is no row that is unused.
        """
        if not self.spans:
            self.loose += stop - start
            self._note(start, stop)
            return
        first = max(0, bisect_right(self._starts, start) - 1)
        while first < len(self.spans) and self.spans[first].stop <= start:
            first += 1
        after = first
        while after < len(self.spans) and self.spans[after].start < stop:
            after += 1
        met = self.spans[first:after]
        if not met:
            return
        start, stop = max(start, met[0].start), min(stop, met[-1].stop)
        parts = [met[0], met[-1]] if len(met) > 1 else met
        if all(may_lie(span, start, stop) for span in parts) and (
            written or not any(_cuts(s, start, stop) for s in parts)
        ):
            self._meant(met, start, stop)
        elif written and len(met) == 1 and len(met[0].shape) > 1:
            self._within.setdefault(met[0], []).append((start, stop))
        else:
            self._lacks(start, stop)

    def _lacks(self, start: int, stop: int) -> None:
        self.missing += stop - start
        self._note(start, stop)

    def _meant(self, met: Sequence[Span], start: int, stop: int) -> None:
        whole = [span.size for span in met if not _cuts(span, start, stop) and not may_be_empty(span)]
        self.blank += sum(whole)
        self.joined += sum(whole) if len(whole) > 1 else 0
        for span in met:
            part = min(stop, span.stop) - max(start, span.start)
            unused = is_table(span) and stop >= span.stop and part <= span.size * _UNUSED_SHARE
            if not _cuts(span, start, stop) or unused or may_be_empty(span):
                continue
            if is_table(span) or not span.row:
                self.rows += part
            elif len(self._rows) >= _KEPT:
                self.alone += part
            else:
                inside = max(start, span.start), min(stop, span.stop)
                others = [other for other in (met[0], met[-1]) if other is not span]
                self._rows.append(Rows(span, *inside, on=any(_cuts(other, start, stop) for other in others)))

    def _sort_out(self) -> None:
        """Tells what has an order from what has none, once all runs are known."""
        for span, runs in self._within.items():
            if ends_matrices(span, runs):
                self.ordered += sum(stop - start for start, stop in runs)
            else:
                for start, stop in runs:
                    self._lacks(start, stop)
        alone, ordered = sorted_out(self._rows, self.spans)
        self.alone, self.ordered = self.alone + alone, self.ordered + ordered
        self._within, self._rows = {}, []

    def _note(self, start: int, stop: int) -> None:
        if stop - start > self.longest:
            self.longest, self.longest_at = stop - start, start

    def health(self) -> Health:
        """What the zeros say, when all of them were added; `good` when they say nothing."""
        self._sort_out()
        if self.missing:
            return self._holes(self.missing)
        if self.loose and self._much_loose():
            return self._holes(self.loose)
        if self._much_blank():
            share = self.blank / max(1, self.size)
            return Health("suspicious", f"{self.blank:,} bytes ({_percent(share)}) are tensors of zeros alone")
        if rows := self._many_rows():
            share = rows / max(1, self.size)
            return Health(
                "suspicious",
                f"{rows:,} bytes ({_percent(share)}) are whole rows of zeros: a part is missing, or was cut away on purpose",
            )
        return GOOD

    def health_of_holes(self, absent: int) -> Health:
        """The same of runs of which `absent` bytes were never written: nobody makes tensors so, but copies may."""
        self._sort_out()
        share = absent / max(1, self.size)
        if self.missing or (self.loose and self._much_loose()) or self._much_blank() or self._many_rows():
            return Health(
                "incomplete" if share >= _MANY or self.missing else "suspicious",
                f"{absent:,} of {self.size:,} bytes ({_percent(share)}) were never written: its download or copy has not ended",
            )
        return GOOD

    def _much_loose(self) -> bool:
        return self.longest >= _LOOSE_RUN or self.loose >= self.size * _LOOSE_SHARE

    def _much_blank(self) -> bool:
        most = self.size * _BLANK_SHARE
        return self.size >= _TINY and (self.blank > most or self.joined > self.size * _JOINED_SHARE)

    def _many_rows(self) -> int:
        """Bytes of rows of zeros, where they are told."""
        if self.size < _TINY:
            return 0
        rows = self.rows if self.rows > max(_FEW_ROWS, self.size * _ROWS_SHARE) else 0
        ordered = self.ordered if self.ordered > self.size * _ORDERED_SHARE else 0
        return rows + self.alone + ordered

    def _holes(self, empty: int) -> Health:
        share = empty / max(1, self.size)
        said = later(
            f"{empty:,} of {self.size:,} bytes ({_percent(share)}) are zeros that end where no tensor does, {self.longest:,} of "
            f"them from byte {self.longest_at:,} on: a part is missing"
        )
        return Health("incomplete" if share >= _MANY else "suspicious", said)


def _cuts(span: Span, start: int, stop: int) -> bool:
    """Whether zeros from `start` to `stop` leave some of a tensor that is more than chance."""
    return start > span.start + SLACK or stop < span.stop - SLACK


def _percent(share: float) -> str:
    """A share for people: a part is never all, nor nothing."""
    return f"{share if share >= 1 else min(max(share, 0.001), 0.999):.1%}"
