"""A zip archive's directory, read as far as it must be to trust what it says of each member.

Source: PKWARE APPNOTE 6.3. `zipfile` is not used: it holds 0.5 KiB for each member, takes 10 µs for each, and
believes the directory where PyTorch's own reader believes the local headers; attacks live in that difference.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from model_manager.base.messages import figure, said
from model_manager.formats.problem import FormatProblem, Limits

LOCAL = b"PK\x03\x04"
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_PIECE = 64 * 1024
STORED, DEFLATED = 0, 8
_ENCRYPTED, _LATER = 0x1 | 0x40 | 0x2000, 0x8
"""Flag bits: encrypted (also strongly, also the directory); sizes and CRC follow the data."""


class Member(NamedTuple):
    """One entry of the directory."""

    name: str
    size: int
    packed: int
    method: int
    flags: int
    crc: int
    offset: int
    """Where its local header begins."""


def members(file: BinaryIO, size: int, limits: Limits) -> list[Member]:
    """The central directory. Raises FormatProblem: `truncated` without one, `unsafe` when it contradicts itself."""
    count, length, start, end = _end(file, size)
    if start + length != end:
        raise FormatProblem(
            "unsafe", said("the zip's directory is not where its end says: readers may see different files")
        )
    if count > limits.members:
        raise FormatProblem(
            "unknown", said("lists {0} members, over the limit of {1}", figure(count), figure(limits.members))
        )
    if length > limits.header:
        raise FormatProblem(
            "unknown", said("a directory of {0} bytes is over the limit of {1}", figure(length), figure(limits.header))
        )
    table = _read_at(file, start, length)
    found = list(_entries(table, start))
    if len(found) != count:
        raise FormatProblem(
            "unsafe", said("the zip's directory lists {0} members, its end says {1}", figure(len(found)), figure(count))
        )
    return found


def _end(file: BinaryIO, size: int) -> tuple[int, int, int, int]:
    """Count, length and offset of the directory, and where the records behind it begin."""
    look = min(size, _END.size + 65_535)
    tail = _read_at(file, size - look, look)
    at = len(tail) - _END.size
    at = tail.rfind(b"PK\x05\x06", 0, at + 4) if at >= 0 else -1
    if at < 0:
        raise FormatProblem("truncated", said("the zip's directory at its end is missing: the file was not finished"))
    _, disk, first_disk, _, count, length, start, _ = _END.unpack_from(tail, at)
    end = size - look + at
    if disk not in (0, 0xFFFF) or first_disk not in (0, 0xFFFF):
        raise FormatProblem("unknown", said("one part of a zip in several parts"))
    locator = tail[at - 20 : at] if at >= 20 else b""
    if locator[:4] == b"PK\x06\x07":  # PyTorch writes the 64-bit end always
        (place,) = struct.unpack_from("<Q", locator, 8)
        record = _read_at(file, place, _END64.size) if place <= end - _END64.size else b""
        if record[:4] != b"PK\x06\x06":
            raise FormatProblem("unsafe", said("the zip's 64-bit end is not where it is said to be"))
        wide = _END64.unpack(record)[7:10]
        for short, full, long in zip((count, length, start), (0xFFFF, *[0xFFFFFFFF] * 2), wide, strict=True):
            if short not in (long, full):
                raise FormatProblem("unsafe", said("the zip has two ends that contradict each other"))
        (count, length, start), end = wide, place
    return count, length, start, end


def _entries(table: bytes, start: int) -> Iterator[Member]:
    at = 0
    while at + _ENTRY.size <= len(table):
        (magic, _, _, flags, method, _, _, crc, packed, size, name_length, extra_length, comment_length,
         _, _, _, offset) = _ENTRY.unpack_from(table, at)  # fmt: skip
        if magic != b"PK\x01\x02":
            return
        at += _ENTRY.size
        name = table[at : at + name_length].decode("utf-8", "surrogateescape")
        at += name_length
        if 0xFFFFFFFF in (packed, size, offset):
            size, packed, offset = _wide(table[at : at + extra_length], size, packed, offset)
        at += extra_length + comment_length
        if offset + _LOCAL.size + packed > start:
            raise FormatProblem("unsafe", said("member {0} is said to lie behind the zip's data", repr(name[:80])))
        yield Member(name, size, packed, method, flags, crc, offset)


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The 64-bit numbers of an entry's extra field 1, each there only when the short one is full."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            numbers = list(struct.unpack(f"<{len(field) // 8}Q", field[: len(field) // 8 * 8]))
            if size == 0xFFFFFFFF and numbers:
                size = numbers.pop(0)
            if packed == 0xFFFFFFFF and numbers:
                packed = numbers.pop(0)
            if offset == 0xFFFFFFFF and numbers:
                offset = numbers.pop(0)
            break
        at += 4 + length
    return size, packed, offset


def data_start(file: BinaryIO, member: Member) -> int:
    """Where a member's bytes begin. Raises FormatProblem("unsafe") when its own header contradicts the directory."""
    head = _read_at(file, member.offset, _LOCAL.size + len(member.name.encode("utf-8", "surrogateescape")))
    shown = member.name[:80]
    if head[:4] != LOCAL or len(head) < _LOCAL.size:
        raise FormatProblem("unsafe", said("member {0} does not begin where the directory says", repr(shown)))
    _, _, flags, method, _, _, crc, _, size, name_length, extra_length = _LOCAL.unpack_from(head)
    if head[_LOCAL.size :] != member.name.encode("utf-8", "surrogateescape") or name_length != len(head) - _LOCAL.size:
        raise FormatProblem("unsafe", said("member {0} has another name in its own header", repr(shown)))
    if (flags | member.flags) & _ENCRYPTED:
        raise FormatProblem("unsafe", said("member {0} is marked as encrypted: it cannot be looked at", repr(shown)))
    if method != member.method or method not in (STORED, DEFLATED):
        raise FormatProblem(
            "unsafe", said("member {0} is packed in a way that cannot be read (method {1})", repr(shown), method)
        )
    if not flags & _LATER and (crc != member.crc or (size not in (member.size, 0xFFFFFFFF))):
        raise FormatProblem("unsafe", said("member {0} has another checksum or size in its own header", repr(shown)))
    if method == STORED and member.size != member.packed:
        raise FormatProblem("unsafe", said("member {0} is stored, yet has two sizes", repr(shown)))
    return int(member.offset + _LOCAL.size + name_length + extra_length)


def unpacked(file: BinaryIO, member: Member, start: int, most: int) -> bytes:
    """A member's first bytes, at most `most`. Raises FormatProblem("unsafe") when they cannot be unpacked."""
    if member.method == STORED:
        return _read_at(file, start, min(member.size, most))
    inflate = zlib.decompressobj(-15)
    parts, left, at = [], min(member.size, most), start
    try:
        while left > 0 and not inflate.eof and at < start + member.packed:
            piece = _read_at(file, at, min(_PIECE, start + member.packed - at))
            if not piece:
                break
            at += len(piece)
            while left > 0 and piece:
                part = inflate.decompress(piece, left)
                parts.append(part)
                left -= len(part)
                piece = inflate.unconsumed_tail
    except zlib.error as error:
        raise FormatProblem(
            "unsafe", said("member {0} cannot be unpacked ({1})", repr(member.name[:80]), error)
        ) from None
    return b"".join(parts)


def _read_at(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(position)
    parts = []
    while count > 0 and (piece := file.read(count)):
        parts.append(piece)
        count -= len(piece)
    return b"".join(parts)
