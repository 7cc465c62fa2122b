"""A bounded view of a binary file: reads forward in pieces, never past its end or our limits."""

from __future__ import annotations

import struct
from typing import BinaryIO

from model_manager.base.messages import figure, said
from model_manager.formats.problem import FormatProblem

FIRST = 64 * 1024
PIECE = 512 * 1024
SCATTERED = 1024
"""Bytes read first behind a jump over weights; each further piece is four times as large, up to the window's own."""


class ByteWindow:
    """A cursor over a file of known size that holds one piece of it in memory.

    `byte_order` is `<` until somebody finds it to be `>`. Every method that wants bytes beyond the end of the file
    raises FormatProblem("truncated"): the caller need not check each length on its own.
    `piece` is how much is read at a time, at most: less behind a jump, for headers may lie scattered between weights.
    """

    def __init__(self, file: BinaryIO, size: int, piece: int = PIECE) -> None:
        self.size = size
        self.read_bytes = 0
        self._file = file
        self._base = 0  # file offset of _buffer[0]
        self._buffer = b""
        self._at = 0  # cursor within _buffer
        self.byte_order = "<"
        self._piece = self._next = piece

    @property
    def position(self) -> int:
        return self._base + self._at

    @property
    def left(self) -> int:
        return self.size - self.position

    def seek(self, position: int) -> None:
        """Moves the cursor; what is held already is not read again."""
        if position < 0 or position > self.size:
            raise FormatProblem(
                "truncated", said("byte {0} is beyond the file's {1}", figure(position), figure(self.size))
            )
        if self._base <= position <= self._base + len(self._buffer):
            self._at = position - self._base
        else:
            self._base, self._buffer, self._at = position, b"", 0
            self._next = min(SCATTERED, self._piece)

    def skip(self, count: int) -> None:
        self.seek(self.position + count)

    def take(self, count: int) -> bytes:
        """The next `count` bytes. The caller has checked `count` against its limit."""
        self.hold(count)
        piece = self._buffer[self._at : self._at + count]
        self._at += count
        return piece

    def peek(self, count: int) -> bytes:
        """Up to `count` bytes from the cursor without moving it."""
        self.hold(min(count, self.left))
        return self._buffer[self._at : self._at + count]

    def number(self, form: str) -> int:
        """One integer in struct's letters, in the file's byte order: `I`, `Q`, `i`, `q`, `H`, `B` …"""
        order = self.byte_order + form
        (value,) = struct.unpack(order, self.take(struct.calcsize(order)))
        return int(value)

    def real(self, form: str) -> float:
        """One `f` or `d`."""
        layout = struct.Struct(self.byte_order + form)
        (value,) = layout.unpack(self.take(layout.size))
        return float(value)

    def held(self, count: int) -> tuple[bytes, int]:
        """The buffer and the cursor in it, with at least `count` bytes behind the cursor, for tight loops."""
        self.hold(count)
        return self._buffer, self._at

    def hold(self, count: int) -> None:
        """Makes `count` bytes from the cursor available in memory."""
        have = len(self._buffer) - self._at
        if have >= count:
            return
        if count > self.left:
            raise FormatProblem(
                "truncated",
                said(
                    "the header goes on to byte {0}, the file ends at {1}",
                    figure(self.position + count),
                    figure(self.size),
                ),
            )
        position = self.position
        piece = FIRST if position == 0 else self._next
        self._next = min(4 * piece, self._piece)
        want = min(max(count, piece), self.size - position)
        self._file.seek(position + have)
        parts = [self._buffer[self._at :]]
        missing = want - have
        while missing > 0:
            part = self._file.read(missing)
            if not part:
                raise FormatProblem("truncated", said("the file became shorter while it was read"))
            parts.append(part)
            missing -= len(part)
            self.read_bytes += len(part)
        self._base, self._at, self._buffer = position, 0, b"".join(parts)
