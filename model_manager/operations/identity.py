"""What a file or folder was when a plan was made: looked at again just before acting."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from model_manager.base.volumes import Volumes


@dataclass(frozen=True, slots=True)
class Identity:
    """(volume, inode), and for files size and mtime. `st_dev` is never kept: it changes with a reboot.

    `inode` is 0 where inode numbers do not last (FAT, exFAT, SMB, some FUSE): there only the volume,
    the path and what lies at it can tell.
    """

    volume: str
    inode: int
    size: int | None = None
    mtime_ns: int | None = None


def identity_of(path: str, details: os.stat_result, volumes: Volumes) -> Identity:
    """The identity of what `details` (from lstat) says lies at `path`; a folder's has no size or mtime."""
    volume = volumes.of(path, details.st_dev)
    inode = details.st_ino if volume.lasting else 0
    if stat.S_ISDIR(details.st_mode):
        return Identity(volume.name, inode)
    return Identity(volume.name, inode, details.st_size, details.st_mtime_ns)


def identity_to_record(identity: Identity) -> dict[str, object]:
    """For the journal; figures that a folder does not have are left out."""
    record: dict[str, object] = {"volume": identity.volume, "inode": identity.inode}
    if identity.size is not None:
        record |= {"size": identity.size, "mtime_ns": identity.mtime_ns}
    return record


def identity_from_record(record: object) -> Identity:
    """The reverse. Raises ValueError for anything else."""
    if not isinstance(record, dict):
        raise ValueError("no identity")
    volume, inode = record.get("volume"), record.get("inode")
    size, mtime_ns = record.get("size"), record.get("mtime_ns")
    if not isinstance(volume, str) or not isinstance(inode, int):
        raise ValueError("no identity")
    if not isinstance(size, int | None) or not isinstance(mtime_ns, int | None):
        raise ValueError("an identity of a strange kind")
    return Identity(volume, inode, size, mtime_ns)
