"""Which blocks a file lies in, as the file system tells (FIEMAP): copies that share them free nothing.

Asked anew each time, never kept: sharing blocks by FIDEDUPERANGE leaves every time of a file as it was.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from model_manager.base.reading import open_quietly

_FS_IOC_FIEMAP = 0xC020660B
_COUNT = 512
_MOST = 100_000
_LAST, _UNKNOWN, _DELALLOC, _INLINE, _SHARED = 0x1, 0x2, 0x4, 0x200, 0x2000
_HEAD, _EXTENT = struct.Struct("=QQLLLL"), struct.Struct("=QQQQQLLLL")

Extent = tuple[int, int]
"""(physical offset, length) in bytes."""
Extents = tuple[Extent, ...]


def shared_extents(path: str) -> Extents:
    """The blocks of a file that other files share, by their place on the volume; none where nobody can tell.

    Raises nothing: a file system without FIEMAP, and a file that has gone, share nothing that we know of. What lies
    behind the file's end in its last block does not count. 100,000 extents at most are looked at.
    """
    try:
        import fcntl

        with open_quietly(path) as file:
            size = file.seek(0, 2)
            found: list[Extent] = []
            start = 0
            while len(found) < _MOST:
                buffer = bytearray(_HEAD.size + _COUNT * _EXTENT.size)
                _HEAD.pack_into(buffer, 0, start, (1 << 64) - 1 - start, 0, 0, _COUNT, 0)
                fcntl.ioctl(file.fileno(), _FS_IOC_FIEMAP, buffer)
                count = _HEAD.unpack_from(buffer)[3]
                if not count:
                    break
                for number in range(min(count, _COUNT)):
                    logical, physical, length, _a, _b, flags, *_rest = _EXTENT.unpack_from(
                        buffer, _HEAD.size + number * _EXTENT.size
                    )
                    used = min(length, size - logical)
                    if flags & _SHARED and not flags & (_UNKNOWN | _DELALLOC | _INLINE) and used > 0:
                        found.append((physical, used))
                    if flags & _LAST:
                        return union(found)
                    if logical + length <= start:  # no progress: nothing that can be believed
                        return ()
                    start = logical + length
            return union(found)
    except (ImportError, OSError):
        return ()


def union(extents: Iterable[Extent]) -> Extents:
    """Every block once, in order."""
    found: list[Extent] = []
    for start, length in sorted(extents):
        if found and start <= sum(found[-1]):
            first = found[-1][0]
            found[-1] = (first, max(sum(found[-1]), start + length) - first)
        else:
            found.append((start, length))
    return tuple(found)


def common(one: Extents, other: Extents) -> Extents:
    """What two unions have in common."""
    found: list[Extent] = []
    left = right = 0
    while left < len(one) and right < len(other):
        start, stop = max(one[left][0], other[right][0]), min(sum(one[left]), sum(other[right]))
        if start < stop:
            found.append((start, stop - start))
        if sum(one[left]) < sum(other[right]):
            left += 1
        else:
            right += 1
    return tuple(found)


def length(extents: Extents) -> int:
    return sum(size for _start, size in extents)
