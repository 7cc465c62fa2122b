"""Protocol buffers without a schema: fields one after another, payloads handed out as spans, never copied.

Source: protobuf.dev/programming-guides/encoding. Field numbers are what the callers' formats define.
"""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.formats.problem import FormatProblem
from model_manager.formats.window import Window

MOST_FIELDS = 300_000
"""Fields looked at in one file: at some 1.5 µs each this bounds the time that a hostile file can take."""
_FIXED = {1: 8, 5: 4}


class Walker:
    """Walks messages within a window. `position` is where the payload of the field just met begins."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._left = MOST_FIELDS

    def fields(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(field, value, -1) of numbers and (field, start, end) of payloads, which the caller may read or leave.

        A payload that goes beyond `end` is `truncated` at the file's end, else `corrupt`.
        """
        at = start
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise FormatProblem("unknown", f"more than {MOST_FIELDS:,} fields")
            self.window.seek(at)
            key, at = self._varint(at, end)
            field, wire = key >> 3, key & 7
            if wire == 0:
                value, at = self._varint(at, end)
                yield field, value, -1
                continue
            if wire == 2:
                length, at = self._varint(at, end)
            elif wire in _FIXED:
                length = _FIXED[wire]
            else:
                raise FormatProblem("corrupt", f"a field of wire type {wire} at byte {at:,}")
            if not field:
                raise FormatProblem("corrupt", f"a field numbered 0 at byte {at:,}")
            if at + length > end:
                if end < self.window.size:
                    raise FormatProblem("corrupt", f"a field at byte {at:,} goes beyond the message that holds it")
                raise FormatProblem(
                    "truncated", f"its fields go on to byte {at + length:,}, the file ends at {self.window.size:,}"
                )
            yield field, at, at + length
            at += length

    def bytes(self, start: int, end: int, limit: int) -> bytes:
        """At most `limit` bytes of a payload."""
        self.window.seek(start)
        return self.window.take(min(end - start, limit))

    def text(self, start: int, end: int, limit: int = 4096) -> str:
        return self.bytes(start, end, limit).decode("utf-8", "replace")

    def numbers(self, start: int, end: int, most: int) -> tuple[int, ...]:
        """A packed list of varints."""
        found: list[int] = []
        while start < end:
            self.window.seek(start)
            value, start = self._varint(start, end)
            found.append(value)
            if len(found) > most:
                raise FormatProblem("corrupt", f"a list of more than {most:,} numbers")
        return tuple(found)

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """The number at the cursor and the offset behind it; `at` is the cursor's own offset."""
        data = self.window.take(1) if at < end else b""
        if data and data[0] < 0x80:
            return data[0], at + 1
        if data:
            data += self.window.take(min(9, end - at - 1))
        value = 0
        for index, byte in enumerate(data):
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                self.window.seek(at + index + 1)
                return value, at + index + 1
        kind = "truncated" if end >= self.window.size and len(data) < 10 else "corrupt"
        raise FormatProblem("truncated" if kind == "truncated" else "corrupt", f"a number at byte {at:,} does not end")
