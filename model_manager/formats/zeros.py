"""Runs of zeros in a file, and which of them are holes: what a download or copy left out.

A hole ends anywhere: within a tensor, at the edge of a piece. Zeros that somebody meant fill a tensor (a bias, a LoRA's
B before training) or whole rows of it (tokens that were never used: Qwen2.5-7B has 399 such rows, 2.8 MB; heads or
channels that were cut away; the blocks of a LoRA that was made for one of three joined projections), and masks are
zeros by design (SwinIR's attn_mask: 36 % of it, in runs of 112 KiB). So a run that begins and ends where tensors or rows
do says nothing against a model, however long, and one that does not is a hole, however short: 64 KiB is the least that
is looked at, since smaller pieces are not loaded by any client (BitTorrent: 16 KiB blocks in pieces from 64 KiB on).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from model_manager.base.facts import GOOD, Health
from model_manager.base.text import later
from model_manager.formats.places import Span

LEAST = 64 << 10
"""Bytes of the shortest run that is looked at."""
_STEP = LEAST // 2
"""Each run of LEAST bytes has all of one such step, wherever it begins."""
_ZEROS = bytes(_STEP)
_SLACK = 16
"""Zero bytes by which a run may go beyond where it was meant to end: the next value begins with some by chance."""
_LEAST_ROW = 512
"""Bytes of the smallest row that counts as one: with smaller ones any place is near the edge of a row."""
_ANYWHERE = re.compile(r"mask|lora_up|lora_B|lokr_|hada_w|\.tril$|causal", re.IGNORECASE)
"""Tensors that have zeros at any place."""
_EMPTY_AT_FIRST = re.compile(r"lora_up|lora_B|lora_b\b|hada_w2|bias|beta|mask|running_mean|position|index|zero_conv|alpha",
                             re.IGNORECASE)  # fmt: skip
"""Tensors that are made with zeros alone, and stay so where training did not reach them."""
_BLANK_SHARE, _TINY = 0.25, 2 << 20
"""From when tensors of zeros alone are told; below that size files are made so, to test programs with."""
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
    """Adds up runs of zeros. `missing`: bytes of holes; `blank`: of tensors that should hold something and are empty.

    `loose`: of runs in a file of which nobody knows where its tensors lie.
    """

    size: int
    spans: Sequence[Span]
    missing: int = 0
    blank: int = 0
    loose: int = 0
    longest: int = 0
    longest_at: int = 0
    _starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = [span.start for span in self.spans]

    def add(self, start: int, stop: int) -> None:
        """A run of zeros. Those in front of the first tensor are a header's, which has empty lists of its own."""
        if not self.spans:
            self.loose += stop - start
            self._note(start, stop)
            return
        first = max(0, bisect_right(self._starts, start) - 1)
        while first < len(self.spans) and self.spans[first].start + self.spans[first].size <= start:
            first += 1
        after = first
        while after < len(self.spans) and self.spans[after].start < stop:
            after += 1
        met = self.spans[first:after]
        if not met:
            return
        start, stop = max(start, met[0].start), min(stop, met[-1].start + met[-1].size)
        if _may_begin(met[0], start) and _may_end(met[-1], stop):
            self.blank += sum(
                min(stop, span.start + span.size) - max(start, span.start)
                for span in met if not _EMPTY_AT_FIRST.search(span.name)
            )  # fmt: skip
        else:
            self.missing += stop - start
            self._note(start, stop)

    def _note(self, start: int, stop: int) -> None:
        if stop - start > self.longest:
            self.longest, self.longest_at = stop - start, start

    def health(self) -> Health:
        """What the zeros say; `good` when they say nothing."""
        if self.missing:
            return self._holes(self.missing)
        if self.loose and (self.longest >= _LOOSE_RUN or self.loose >= self.size * _LOOSE_SHARE):
            return self._holes(self.loose)
        if self.size >= _TINY and self.blank > self.size * _BLANK_SHARE:
            share = self.blank / max(1, self.size)
            return Health("suspicious", f"{self.blank:,} bytes ({share:.1%}) are tensors of zeros alone")
        return GOOD

    def health_of_holes(self, absent: int) -> Health:
        """The same of runs of which `absent` bytes were never written: nobody makes tensors so, but copies may."""
        share = absent / max(1, self.size)
        loose = self.longest >= _LOOSE_RUN or self.loose >= self.size * _LOOSE_SHARE
        if self.missing or (self.loose and loose) or self.blank > self.size * _BLANK_SHARE:
            return Health(
                "incomplete" if share >= _MANY or self.missing else "suspicious",
                f"{absent:,} of {self.size:,} bytes ({share:.1%}) were never written: its download or copy has not ended",
            )
        return GOOD

    def _holes(self, empty: int) -> Health:
        share = empty / max(1, self.size)
        said = later(
            f"{empty:,} of {self.size:,} bytes ({share:.1%}) are zeros that end where no tensor does, {self.longest:,} of "
            f"them from byte {self.longest_at:,} on: a part is missing"
        )
        return Health("incomplete" if share >= _MANY else "suspicious", said)


def _may_begin(span: Span, start: int) -> bool:
    """Whether zeros that somebody meant may begin here: where the tensor does, or a row of it."""
    offset = start - span.start
    if offset <= 0 or offset >= span.size - _SLACK or _ANYWHERE.search(span.name):
        return True
    return span.row >= _LEAST_ROW and (offset % span.row == 0 or offset % span.row >= span.row - _SLACK)


def _may_end(span: Span, stop: int) -> bool:
    offset = stop - span.start
    if offset <= _SLACK or offset >= span.size or _ANYWHERE.search(span.name):
        return True
    return span.row >= _LEAST_ROW and offset % span.row <= _SLACK
