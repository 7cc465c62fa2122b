"""A file that is compressed as a whole (joblib, and what people do to pickles): unpacked up to a bound, in memory.

Where it is longer, or packed in a way that Python's own library does not unpack, nothing is said of the rest.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import BinaryIO, Protocol

from model_manager.base.messages import said, told_by
from model_manager.formats.problem import FormatProblem

_PIECE = 64 * 1024
_MEMORY = 32 * 1024 * 1024
_MAGICS = (
    (b"\x1f\x8b\x08", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"\x5d\0\0", "lzma"),
    (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4"), (b"\x02\x21\x4c\x18", "lz4"), (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"), (b"ZF0x", "joblib's old way"),
)  # fmt: skip
_MOST = {"gzip": 8 << 20, "zlib": 8 << 20, "bzip2": 1 << 20, "xz": 3 << 20, "lzma": 3 << 20}
"""Bytes unpacked: some 0.1 s each on a slow computer."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def kind_of(head: bytes) -> str:
    """How a file is compressed by its first bytes; empty when it is not."""
    if head[:1] == b"x" and head[1:2] in (b"\x01", b"\x5e", b"\x9c", b"\xda"):
        return "zlib"
    return next((kind for magic, kind in _MAGICS if head.startswith(magic)), "")


def unpacked(file: BinaryIO, kind: str) -> tuple[bytes, bool]:
    """The first bytes of what is inside, and whether they are all. Raises FormatProblem."""
    most = _MOST.get(kind, 0)
    if not most:
        raise FormatProblem("unknown", said("compressed with {0}, which this program does not unpack", kind))
    unpacker = _unpacker(kind)
    file.seek(0)
    parts: list[bytes] = []
    left, data = most, b""
    try:
        while left > 0 and not unpacker.eof:
            if not data and getattr(unpacker, "needs_input", True) and not (data := file.read(_PIECE)):
                raise FormatProblem("truncated", said("compressed with {0}, and its end is missing", kind))
            part = unpacker.decompress(data, left)
            data = getattr(unpacker, "unconsumed_tail", b"")
            parts.append(part)
            left -= len(part)
    except (OSError, zlib.error, lzma.LZMAError, EOFError, ValueError, MemoryError) as error:
        raise FormatProblem(
            "unknown", said("compressed with {0}, and cannot be unpacked ({1})", kind, told_by(error, 80))
        ) from None
    return b"".join(parts), unpacker.eof and not getattr(unpacker, "unused_data", b"")


def _unpacker(kind: str) -> _Unpacker:
    if kind == "gzip":
        return zlib.decompressobj(31)
    if kind == "zlib":
        return zlib.decompressobj(15)
    if kind == "bzip2":
        return bz2.BZ2Decompressor()
    return lzma.LZMADecompressor(memlimit=_MEMORY)
