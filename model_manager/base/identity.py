"""Which file it is, whatever its names and however often its drive was unplugged: one answer for every layer."""

from __future__ import annotations

import os
from typing import NamedTuple

from model_manager.base.sixty_four_bits import folded
from model_manager.base.volumes import Volume


class FileId(NamedTuple):
    """A file as it is now: what was learned of it holds for this very identity.

    `volume`: a lasting name, since `st_dev` changes with a reboot. `key`: the inode, `i1234`; where inode numbers do
    not last (FAT, exFAT, SMB, some FUSE) the path stands in for it, `p` and the hex of its bytes. `size` in bytes.
    `ctime_ns` is 0 where change times are made up at each mount (FAT, exFAT). Times are `folded`, as every table keeps them.
    """

    volume: str
    key: str
    size: int
    mtime_ns: int
    ctime_ns: int

    @property
    def file(self) -> tuple[str, str]:
        """The file whatever became of its content: (volume, key)."""
        return self.volume, self.key


def file_id(path: str, details: os.stat_result, volume: Volume) -> FileId:
    """The identity of what `details` (from lstat) says lies at `path` on a volume."""
    key = f"i{details.st_ino}" if volume.lasting else "p" + os.fsencode(path).hex()
    ctime_ns = folded(details.st_ctime_ns) if volume.true_ctime else 0
    return FileId(volume.name, key, details.st_size, folded(details.st_mtime_ns), ctime_ns)


def lasting_inode(details: os.stat_result, volume: Volume) -> int:
    """The inode number, 0 where it means nothing later."""
    return details.st_ino if volume.lasting else 0


def is_untouched(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether nothing happened to one file between two looks at it while it stayed mounted."""
    return _touch(before) == _touch(after)


def _touch(details: os.stat_result) -> tuple[int, int, int, int]:
    return details.st_ino, details.st_size, details.st_mtime_ns, details.st_ctime_ns
