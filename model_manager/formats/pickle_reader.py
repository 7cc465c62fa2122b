"""The bytes of a pickle: forward in pieces, never beyond their end or what is left of the limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from model_manager.base.messages import figure, said
from model_manager.formats.problem import FormatProblem, Limits

PIECE = 256 * 1024
_SCATTERED = 1024
"""Bytes read first behind a jump over an array's bytes."""
STEPS = 300_000
"""Opcodes of all pickles of one file: 0.1 to 0.2 s. A checkpoint has about 35 for each tensor, so 8,500 tensors."""
LONGEST_LINE = 4096
LONGEST_TEXT = 1024 * 1024  # protocol 0 writes a whole array's bytes as one line
_HELD = 8 * 1024 * 1024
CALLS = 30_000
"""Each takes as long as some 30 steps; a tensor has two."""
_INNER_STEPS = 100_000
_SEARCHED = 100_000
_AHEAD = 16 * 1024 * 1024
_PICKLE, _INNER_PICKLE = 300, 5
"""Steps that beginning a pickle counts as: opening its member and reading its head take as long."""
_ARCHIVES = 100
_PROGRAM = 1536 * 1024
_UNPACKED = 32 * 1024 * 1024


class Broken(Exception):
    """The pickle cannot be followed, nor loaded."""


class Cut(Broken):
    """The pickle goes on behind the end of its file."""

    def __init__(self) -> None:
        super().__init__(said("ends in the middle: the rest is missing"))


class Beyond(Exception):
    """One of our limits ended the walk."""


@dataclass(slots=True)
class Budget:
    """What is left of the limits for all pickles of one file, however many there are and however deep they lie."""

    steps: int
    calls: int = CALLS
    held: int = _HELD
    """Bytes of text that may still be kept."""
    unpacked: int = _UNPACKED
    """Bytes of compressed members that may still be unpacked."""
    searched: int = _SEARCHED
    """Values that are looked at for names, 0.2 s; where there are more, all names count as called."""
    ahead: int = _AHEAD
    """Bytes that are looked through behind the limits."""
    program: int = _PROGRAM
    """Bytes of a TorchScript program that are looked through."""
    archives: int = _ARCHIVES
    """Archives within the archive."""
    inner: Budget | None = None
    """The same for pickles within pickles; they have none within."""

    @classmethod
    def of(cls, limits: Limits) -> Budget:
        return cls(min(limits.opcodes, STEPS), inner=cls(_INNER_STEPS))

    def begin(self) -> None:
        """Counts one more pickle."""
        self.steps -= _PICKLE if self.inner else _INNER_PICKLE


class Reader:
    """A cursor over the bytes from `start` up to `end`; `data[at]` is the next one."""

    def __init__(self, file: BinaryIO, start: int, end: int, budget: Budget) -> None:
        self.file, self.end, self.budget = file, end, budget
        self.data, self.at, self.base = b"", 0, start
        self._piece = PIECE

    @property
    def position(self) -> int:
        return self.base + self.at

    def more(self, count: int) -> None:
        """Makes `count` bytes from the cursor available."""
        have = len(self.data) - self.at
        if have >= count:
            return
        position = self.position
        if position + count > self.end:
            raise Cut
        want = min(max(count, self._piece), self.end - position)
        self._piece = min(4 * self._piece, PIECE)
        self.file.seek(position)
        parts, missing = [], want
        try:
            while missing and (piece := self.file.read(missing)):
                parts.append(piece)
                missing -= len(piece)
        except FormatProblem:  # the file's budget is used up: what was met so far still counts
            raise Beyond(said("is spread over more of the file than this program reads")) from None
        self.data, self.base, self.at = b"".join(parts), position, 0
        if len(self.data) < count:
            raise Cut

    def take(self, count: int) -> bytes:
        if len(self.data) - self.at < count:
            self.more(count)
        at = self.at
        self.at = at + count
        return self.data[at : at + count]

    def line(self, most: int = LONGEST_LINE, codec: str = "utf-8") -> str:
        at = self.data.find(b"\n", self.at, self.at + most)
        if at < 0:
            left = self.end - self.position
            self.more(min(most, left))
            at = self.data.find(b"\n", self.at, self.at + most)
            if at < 0 and left < most:
                raise Cut
            if at < 0:
                raise Broken(said("has a line of text that does not end within {0} bytes", figure(most)))
        text = self.data[self.at : at]
        self.hold(len(text))
        self.at = at + 1
        return text.decode(codec, "backslashreplace")

    def skip(self, count: int) -> None:
        position = self.position + count
        if position > self.end:
            raise Broken(said("claims {0} bytes, more than there are,", figure(count)))
        if self.at + count <= len(self.data):
            self.at += count
        else:
            self.base, self.data, self.at = position, b"", 0
            self._piece = _SCATTERED

    def hold(self, count: int) -> None:
        self.budget.held -= count
        if self.budget.held < 0:
            raise Beyond(said("holds more than {0} bytes of text", figure(_HELD)))
