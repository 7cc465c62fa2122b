"""Which blocks a file lies in, as the file system tells (FIEMAP): copies that share them free nothing."""

from __future__ import annotations

import struct

from model_manager.base.reading import open_quietly

_FS_IOC_FIEMAP = 0xC020660B
_COUNT = 512
_MOST = 100_000
_LAST, _UNKNOWN, _DELALLOC, _INLINE, _SHARED = 0x1, 0x2, 0x4, 0x200, 0x2000
_HEAD, _EXTENT = struct.Struct("=QQLLLL"), struct.Struct("=QQQQQLLLL")

Extent = tuple[int, int]
"""(physical offset, length) in bytes."""


def shared_extents(path: str) -> list[Extent]:
    """The blocks of a file that other files share, by their place on the volume; none where nobody can tell.

    Raises nothing: a file system without FIEMAP, and a file that has gone, share nothing that we know of.
    """
    try:
        import fcntl

        with open_quietly(path) as file:
            found: list[Extent] = []
            start = 0
            while len(found) < _MOST:
                buffer = bytearray(_HEAD.size + _COUNT * _EXTENT.size)
                _HEAD.pack_into(buffer, 0, start, (1 << 64) - 1 - start, 0, 0, _COUNT, 0)
                fcntl.ioctl(file.fileno(), _FS_IOC_FIEMAP, buffer)
                count = _HEAD.unpack_from(buffer)[3]
                if not count:
                    return found
                for number in range(min(count, _COUNT)):
                    logical, physical, length, _a, _b, flags, *_rest = _EXTENT.unpack_from(
                        buffer, _HEAD.size + number * _EXTENT.size
                    )
                    if flags & _SHARED and not flags & (_UNKNOWN | _DELALLOC | _INLINE):
                        found.append((physical, length))
                    if flags & _LAST:
                        return found
                    start = logical + length
            return found
    except (ImportError, OSError):
        return []


def overlap(one: list[Extent], other: list[Extent]) -> int:
    """Bytes that two lists of extents of one volume have in common."""
    first, second = sorted(one), sorted(other)
    common = left = right = 0
    while left < len(first) and right < len(second):
        (a, length_a), (b, length_b) = first[left], second[right]
        common += max(0, min(a + length_a, b + length_b) - max(a, b))
        if a + length_a < b + length_b:
            left += 1
        else:
            right += 1
    return common
