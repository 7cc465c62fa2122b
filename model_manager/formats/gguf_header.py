"""GGUF's own layout: keys, values and the tensor table, read in one forward pass.

Source: ggml `docs/gguf.md` and llama.cpp `ggml/src/gguf.cpp`. The `gguf` package makes one
numpy view per token and took 9.7 s for a 128k vocabulary; this reader hops over them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from model_manager.base.messages import figure, said
from model_manager.base.text import later
from model_manager.formats.byte_window import PIECE, ByteWindow
from model_manager.formats.gguf_types import TYPES
from model_manager.formats.known_lists import KNOWN, LEAST
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.span import Span
from model_manager.formats.tensors import Tensor

MAGIC = b"GGUF"
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_KEPT_STRINGS, _KEPT_NUMBERS = 64, 1024
_LONGEST_KEPT = 1 << 20
_DIMENSIONS = 8


@dataclass(frozen=True, slots=True)
class Skipped:
    """An array that was hopped over: its length and, of strings, the last entry."""

    count: int
    last: str = ""

    def __str__(self) -> str:
        return f"[{self.count:,} entries]"


@dataclass(slots=True)
class Header:
    version: int
    byte_order: str
    keys: dict[str, object] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)
    """Where each tensor begins, from `data_start` on."""
    data_start: int = 0
    data_end: int = 0
    """File offset behind the last tensor, by the table's own arithmetic."""
    unknown_types: set[int] = field(default_factory=set)

    def spans(self) -> list[Span]:
        """Where each tensor lies, in the order of the table."""
        return [
            Span(name, tensor.dtype, self.data_start + self.offsets[name], tensor.bytes, tensor.shape)
            for name, tensor in self.tensors.items()
        ]


def read_header(window: ByteWindow, limits: Limits) -> Header:
    """Reads everything before the tensor data. Raises FormatProblem."""
    if window.take(4) != MAGIC:
        raise FormatProblem("corrupt", said("does not begin with GGUF"))
    version = window.number("I")
    if version & 0xFFFF == 0 and version:  # a big-endian file read little-endian
        window.byte_order = ">"
        version = struct.unpack(">I", struct.pack("<I", version))[0]
    if version not in (1, 2, 3):
        raise FormatProblem("unknown", said("GGUF version {0} is not known to this program", version))
    walker = _Walker(window, limits, "I" if version == 1 else "Q")
    header = Header(version, window.byte_order)
    tensor_count, key_count = walker.count(), walker.count()
    least = 4 if version == 1 else 8
    _check("keys", key_count, limits.keys, window.left // (least + 5))
    _check("tensors", tensor_count, limits.tensors, window.left // (least + 16))
    for _ in range(key_count):
        key = walker.text(65_535, later("a key's name"))
        header.keys[key] = walker.value(window.number("I"), 0)
    _read_tensors(walker, header, tensor_count)
    return header


def _check(what: str, count: int, limit: int, possible: int) -> None:
    if count > possible:
        raise FormatProblem("corrupt", said("claims {0} {1}, more than the file can hold", figure(count), what))
    if count > limit:
        raise FormatProblem(
            "unknown", said("claims {0} {1}, over the limit of {2}", figure(count), what, figure(limit))
        )


def _read_tensors(walker: _Walker, header: Header, count: int) -> None:
    window = walker.window
    alignment = header.keys.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 20:
        raise FormatProblem("corrupt", said("general.alignment is {0}", str(alignment)[:40]))
    end = 0
    rests = [struct.Struct(f"{window.byte_order}{number}{walker.wide}IQ") for number in range(_DIMENSIONS + 1)]
    for _ in range(count):
        name = walker.text(4096, later("a tensor's name"))
        dimensions = window.number("I")
        if dimensions > _DIMENSIONS:
            raise FormatProblem(
                "corrupt", said("tensor {0} claims {1} dimensions", repr(name[:80]), figure(dimensions))
            )
        rest = rests[dimensions]
        *shape, kind, offset = rest.unpack(window.take(rest.size))
        elements = 1
        for side in shape:
            elements *= side
        if elements > 1 << 50:
            raise FormatProblem("corrupt", said("tensor {0} claims {1} elements", repr(name[:80]), f"{elements:.3g}"))
        type_name, block, block_bytes = TYPES.get(kind, (f"type {kind}", 1, 0))
        if kind not in TYPES:
            header.unknown_types.add(kind)
        size = -(-elements // block) * block_bytes
        if name in header.tensors:
            raise FormatProblem("corrupt", said("tensor {0} is listed twice", repr(name[:80])))
        header.tensors[name] = Tensor(tuple(shape[::-1]), type_name, size)
        header.offsets[name] = offset
        end = max(end, offset + size)
    header.data_start = -(-window.position // alignment) * alignment
    header.data_end = header.data_start + end if count else window.position


class _Walker:
    """Reads GGUF's strings, counts and values; `wide` is `I` in version 1, `Q` after it."""

    def __init__(self, window: ByteWindow, limits: Limits, wide: str) -> None:
        self.window, self.limits, self.wide = window, limits, wide
        self._length = struct.Struct(window.byte_order + wide)
        self._texts = 0

    def count(self) -> int:
        (count,) = self._length.unpack(self.window.take(self._length.size))
        return int(count)

    def text(self, limit: int, what: str) -> str:
        length = self.count()
        if length > self.window.left:
            raise FormatProblem(
                "corrupt",
                said("{0} claims {1} bytes, the file has {2} left", what, figure(length), figure(self.window.left)),
            )
        if length > limit:
            raise FormatProblem(
                "unknown", said("{0} is {1} bytes long, over the limit of {2}", what, figure(length), figure(limit))
            )
        return self.window.take(length).decode("utf-8", "replace")

    def value(self, kind: int, depth: int) -> object:
        letter = _SCALARS.get(kind)
        if letter:
            return self._scalar(letter)
        if kind == _STRING:
            return self.text(self.limits.header, later("a text"))
        if kind == _ARRAY:
            return self._array(depth)
        raise FormatProblem("corrupt", said("a value has type {0}, which GGUF does not define", kind))

    def _scalar(self, letter: str) -> object:
        if letter in "fd":
            return self.window.real(letter)
        if letter == "?":
            return self.window.number("B") != 0
        return self.window.number(letter)

    def _array(self, depth: int) -> object:
        if depth >= 3:
            raise FormatProblem("corrupt", said("arrays are nested more than three deep"))
        kind, count = self.window.number("I"), self.count()
        letter = _SCALARS.get(kind)
        if letter:
            return self._numbers(letter, count)
        if kind == _STRING:
            return self._strings(count)
        if kind != _ARRAY:
            raise FormatProblem("corrupt", said("an array has type {0}, which GGUF does not define", kind))
        if count > _KEPT_NUMBERS:
            raise FormatProblem("corrupt", said("claims an array of {0} arrays", figure(count)))
        return [self.value(_ARRAY, depth + 1) for _ in range(count)]

    def _numbers(self, letter: str, count: int) -> object:
        width = 1 if letter == "?" else struct.calcsize("<" + letter)
        if count * width > self.window.left:
            raise FormatProblem(
                "corrupt", said("an array claims {0} numbers, more than the file can hold", figure(count))
            )
        if count > _KEPT_NUMBERS:
            self.window.skip(count * width)
            return Skipped(count)
        return list(struct.unpack(f"{self.window.byte_order}{count}{letter}", self.window.take(count * width)))

    def _strings(self, count: int) -> object:
        if count * self._length.size > self.window.left:
            raise FormatProblem(
                "corrupt", said("an array claims {0} texts, more than the file can hold", figure(count))
            )
        self._texts += count
        if self._texts > self.limits.texts:
            raise FormatProblem(
                "unknown",
                said("lists {0} texts, over the limit of {1}", figure(self._texts), figure(self.limits.texts)),
            )
        if count <= _KEPT_STRINGS:
            return [self.text(_LONGEST_KEPT, later("a text in a list")) for _ in range(count)]
        self._pass(count - 1)
        return Skipped(count, self.text(_LONGEST_KEPT, later("a text in a list")))

    def _pass(self, count: int) -> None:
        """Passes over `count` strings; over a list that was met before, in another file of the family, at once."""
        if count < LEAST:
            self._hop(count)
            return
        key = KNOWN.key(self.window, self.wide, count)
        if not KNOWN.passes(self.window, key, self.limits.walked):
            start, digest = self.window.position, KNOWN.digest()
            if self._hop(count, digest):
                KNOWN.keep(key, self.window.position - start, digest.digest())

    def _hop(self, count: int, digest: Any = None) -> bool:
        """Passes over `count` strings: the whole cost of reading a tokenizer, so a tight loop.

        Answers whether `digest` was given all their bytes: a single text that is longer than a piece is not read.
        """
        window, width, unpack = self.window, self._length.size, self._length.unpack_from
        while count:
            if window.position > self.limits.walked:
                raise FormatProblem("unknown", said("the header is longer than {0} bytes", figure(self.limits.walked)))
            buffer, at = window.held(min(PIECE, window.left))
            start, last = at, len(buffer) - width
            while count and at <= last:
                at += width + unpack(buffer, at)[0]
                count -= 1
            if at == start:
                raise FormatProblem("truncated", said("the file ends within a list of texts"))
            end = window.position + (at - start)
            if end > window.size:
                raise FormatProblem("corrupt", said("a text in a list claims more bytes than the file has left"))
            behind = at - len(buffer)
            if behind > PIECE:
                digest = None
            if digest:
                digest.update(memoryview(buffer)[start:at])
                if behind > 0:
                    window.seek(end - behind)
                    digest.update(window.peek(behind))
            window.seek(end)
        return bool(digest)
