"""The text attributes of an HDF5 file's root group, where Keras keeps its configuration.

Source: HDF5 file format specification 3.0: object headers of both versions, attribute and continuation messages,
variable-length texts in global heaps. Groups, data sets and densely stored attributes are not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from model_manager.base.messages import figure, said
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.problem import FormatProblem

_ATTRIBUTE, _CONTINUED, _ATTRIBUTES = 0x0C, 0x10, 0x15
_FIXED, _VARIABLE = 3, 9
_BLOCKS, _MESSAGES = 64, 2_000
_OTHERS = 200
_LARGEST = 1 << 20
"""Bytes of one block of messages; attributes of older files are at most 64 KiB."""
_LONGEST = 2 << 20
"""Bytes of one text."""


@dataclass(slots=True)
class Attributes:
    """`texts` by name; `dense` says that there are more, kept where they are not read. `others` are short texts of any
    other name."""

    texts: dict[str, bytes] = field(default_factory=dict)
    others: dict[str, bytes] = field(default_factory=dict)
    dense: bool = False


class Root:
    """Reads one object header. `width` is the bytes of an address, `base` is what addresses count from."""

    def __init__(self, window: ByteWindow, width: int, base: int) -> None:
        self._window, self._width, self._base = window, width, base
        self._left = _MESSAGES

    def attributes(self, address: int, wanted: frozenset[str]) -> Attributes:
        """The wanted ones of the object at `address`. Raises FormatProblem."""
        found = Attributes()
        for kind, body in self._messages(address):
            if kind == _ATTRIBUTES and body[-2 * self._width :] != b"\xff" * (2 * self._width):
                found.dense = found.dense or self._is_dense(body)
            elif kind == _ATTRIBUTE:
                name, rest = self._named(body)
                if name in wanted:
                    found.texts[name] = self._text(name, *rest)
                elif len(found.others) < _OTHERS:
                    found.others[name] = self._other(name, *rest)
        return found

    def _is_dense(self, body: bytes) -> bool:
        start = 2 + (2 if body[1:2] and body[1] & 1 else 0)
        heap = body[start : start + self._width]
        return len(heap) == self._width and heap != b"\xff" * self._width

    def _messages(self, address: int) -> Iterator[tuple[int, bytes]]:
        head = self._at(address, 16)
        blocks: list[tuple[int, int]] = []
        if head[:4] == b"OHDR":
            flags = head[5]
            start = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
            width = 1 << (flags & 3)
            size = int.from_bytes(self._at(address + start, width), "little")
            blocks.append((address + start + width, size))
            form, ordered = 2, bool(flags & 4)
        elif head[0] == 1:
            blocks.append((address + 16, int.from_bytes(head[8:12], "little")))
            form, ordered = 1, False
        else:
            raise FormatProblem("unknown", said("its root group has a form that is not known to this program"))
        for at, size in self._listed(blocks):
            for kind, body in self._in_block(self._at(at, size), form, ordered):
                if kind == _CONTINUED and len(body) >= 2 * self._width:
                    place, length = self._number(body, 0), self._number(body, self._width)
                    blocks.append((place + 4, length - 8) if form == 2 else (place, length))
                else:
                    yield kind, body

    def _listed(self, blocks: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """The blocks, also those that are added on the way; each once."""
        met: set[int] = set()
        for number in range(_BLOCKS + 1):
            if number == len(blocks):
                return
            at, size = blocks[number]
            if size < 0 or size > _LARGEST or at in met or number == _BLOCKS:
                raise FormatProblem("unknown", said("its root group is larger than this program reads"))
            met.add(at)
            yield at, size

    def _in_block(self, data: bytes, form: int, ordered: bool) -> Iterator[tuple[int, bytes]]:
        at, head = 0, 8 if form == 1 else 4 + 2 * ordered
        while at + head <= len(data):
            self._left -= 1
            if self._left < 0:
                raise FormatProblem("unknown", said("its root group has more than {0} messages", figure(_MESSAGES)))
            if form == 1:
                kind, size = (
                    int.from_bytes(data[at : at + 2], "little"),
                    int.from_bytes(data[at + 2 : at + 4], "little"),
                )
            else:
                kind, size = data[at], int.from_bytes(data[at + 1 : at + 3], "little")
            at += head
            yield kind, data[at : at + size]
            at += size

    def _named(self, body: bytes) -> tuple[str, tuple[bytes, bytes, bool]]:
        """An attribute's name; its type, its value, and whether the type is kept elsewhere."""
        if len(body) < 9:
            return "", (b"", b"", False)
        version = body[0]
        name_size, type_size, space_size = (int.from_bytes(body[at : at + 2], "little") for at in (2, 4, 6))
        at = 9 if version == 3 else 8
        padded = version == 1
        name = body[at : at + name_size].split(b"\0", 1)[0].decode("utf-8", "replace")
        at += _even(name_size, padded)
        kind = body[at : at + type_size]
        at += _even(type_size, padded) + _even(space_size, padded)
        return name, (kind, body[at:], version > 1 and bool(body[1] & 3))

    def _text(self, name: str, kind: bytes, value: bytes, shared: bool) -> bytes:
        if len(kind) < 8 or shared:
            raise FormatProblem("unknown", said("attribute {0} has a type that is not known to this program", name))
        if kind[0] & 15 == _FIXED:
            return value[: min(int.from_bytes(kind[4:8], "little"), _LONGEST)]
        if kind[0] & 15 == _VARIABLE:
            return self._from_heap(name, value)
        raise FormatProblem("unknown", said("attribute {0} is no text", name))

    def _other(self, name: str, kind: bytes, value: bytes, shared: bool) -> bytes:
        """The same for one that may be no text, and then is none here."""
        try:
            return self._text(name, kind, value, shared)
        except FormatProblem:
            return b""

    def _from_heap(self, name: str, place: bytes) -> bytes:
        """A variable-length text: its length, the address of a heap, a number in it."""
        length, heap = int.from_bytes(place[:4], "little"), self._number(place, 4)
        number = int.from_bytes(place[4 + self._width : 8 + self._width], "little")
        head = self._at(heap, 8 + self._width)
        size = self._number(head, 8)
        if head[:4] != b"GCOL" or length > _LONGEST:
            raise FormatProblem("unknown", said("attribute {0} is longer than this program reads", name))
        at, end = heap + 8 + self._width, heap + size
        for _ in range(_MESSAGES):
            if at + 8 + self._width > end:
                break
            entry = self._at(at, 8 + self._width)
            held = self._number(entry, 8)
            at += 8 + self._width
            if int.from_bytes(entry[:2], "little") == number and number:
                return self._at(at, min(length, held))
            at += -(-held // 8) * 8
        raise FormatProblem("unknown", said("attribute {0} is not where it is said to be", name))

    def _at(self, address: int, count: int) -> bytes:
        self._window.seek(self._base + address)
        return self._window.take(count)

    def _number(self, data: bytes, at: int) -> int:
        return int.from_bytes(data[at : at + self._width], "little")


def _even(size: int, padded: bool) -> int:
    return -(-size // 8) * 8 if padded else size
