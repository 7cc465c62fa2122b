"""Protocol buffers without a schema: fields one after another, payloads handed out as spans, never copied.

Source: protobuf.dev/programming-guides/encoding. Field numbers are what the callers' formats define.
"""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.base.messages import figure, said
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.problem import FormatProblem

MOST_FIELDS = 150_000
"""Fields looked at in one file: at some 1 µs each this bounds the time that a hostile file can take. A graph of
50,000 nodes and 5,000 weights takes 110,000."""
_HEAD = 20
"""Bytes that a field's key and its number or length take at most."""
_FIXED = {1: 8, 5: 4}


class MessageWalker:
    """Walks messages within a window. `position` is where the payload of the field just met begins."""

    def __init__(self, window: ByteWindow) -> None:
        self.window = window
        self._left = MOST_FIELDS

    def fields(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(field, value, -1) of numbers and (field, start, end) of payloads, which the caller may read or leave.

        A payload that goes beyond `end` is `truncated` at the file's end, else `corrupt`.
        """
        at, window = start, self.window
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise FormatProblem("unknown", said("more than {0} fields", figure(MOST_FIELDS)))
            window.seek(at)
            head = window.take(min(_HEAD, end - at))
            key, used = _varint(head, 0, at, end == window.size)
            field, wire = key >> 3, key & 7
            if wire == 0:
                value, used = _varint(head, used, at, end == window.size)
                at += used
                yield field, value, -1
                continue
            if wire == 2:
                length, used = _varint(head, used, at, end == window.size)
            elif wire in _FIXED:
                length = _FIXED[wire]
            else:
                raise FormatProblem("corrupt", said("a field of wire type {0} at byte {1}", wire, figure(at)))
            at += used
            if not field:
                raise FormatProblem("corrupt", said("a field numbered 0 at byte {0}", figure(at)))
            if at + length > end:
                if end < window.size:
                    raise FormatProblem(
                        "corrupt", said("a field at byte {0} goes beyond the message that holds it", figure(at))
                    )
                raise FormatProblem(
                    "truncated",
                    said(
                        "its fields go on to byte {0}, the file ends at {1}", figure(at + length), figure(window.size)
                    ),
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
        if end - start > 10 * most:
            raise FormatProblem("corrupt", said("a list of more than {0} numbers", figure(most)))
        data, at = self.bytes(start, end, 10 * most), 0
        found: list[int] = []
        while at < len(data):
            value, at = _varint(data, at, start, False)
            found.append(value)
        return tuple(found)


def _varint(data: bytes, at: int, start: int, last: bool) -> tuple[int, int]:
    """The number at `at` of these bytes and the offset behind it. `start` is where they lie in the file, `last`
    whether they go up to its end."""
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise FormatProblem("corrupt", said("a number near byte {0} has more than 10 bytes", figure(start)))
    raise FormatProblem("truncated" if last else "corrupt", said("a number near byte {0} does not end", figure(start)))
