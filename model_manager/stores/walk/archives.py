"""Downloaded archives of which every file lies unpacked beside them, in a folder of the same name.

What an archive holds is read from its table of contents, never unpacked. Where that takes reading all of it (a compressed
tar, 7z, rar), or more than a bounded part, nothing is known and nothing is offered.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Collection, Iterable, Iterator
from typing import BinaryIO

from model_manager.base.messages import said
from model_manager.base.reading import open_quietly
from model_manager.stores.discovered import Leftover, on_disk
from model_manager.stores.parts import CannotRemove, Going, Part
from model_manager.stores.walk.store_reader import StoreReader

_ENDINGS = (".zip", ".tar")
_MOST_BYTES = 8 << 20
_MOST_FILES = 5_000
_MAY_BE_SMALL = 1 << 16
"""Bytes: smaller files may be kept without a block of their own."""


def archives(folder: str, files: Collection[str], below: Iterable[str], reader: StoreReader) -> Iterator[Leftover]:
    """`files` and `below`: the names of the files and folders in `folder`."""
    for name in below:
        for ending in _ENDINGS:
            path = os.path.join(folder, name + ending)
            if name + ending in files and is_unpacked(path):
                found = reader.stat(path)
                if found is not None:
                    words = said("{0}, unpacked beside it", name)
                    yield Leftover("archive", path, found.st_size, on_disk(found), words)


def remove_archive(leftover: Leftover) -> Iterator[Part]:
    """An archive, if all that was unpacked from it is still there."""
    if not is_unpacked(leftover.path):
        raise CannotRemove(
            said("clear away"),
            leftover.path,
            said("not all that is packed in it lies beside it any more: it may be the only copy"),
        )
    yield Going(leftover.path, leftover.of)


def is_unpacked(path: str) -> bool:
    """Whether each file of an archive lies, with its size, in the folder that has the archive's name."""
    folder = os.path.splitext(path)[0]
    if os.path.islink(path) or not os.path.isdir(folder):
        return False
    try:
        with open_quietly(path) as file:
            contents = _contents(file, path.endswith(".tar"))
    except (OSError, ValueError, LookupError, RuntimeError, tarfile.TarError, zipfile.BadZipFile):
        return False
    if not any(contents.values()):
        return False
    within = os.path.basename(folder) + "/"
    tops = [folder, os.path.dirname(folder)] if all(name.startswith(within) for name in contents) else [folder]
    return any(all(_is_there(top, name, size) for name, size in contents.items()) for top in tops)


def _contents(file: BinaryIO, is_tar: bool) -> dict[str, int]:
    """The size of each file by its path within the archive. ValueError where it holds, or may hold, anything else."""
    found: dict[str, int] = {}
    whole = os.fstat(file.fileno()).st_size
    source: BinaryIO = io.BufferedReader(_Bounded(file), 4096)
    for name, size in _members_of_tar(source, whole) if is_tar else _members_of_zip(source, whole):
        path = _inside(name)
        if path in found or len(found) == _MOST_FILES:
            raise ValueError(said("too many files, or two of one name"))
        found[path] = size
    return found


def _members_of_tar(source: BinaryIO, whole: int) -> Iterator[tuple[str, int]]:
    with tarfile.open(fileobj=source, mode="r:") as tar:
        for member in tar:
            if not member.isdir():
                yield member.name, member.size if member.isreg() else -1
        source.seek(tar.offset)
        # Python ends silently at a header that is damaged: only zeros, and few of them, are the end.
        if whole - tar.offset > 2 * tarfile.RECORDSIZE or any(source.read(2 * tarfile.RECORDSIZE)):
            raise ValueError(said("more follows than was listed"))


def _members_of_zip(source: BinaryIO, whole: int) -> Iterator[tuple[str, int]]:
    with zipfile.ZipFile(source) as packed:
        listed = packed.infolist()
        if whole - sum(one.compress_size + 400 + 4 * len(one.filename) for one in listed) > _MAY_BE_SMALL:
            raise ValueError(said("it holds more than it lists"))
        yield from ((one.filename, one.file_size) for one in listed if not one.is_dir())


def _inside(name: str) -> str:
    """A path within the archive; ValueError when it leads out of it."""
    parts = name.replace("\\", "/").removeprefix("./").split("/")
    if "\0" in name or not all(parts) or ".." in parts:
        raise ValueError(name)
    return "/".join(parts)


def _is_there(folder: str, name: str, size: int) -> bool:
    """Whether a file of this size is there, by itself and with its bytes: neither a link nor a file of holes."""
    try:
        found = os.lstat(os.path.join(folder, name))
    except (OSError, ValueError):
        return False
    whole = found.st_size < _MAY_BE_SMALL or on_disk(found) * 2 >= found.st_size
    return stat.S_ISREG(found.st_mode) and found.st_size == size and whole


class _Bounded(io.RawIOBase):
    """A file of which at most so many bytes are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._left = file, _MOST_BYTES

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read(min(len(buffer), max(self._left, 0)))
        if buffer and self._left <= 0:
            raise OSError(errno.EFBIG, said("its table of contents is too large"))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)
