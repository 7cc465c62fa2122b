"""Runs of zeros in a file, and which of them are holes: what a download or copy left out.

A hole ends anywhere: within a tensor, at the edge of a piece. What somebody meant ends where tensors or rows do
(`meant_zeros`). So a run that does not is a hole, however short: 64 KiB is the least that is told by itself, since smaller
pieces are not loaded by any client (BitTorrent: 16 KiB blocks in pieces from 64 KiB on); shorter ones are added up
(`short_zeros`). One that does may still be a
hole by chance (rows of 8 KiB in a file whose tensors begin at multiples of 32 bytes: 1 of 256): whole rows are told where
they have no order (`ordered_zeros`), tensors where they are many.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from model_manager.base.facts import GOOD, Health
from model_manager.base.messages import figure, said
from model_manager.formats.meant_zeros import SLACK, begins_as_zeros, is_table, is_unused, may_be_empty, may_lie
from model_manager.formats.ordered_zeros import Rows, ends_matrices, kind_of, sorted_out
from model_manager.formats.short_zeros import ORDERED_SHARE, ShortZeros, share_of
from model_manager.formats.span import Span

_TINY = 2 << 20
"""Below that size, files are made with tensors and rows of zeros, to test programs with."""
_BLANK_SHARE, _JOINED_SHARE, _KIND_SHARE = 0.4, 0.1, 0.15
"""From when weights of zeros alone are told; from when such as lie side by side: layers that begin as zeros (a gate, the
last of a block) never do; and from when such as are weights in other layers, but begin as zeros in none."""
_SOME_BLANK = 2
_ROWS_SHARE, _FEW_ROWS = 0.05, 256 << 10
"""From when whole rows of a table of tokens are told, of the table: some amid it may be kept free for later ones."""
_KEPT = 50_000
"""Runs of rows that are remembered until the end: what is more has no order."""
_LOOSE_RUN, _LOOSE_SHARE = 1 << 20, 0.02
"""Where nobody says where tensors lie: from when a run is told. Exporters fold whole zero tensors into such files."""
_MANY = 0.1


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
    short: ShortZeros = field(init=False)
    """Zeros of less than 64 KiB."""
    _starts: list[int] = field(default_factory=list)
    _rows: list[Rows] = field(default_factory=list)
    _blank: list[Span] = field(default_factory=list)
    _tables: dict[Span, int] = field(default_factory=dict)
    _listed: int = 0
    _within: dict[Span, list[tuple[int, int]]] = field(default_factory=dict)
    """Zeros that end amid the rows of one tensor: they may be the ends of its matrices."""

    def __post_init__(self) -> None:
        self._starts = [span.start for span in self.spans]
        self.short = ShortZeros(self.size, self.spans)

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
        whole = [span for span in met if not _cuts(span, start, stop) and not may_be_empty(span)]
        size = sum(span.size for span in whole)
        self.blank += size
        self.joined += size if len(whole) > 1 else 0
        self._blank += whole
        for span in met:
            part = min(stop, span.stop) - max(start, span.start)
            unused = stop >= span.stop and is_unused(span, part)
            if not _cuts(span, start, stop) or unused or may_be_empty(span):
                continue
            self.short.add_rows(span, max(start, span.start), min(stop, span.stop))
            if not span.row:
                self._listed += part
            elif is_table(span):
                self._tables[span] = self._tables.get(span, 0) + part
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
        alone, ordered = sorted_out([rows for rows in self._rows if not self.short.scattered(rows.span)], self.spans)
        self.alone, self.ordered = self.alone + alone, self.ordered + ordered + self.short.ordered
        self.rows = sum(
            empty
            for span, empty in self._tables.items()
            if empty > max(_FEW_ROWS, span.size * _ROWS_SHARE) and not self.short.scattered(span)
        ) + (self._listed if self._listed > max(_FEW_ROWS, self.size * _ROWS_SHARE) else 0)
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
        if (found := self.short.health()) != GOOD:
            return found
        if self._much_blank():
            return Health(
                "suspicious",
                said("{0} bytes ({1}) are tensors of zeros alone", figure(self.blank), share_of(self.blank, self.size)),
            )
        if rows := self._many_rows():
            return Health(
                "suspicious",
                said(
                    "{0} bytes ({1}) are whole rows of zeros: a part is missing, or was cut away on purpose",
                    figure(rows),
                    share_of(rows, self.size),
                ),
            )
        return GOOD

    def health_of_holes(self, absent: int) -> Health:
        """The same of runs of which `absent` bytes were never written: nobody makes tensors so, but copies may."""
        self._sort_out()
        share = absent / max(1, self.size)
        if self.missing or (self.loose and self._much_loose()) or self._much_blank() or self._many_rows():
            return Health(
                "incomplete" if share >= _MANY or self.missing else "suspicious",
                said(
                    "{0} of {1} bytes ({2}) were never written: its download or copy has not ended",
                    figure(absent),
                    figure(self.size),
                    share_of(absent, self.size),
                ),
            )
        return GOOD

    def _much_loose(self) -> bool:
        return self.longest >= _LOOSE_RUN or self.loose >= self.size * _LOOSE_SHARE

    def _much_blank(self) -> bool:
        most = self.size * _BLANK_SHARE
        return self.size >= _TINY and (
            self.blank > most or self.joined > self.size * _JOINED_SHARE or self._of_kinds() > self.size * _KIND_SHARE
        )

    def _of_kinds(self) -> int:
        """Bytes of tensors that are zeros alone, while others that differ in the number of the layer alone are not."""
        kinds = Counter(kind_of(span) for span in self.spans)
        blank = Counter(kind_of(span) for span in self._blank if not begins_as_zeros(span))
        partly = {kind for kind, count in blank.items() if _SOME_BLANK <= count < kinds[kind]}
        return sum(span.size for span in self._blank if kind_of(span) in partly)

    def _many_rows(self) -> int:
        """Bytes of rows of zeros, where they are told."""
        if self.size < _TINY:
            return 0
        ordered = self.ordered if self.ordered > self.size * ORDERED_SHARE else 0
        return self.rows + self.alone + ordered

    def _holes(self, empty: int) -> Health:
        share = empty / max(1, self.size)
        told = said(
            "{0} of {1} bytes ({2}) are zeros that end where no tensor does, {3} of them from byte {4} "
            "on: a part is missing",
            figure(empty),
            figure(self.size),
            share_of(empty, self.size),
            figure(self.longest),
            figure(self.longest_at),
        )
        return Health("incomplete" if share >= _MANY else "suspicious", told)


def _cuts(span: Span, start: int, stop: int) -> bool:
    """Whether zeros from `start` to `stop` leave some of a tensor that is more than chance."""
    return start > span.start + SLACK or stop < span.stop - SLACK
