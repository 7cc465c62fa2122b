"""Which mounting of a volume a path lies on: what was read of a drive says nothing of the drive that is there later.

A drive may be replaced by its copy, made block by block: with the same name, inodes, sizes and times, and other bytes
where the copying failed.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
import time
from pathlib import Path

_MNT_ID_UNIQUE = 0x4000
_MASK_AT, _MNT_ID_AT, _SIZE = 0, 144, 256
"""include/uapi/linux/stat.h: `stx_mask` and `stx_mnt_id` within a `struct statx`."""
_RUN = "run:"
_THIS_RUN = f"{_RUN}{os.getpid()}-{time.time_ns()}"
_AT_FDCWD, _AT_SYMLINK_NOFOLLOW = -100, 0x100


def mounted_as(path: str) -> str:
    """A name for this mounting of this start of the computer, which no other one gets; empty for what is not there.

    Linux 6.8 and later number their mounts so that no number comes again (statx(2), STATX_MNT_ID_UNIQUE). Elsewhere the
    name is one of this run of the program: see `is_of_one_run`.
    """
    return _unique(path) or _of_this_run(path)


def is_of_one_run(name: str) -> bool:
    """Whether a mounting is known by device and run alone: a drive that was changed for another meanwhile may have it too."""
    return name.startswith(_RUN)


def _of_this_run(path: str) -> str:
    try:
        return f"{_THIS_RUN}:{os.lstat(path).st_dev}"
    except OSError:
        return ""


def _unique(path: str) -> str:
    statx, start = _statx(), _this_start()
    if statx is None or not start:
        return ""
    buffer = ctypes.create_string_buffer(_SIZE)
    if statx(_AT_FDCWD, os.fsencode(path), _AT_SYMLINK_NOFOLLOW, _MNT_ID_UNIQUE, buffer) != 0:
        return ""
    if not int.from_bytes(buffer.raw[_MASK_AT : _MASK_AT + 4], sys.byteorder) & _MNT_ID_UNIQUE:
        return ""
    return f"{start}:{int.from_bytes(buffer.raw[_MNT_ID_AT : _MNT_ID_AT + 8], sys.byteorder)}"


@functools.cache
def _statx() -> ctypes._CFuncPointer | None:  # type: ignore[name-defined]
    """The C library's own, where it has one."""
    try:
        return ctypes.CDLL(None).statx if sys.platform == "linux" else None
    except (AttributeError, OSError):
        return None


@functools.cache
def _this_start() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
