"""Where a file has no bytes on the disk at all: holes, and room that was kept for it and never written."""

from __future__ import annotations

import errno
import os

_MOST = 4096
"""Holes looked at; the rest counts as one. A torrent with every second piece missing has thousands."""
_TELL = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "bcachefs", "zfs", "tmpfs", "ocfs2", "gfs2", "apfs",
                   "overlay", "erofs", "squashfs"})  # fmt: skip
"""Where "no hole" is an answer. Elsewhere it may be that of a driver that knows of none: FUSE without LSEEK, NFS before
4.2, 9p. (Of erofs and squashfs, which are written whole and compressed, it is true by their nature.)"""
_FAR_BELOW = 0.5


def tells(kind: str) -> bool:
    """Whether a file system of this type says where its files have holes, however few blocks it counts."""
    return kind in _TELL


def may_lack(size: int, blocks: int | None) -> bool:
    """Whether so few blocks of 512 bytes are counted that much of a file may be missing. None at all is no count:
    some FUSE file systems say 0, and small files lie within their inodes."""
    return blocks is not None and 0 < 512 * blocks < size * _FAR_BELOW


def holes(number: int, size: int) -> list[tuple[int, int]]:
    """(first byte, byte behind the last) of what an open file's `size` bytes lack, in order; reads nothing.

    The kernel counts blocks that were kept and never written (fallocate) as holes, and what is compressed, shared, in
    an inode or not yet on its way to the disk as data. The place in the file is left where it is. Raises nothing.
    """
    if not hasattr(os, "SEEK_HOLE"):
        return []
    found: list[tuple[int, int]] = []
    before = os.lseek(number, 0, os.SEEK_CUR)
    try:
        at = os.lseek(number, 0, os.SEEK_HOLE)
        while at < size:
            if len(found) >= _MOST:
                found.append((at, size))
                break
            try:
                stop = min(os.lseek(number, at, os.SEEK_DATA), size)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                stop = size  # nothing behind it
            found.append((at, stop))
            if stop >= size:
                break
            at = os.lseek(number, stop, os.SEEK_HOLE)
    except OSError:
        pass
    os.lseek(number, before, os.SEEK_SET)
    return found
