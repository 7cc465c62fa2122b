"""Which blocks a file lies in, as the file system tells (FIEMAP): copies that share them free nothing.

Asked anew each time, never kept: sharing blocks by FIDEDUPERANGE leaves every time of a file as it was.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from model_manager.base.reading import open_quietly

_FS_IOC_FIEMAP = 0xC020660B
_COUNT = 512
_MOST = 100_000
_LAST, _UNKNOWN, _DELALLOC, _INLINE, _SHARED = 0x1, 0x2, 0x4, 0x200, 0x2000
_HEAD, _EXTENT = struct.Struct("=QQLLLL"), struct.Struct("=QQQQQLLLL")

SHARING = frozenset({"xfs", "btrfs", "bcachefs", "ocfs2", "overlay"})
"""File systems whose files can share blocks, and that tell of it."""
_ENCODED = 0x8


def own_bytes(path: str, on_disk: int) -> int:
    """How many of a file's `on_disk` bytes come back when it goes: those in blocks that no other file shares.

    Raises nothing: a file system without FIEMAP, and a file that has gone, share nothing that we know of. What lies
    behind the file's end in its last block does not count. 100,000 extents at most are looked at.
    btrfs counts compressed files by what is in them; what they take is told by where the next extent begins.
    """
    blocks = blocks_of(path)
    return max(0, on_disk - blocks.shared - blocks.packed)


class Blocks(NamedTuple):
    """Bytes of a file that lie in blocks of other files too, and those that compression saves."""

    shared: int
    packed: int


def blocks_of(path: str) -> Blocks:
    """As `own_bytes`, told apart."""
    shared = packed = 0
    places = sorted(one for one in _extents(path) if _is_place(one[2]))
    for number, (physical, used, flags) in enumerate(places):
        if flags & _SHARED:
            shared += used
        elif flags & _ENCODED and number + 1 < len(places):
            packed += used - min(used, max(0, places[number + 1][0] - physical))
    return Blocks(shared, packed)


def _is_place(flags: int) -> bool:
    return not flags & (_UNKNOWN | _DELALLOC | _INLINE)


def _extents(path: str) -> list[tuple[int, int, int]]:
    """(place on the volume, bytes up to the file's end, flags) of each extent; none where nobody can tell."""
    try:
        import fcntl

        with open_quietly(path) as file:
            size = file.seek(0, 2)
            found: list[tuple[int, int, int]] = []
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
                    if used > 0:
                        found.append((physical, used, flags))
                    if flags & _LAST:
                        return found
                    if logical + length <= start:  # no progress: nothing that can be believed
                        return []
                    start = logical + length
            return found
    except (ImportError, OSError):
        return []
