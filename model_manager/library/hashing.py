"""Reads files to know them: pieces to reject, every byte to prove. Answers are kept by identity.

An answer counts only when the file was the same before and after the reading (size, both times, inode):
a hash of a half-downloaded file is nobody's hash.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from model_manager.base.errors import ModelManagerError
from model_manager.base.reading import open_quietly
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, hashes
from model_manager.catalog.hashes import Known, Mark
from model_manager.jobs import Progress

log = logging.getLogger(__name__)

PIECE = 4 << 20
"""Bytes a read: larger ones fall out of the processor's cache before they are hashed."""
_SAMPLES, _SAMPLE = 8, 16 << 10
_THREADS = 2


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read, or that changed while it was."""

    path: str
    why: str


class Restamp:
    """Told by `operations` of files that have a new change time by our own act alone: their hashes still hold."""

    def __init__(self, database: Database, volumes: Volumes) -> None:
        self._database, self._volumes = database, volumes

    def __call__(self, path: str, before: os.stat_result, after: os.stat_result) -> None:
        volume = self._volumes.of(path, after.st_dev)
        if not volume.lasting:
            return  # there the path stands in for the inode, and has changed
        try:
            with self._database.write() as tx:
                hashes.restamp(tx, hashes.mark_of(volume.name, True, path, before), after.st_ctime_ns)
        except ModelManagerError as error:
            log.info("a hash has to be read again: %s", error)


class Hashing:
    """Counts what it read from disk in `read_bytes`. Any thread may ask."""

    def __init__(self, database: Database, volumes: Volumes, progress: Progress | None = None) -> None:
        self._database, self._volumes = database, volumes
        self._progress = progress or Progress()
        self._lock = threading.Lock()
        self._todo = 0
        self.read_bytes = 0
        self.problems: list[Unreadable] = []

    def mark(self, path: str) -> Mark | None:
        """The identity of a regular file now; None when it is gone or something else."""
        try:
            found = os.lstat(path)
        except OSError:
            return None
        if (found.st_mode & 0o170000) != 0o100000:
            return None
        volume = self._volumes.of(path, found.st_dev)
        return hashes.mark_of(volume.name, volume.lasting, path, found)

    def known(self, mark: Mark) -> Known:
        with self._database.read() as tx:
            return hashes.known(tx, mark)

    def samples(self, paths: Iterable[str]) -> dict[str, str]:
        """path -> a hash of eight pieces spread over the file, for those that could be read."""
        return self._all(paths, lambda known: known.sample, self._sample, _SAMPLES * _SAMPLE)

    def sha256s(self, paths: Iterable[str]) -> dict[str, str]:
        """path -> sha256 of every byte, each file read once ever while it does not change."""
        return self._all(paths, lambda known: known.sha256, self._sha256, None)

    def _all(
        self,
        paths: Iterable[str],
        answer: Callable[[Known], str | None],
        read: Callable[[str], Known],
        most: int | None,
    ) -> dict[str, str]:
        found: dict[str, str] = {}
        waiting: list[tuple[str, Mark]] = []
        for path in dict.fromkeys(paths):
            mark = self.mark(path)
            if mark is None:
                self.problems.append(Unreadable(path, "it is gone, or no file any more"))
            elif (kept := answer(self.known(mark))) is not None:
                found[path] = kept
            else:
                waiting.append((path, mark))
        # In the order of their inodes, which on a disk that turns is near that of their blocks.
        waiting.sort(key=lambda item: (item[1].volume, item[1].key))
        self._todo = sum(mark.size if most is None else min(most, mark.size) for _path, mark in waiting)
        self.read_bytes += 0
        done_before = self.read_bytes
        self._progress.step(0, self._todo)

        def work(item: tuple[str, Mark]) -> tuple[str, str | None]:
            path, mark = item
            return path, self._read(path, mark, read, answer, done_before)

        if len(waiting) < 2:
            results = [work(item) for item in waiting]
        else:
            with ThreadPoolExecutor(_THREADS, "hash") as pool:
                results = list(pool.map(work, waiting))
        found.update((path, value) for path, value in results if value is not None)
        return found

    def _read(
        self, path: str, mark: Mark, read: Callable[[str], Known], answer: Callable[[Known], str | None], before: int
    ) -> str | None:
        self._progress.step(self.read_bytes - before, self._todo)
        try:
            got = read(path)
        except OSError as error:
            self.problems.append(Unreadable(path, error.strerror or str(error)))
            return None
        if self.mark(path) != mark:
            self.problems.append(Unreadable(path, "it changed while it was read"))
            return None
        with self._database.write() as tx:
            hashes.keep(tx, mark, got)
        return answer(got)

    def _sample(self, path: str) -> Known:
        import xxhash

        mixed = xxhash.xxh3_128()
        with open_quietly(path) as file:
            size = os.fstat(file.fileno()).st_size
            steps = max(1, _SAMPLES - 1)
            for number in range(_SAMPLES):
                file.seek(max(0, (size - _SAMPLE) * number // steps))
                self._take(mixed.update, file.read(_SAMPLE))
        return Known(sample=mixed.hexdigest())

    def _sha256(self, path: str) -> Known:
        digest = hashlib.sha256()
        buffer = memoryview(bytearray(PIECE))
        with open_quietly(path) as file:
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
            while count := file.readinto(buffer):  # type: ignore[attr-defined]
                self._take(digest.update, buffer[:count])
                self._progress.step(None, self._todo)
        return Known(sha256=digest.hexdigest())

    def _take(self, update: Callable[[bytes | memoryview], object], data: bytes | memoryview) -> None:
        update(data)
        with self._lock:
            self.read_bytes += len(data)
