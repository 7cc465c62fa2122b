"""FlatBuffers without a schema: tables, vectors and texts by field number, every offset checked against the file.

Source: flatbuffers.dev/internals. A wrong offset is `truncated` where it leads beyond the file, as a cut file's do.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from model_manager.base.messages import figure, said
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.problem import FormatProblem

_MOST = 20_000
"""Entries of one vector; the largest models have some 5,000, and a table costs some 3 µs."""
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class FlatbufferTable:
    """A table at `at`; `fields` are the offsets of its fields from there, 0 for those left out."""

    window: ByteWindow
    size: int
    at: int
    fields: tuple[int, ...]

    def number(self, field: int, form: str = "I") -> int:
        """A number stored in the table itself, 0 when left out."""
        place = self._place(field)
        if not place:
            return 0
        self.window.seek(place)
        return self.window.number(form)

    def text(self, field: int) -> str:
        start, count = self._vector(field)
        if not count:
            return ""
        if start + count > self.size:
            raise FormatProblem("truncated", said("a text goes beyond byte {0}, the file's end", figure(self.size)))
        self.window.seek(start)
        return self.window.take(min(count, _LONGEST)).decode("utf-8", "replace")

    def length(self, field: int) -> int:
        """Bytes of a vector of bytes, which must lie within the file."""
        start, count = self._vector(field)
        if start + count > self.size:
            raise FormatProblem(
                "truncated", said("data ends at byte {0}, the file has {1}", figure(start + count), figure(self.size))
            )
        return count

    def numbers(self, field: int, most: int = _MOST) -> tuple[int, ...]:
        """A vector of i32."""
        start, count = self._vector(field)
        if count > most:
            raise FormatProblem("corrupt", said("a list claims {0} numbers", figure(count)))
        if not count:
            return ()
        self.window.seek(start)
        return struct.unpack(f"<{count}i", self.window.take(4 * count))

    def tables(self, field: int) -> list[FlatbufferTable]:
        """A vector of tables."""
        start, count = self._vector(field)
        if count * 4 > self.size:
            raise FormatProblem(
                "corrupt", said("a list claims {0} entries, more than the file can hold", figure(count))
            )
        if count > _MOST:
            raise FormatProblem(
                "unknown", said("a list of {0} entries is over the limit of {1}", figure(count), figure(_MOST))
            )
        if not count:
            return []
        self.window.seek(start)
        offsets = struct.unpack(f"<{count}I", self.window.take(4 * count))
        return [_table(self.window, self.size, start + 4 * index + offset) for index, offset in enumerate(offsets)]

    def _place(self, field: int) -> int:
        offset = self.fields[field] if field < len(self.fields) else 0
        return self.at + offset if offset else 0

    def _vector(self, field: int) -> tuple[int, int]:
        """Where a vector's entries begin, and how many there are."""
        place = self._place(field)
        if not place:
            return 0, 0
        self.window.seek(place)
        start = place + self.window.number("I")
        self.window.seek(min(start, self.size))
        return start + 4, self.window.number("I")


def root(window: ByteWindow, size: int) -> FlatbufferTable:
    """The table that the file's first four bytes point to."""
    window.seek(0)
    return _table(window, size, window.number("I"))


def _table(window: ByteWindow, size: int, at: int) -> FlatbufferTable:
    window.seek(min(at, size))
    table = at - window.number("i")
    if not 0 <= table < size:
        raise FormatProblem("corrupt", said("a table at byte {0} has no layout", figure(at)))
    window.seek(table)
    length = window.number("H")
    if length < 4 or length > 512:
        raise FormatProblem(
            "corrupt", said("a table at byte {0} has a layout of {1} bytes", figure(at), figure(length))
        )
    window.skip(2)
    return FlatbufferTable(window, size, at, struct.unpack(f"<{length // 2 - 2}H", window.take(length // 2 * 2 - 4)))
