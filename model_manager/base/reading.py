"""Opening other programs' files without leaving a trace."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import BinaryIO

from model_manager.base.messages import figure, said


@dataclass(slots=True)
class Count:
    """Bytes that one thread read of small files."""

    bytes: int = 0


@contextlib.contextmanager
def counting(count: Count) -> Iterator[None]:
    """Adds to `count` what this thread reads of small files and copies of databases until the end."""
    before = _counted.set(count)
    try:
        yield
    finally:
        _counted.reset(before)


def count_read(size: int) -> None:
    """Notes bytes that were read of another program's file."""
    if count := _counted.get():
        count.bytes += size


_counted: ContextVar[Count | None] = ContextVar("counted", default=None)
_NOATIME = getattr(os, "O_NOATIME", 0)
_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_FLAGS |= getattr(os, "O_BINARY", 0)
SMALL = 4 * 1024 * 1024


def open_quietly(path: str) -> BinaryIO:
    """Opens a regular file for reading, keeping its access time where the system allows.

    Access times are often the only sign of last use. O_NOATIME is the owner's right alone:
    elsewhere the kernel answers EPERM and the file is opened plainly. O_NONBLOCK keeps a
    FIFO from hanging us. Unbuffered: readers ask for the sizes that they need.
    Raises OSError; a file that is not regular is EINVAL.
    """
    return io.FileIO(_opened(path)[0], "rb", closefd=True)


def _opened(path: str) -> tuple[int, int]:
    """The descriptor of a regular file, and its size."""
    try:
        number = os.open(path, _FLAGS | _NOATIME)
    except PermissionError:
        number = os.open(path, _FLAGS)
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, said("not a regular file"), path)
    return number, found.st_size


def read_small(path: str, limit: int = SMALL) -> bytes:
    """A small file whole (settings, manifests, sidecars). Raises OSError, EFBIG over the limit."""
    number, size = _opened(path)  # no file object: a cache has thousands of these, and it takes half as long again
    try:
        parts = []
        left = limit + 1 if size <= limit else 0  # nothing of what is too large; a file may grow while it is read
        while left > 0 and (part := os.read(number, min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
    finally:
        os.close(number)
        count_read(sum(map(len, parts)))
    if left <= 0:
        raise OSError(errno.EFBIG, said("larger than {0} bytes", figure(limit)), path)
    return b"".join(parts)
