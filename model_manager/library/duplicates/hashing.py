"""Reads files to know them: pieces to reject, every byte to prove. Answers are kept by identity.

An answer counts only when the file was the same before and after the reading (inode, size, both times):
a hash of a half-downloaded file is nobody's hash.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from queue import SimpleQueue
from typing import BinaryIO

from model_manager.base import reach
from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.identity import FileId, file_id, is_untouched
from model_manager.base.messages import said
from model_manager.base.mounted_as import mounted_as
from model_manager.base.once import once
from model_manager.base.reading import open_quietly
from model_manager.base.text import later
from model_manager.base.volumes import Volumes, is_removable
from model_manager.catalog import Database, hashes
from model_manager.catalog.hashes import Known
from model_manager.jobs import Progress
from model_manager.library.duplicates import tensor_bytes
from model_manager.library.duplicates.comparing import Comparison

log = logging.getLogger(__name__)

PIECE = 1 << 20
"""Bytes a read. What is read is still in the processor's cache when it is hashed: 4 MiB took 1.1 times as long, 16 MiB
1.4 times."""
_SAMPLES, _SAMPLE = 8, 16 << 10
_THREADS = 2
_AT_HAND = 16
"""Files that are handed to the threads ahead of the one that is read."""
_TOGETHER = 16
"""Files that are read side by side at most; of more alike ones each is hashed for itself."""
_TICK_NS = 50_000_000
"""File times move in ticks (up to 10 ms; FAT 2 s): a file is read only when its last change is older, so that a
change during the reading shows."""
_TICK_UNLASTING_NS = 2_000_000_000
_KEEP_AFTER = 1.0
"""Seconds between writes to the catalogue: one for each file took as long as reading small ones."""

_NOTHING = Known()

Answer = tuple[str, FileId, Known]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read, or that changed while it was."""

    path: str
    why: str


class ChangedWhileRead(OSError):
    """The file is not, or no longer, the one that was to be read."""


class Restamp:
    """Told by `operations` of files that have a new change time by our own act alone: their hashes still hold."""

    def __init__(self, database: Database, volumes: Volumes) -> None:
        self._database, self._volumes = database, volumes
        self.writes = 0

    def __call__(self, path: str, before: os.stat_result, after: os.stat_result) -> None:
        volume = self._volumes.of(path, after.st_dev)
        if not volume.lasting:
            return  # there the path stands in for the inode, and has changed
        try:
            with self._database.write() as tx:
                hashes.restamp(tx, file_id(path, before, volume), file_id(path, after, volume).ctime_ns)
            self.writes += 1
        except ModelManagerError as error:
            log.info("a hash has to be read again: %s", error)


def is_read_now(path: str, known: Known) -> bool:
    """Whether every byte was read since the drive was mounted. What is the same in other wrappings cannot be compared
    byte for byte before the one goes, so only this is believed of it."""
    return bool(known.mounted) and known.mounted == mounted_as(path)


class Hashing:
    """Counts what it read from disk in `read_bytes`. One thread asks; it reads with two."""

    def __init__(self, database: Database, volumes: Volumes, progress: Progress | None = None) -> None:
        self._database, self._volumes = database, volumes
        self._progress = progress or Progress()
        self._lock = threading.Lock()
        self._todo = self._done = 0
        self._recalled: dict[FileId, Known] | None = None
        self._unplugged: dict[str, bool] = {}
        self.read_bytes = 0
        self.problems: list[Unreadable] = []

    def id(self, path: str) -> FileId | None:
        """The identity of a regular file now; None when it is gone or something else."""
        try:
            found = reach.lstat(path)
        except OSError:
            return None
        return self.id_of(path, found)

    def id_of(self, path: str, found: os.stat_result) -> FileId | None:
        """The identity of what lies at a path as `found` says; None when it is no regular file."""
        return self._id(path, found) if stat.S_ISREG(found.st_mode) else None

    def goes_away(self, path: str, found: os.stat_result) -> bool:
        """Whether a file lies on a drive that can be unplugged, or on the network; each drive is asked once."""
        volume = self._volumes.of(path, found.st_dev)
        if volume.name not in self._unplugged:
            self._unplugged[volume.name] = volume.network or is_removable(volume)
        return self._unplugged[volume.name]

    @contextmanager
    def recalling(self) -> Iterator[None]:
        """Until its end all answers are at hand, read once: a question for each of 100,000 files took 30 s.

        What is learned meanwhile is among them.
        """
        with self._database.read() as tx:
            self._recalled = hashes.every(tx)
        try:
            yield
        finally:
            self._recalled = None

    def known(self, id_: FileId) -> Known:
        if self._recalled is not None:
            return self._recalled.get(id_, _NOTHING)
        with self._database.read() as tx:
            return hashes.known(tx, id_)

    def samples(self, paths: Iterable[str]) -> dict[str, str]:
        """path -> a hash of eight pieces spread over the file, for those that could be read."""
        found, waiting = self._ask(paths, lambda known: known.sample)
        self._begin(min(_SAMPLES * _SAMPLE, id_.size) for _path, id_ in waiting)
        works = (self._work(self._sample, path, id_) for path, id_ in waiting)
        found.update((path, known.sample) for path, known in self._run(works) if known.sample)
        return found

    def compare(self, groups: Iterable[Sequence[str]], told: Mapping[str, str] | None = None) -> dict[str, str]:
        """path -> sha256 of every byte, for files that have a twin in their group. Files in `told` are not read.

        Files of which nothing is known are read side by side, and one that differs from all others no further: it
        gets no hash, but is known to be apart (see `Known.apart`). Where one of the group has a hash already, the
        others are hashed for themselves. No file is read twice, now or later, while it does not change.
        """
        found: dict[str, str] = {}
        alone: list[tuple[str, FileId]] = []
        together: list[list[tuple[str, FileId]]] = []
        for group in groups:
            unread = [path for path in group if path not in (told or ())]
            read, waiting = self._ask(unread, lambda known: known.sha256)
            found.update(read)
            if read or len(unread) < len(group) or len(waiting) > _TOGETHER:
                alone += waiting
            elif len(waiting) > 1:
                together.append(waiting)
        self._begin(id_.size for item in [alone, *together] for _path, id_ in item)
        works = [(id_.size, self._work(self._sha256, path, id_)) for path, id_ in alone]
        works += [(sum(id_.size for _path, id_ in items), self._side_by_side(items)) for items in together]
        # The largest first: the two threads end together.
        works.sort(key=lambda work: -work[0])
        found.update((path, known.sha256) for path, known in self._run(one for _size, one in works) if known.sha256)
        return found

    def tensor_samples(self, formats: Mapping[str, str]) -> dict[str, str]:
        """path -> the sum over the heads of some tensors, for paths with their formats."""
        return self._of_tensors(
            formats,
            lambda known: known.tensor_sample,
            lambda file, size, format_: Known(tensor_sample=tensor_bytes.sample(file, size, format_, self._count)),
        )

    def tensors(self, formats: Mapping[str, str]) -> dict[str, str]:
        """path -> the sum over all tensors; the sha256 of the file is kept along with it, from the same reading."""

        def read(file: BinaryIO, size: int, format_: str) -> Known:
            sha256, tensors = tensor_bytes.whole(file, size, format_, self._count)
            return Known(sha256=sha256, tensors=tensors)

        return self._of_tensors(formats, lambda known: known.tensors, read, is_read_now)

    def _of_tensors(
        self, formats: Mapping[str, str], answer: Callable[[Known], str | None],
        read: Callable[[BinaryIO, int, str], Known], holds: Callable[[str, Known], bool] = lambda path, known: True,
    ) -> dict[str, str]:  # fmt: skip
        found, waiting = self._ask(formats, answer, holds)
        self._begin(id_.size for _path, id_ in waiting)
        works = (
            self._work(lambda file, size, format_=formats[path]: read(file, size, format_), path, id_)  # type: ignore[misc]
            for path, id_ in waiting
        )
        found.update((path, answer(known) or "") for path, known in self._run(works))
        return {path: value for path, value in found.items() if value}

    def _ask(
        self, paths: Iterable[str], answer: Callable[[Known], str | None],
        holds: Callable[[str, Known], bool] = lambda path, known: True,
    ) -> tuple[dict[str, str], list[tuple[str, FileId]]]:  # fmt: skip
        found: dict[str, str] = {}
        waiting: list[tuple[str, FileId]] = []
        for path in dict.fromkeys(paths):
            id_ = once(("id", path), lambda path=path: self.id(path))  # type: ignore[misc]
            if id_ is None:
                self.problems.append(Unreadable(path, later("it is gone, or no file any more")))
            elif (kept := answer(known := self.known(id_))) is not None and holds(path, known):
                found[path] = kept
            else:
                waiting.append((path, id_))
        # In the order of their inodes, which on a disk that turns is near that of their blocks.
        waiting.sort(key=lambda item: (item[1].volume, len(item[1].key), item[1].key))
        return found, waiting

    def _begin(self, sizes: Iterable[int]) -> None:
        self._todo, self._done = sum(sizes), 0
        self._progress.step(0, self._todo)

    def _run(self, works: Iterable[Callable[[], list[Answer]]]) -> Iterator[tuple[str, Known]]:
        """Does it on two threads; what was found is kept within a second, and when the run is cancelled.

        A few are handed over at a time: what waits for 100,000 files took 300 MB.
        """
        fresh: list[Answer] = []
        due = time.monotonic() + _KEEP_AFTER
        waiting, ended = iter(works), SimpleQueue[Future[list[Answer]]]()
        begun: set[Future[list[Answer]]] = set()

        with ThreadPoolExecutor(_THREADS, "hash") as pool:

            def begin(count: int) -> None:
                for work in islice(waiting, count):
                    one = pool.submit(work)
                    begun.add(one)
                    one.add_done_callback(ended.put)

            try:
                begin(_AT_HAND)
                while begun:
                    done = ended.get()
                    begun.discard(done)
                    begin(1)
                    results = done.result()
                    fresh += results
                    if time.monotonic() > due:
                        self._keep(fresh)
                        fresh, due = [], time.monotonic() + _KEEP_AFTER
                    yield from ((path, known) for path, _id_, known in results)
            finally:
                for one in begun:
                    one.cancel()
                self._keep(fresh)

    def _keep(self, fresh: Sequence[Answer]) -> None:
        if fresh:
            with self._database.write() as tx:
                for _path, id_, known in fresh:
                    hashes.keep(tx, id_, known)
                    if self._recalled is not None:
                        self._recalled[id_] = hashes.known(tx, id_)

    def _work(self, read: Callable[[BinaryIO, int], Known], path: str, id_: FileId) -> Callable[[], list[Answer]]:
        def work() -> list[Answer]:
            self._progress.step()
            try:
                mounted = mounted_as(path)
                with self.opened(path, id_) as file:
                    known = read(file, id_.size)
                if known.sha256:
                    known = replace(known, mounted=mounted)
            except OSError as error:
                self._cannot(path, error)
                return []
            return [(path, id_, known)]

        return work

    @contextmanager
    def opened(self, path: str, id_: FileId) -> Iterator[BinaryIO]:
        """The file that `id_` means, and no other; raises Changed when it was, or became, something else."""
        self._settle(path)
        with open_quietly(path) as file:
            before = os.fstat(file.fileno())
            if self._id(path, before) != id_:
                raise ChangedWhileRead(0, said("it changed since it was looked at"), path)
            yield file
            if not is_untouched(before, os.fstat(file.fileno())):
                raise ChangedWhileRead(0, said("it changed while it was read"), path)

    def _settle(self, path: str) -> None:
        found = os.lstat(path)
        tick = _TICK_NS if self._volumes.of(path, found.st_dev).lasting else _TICK_UNLASTING_NS
        age = time.time_ns() - max(found.st_ctime_ns, found.st_mtime_ns)
        if 0 <= age < tick:
            time.sleep((tick - age) / 1e9)

    def _id(self, path: str, found: os.stat_result) -> FileId:
        volume = self._volumes.of(path, found.st_dev)
        return file_id(path, found, volume)

    def _cannot(self, path: str, error: OSError) -> None:
        with self._lock:
            self.problems.append(Unreadable(path, reason_of(error)))

    def _sample(self, file: BinaryIO, size: int) -> Known:
        import xxhash

        mixed = xxhash.xxh3_128()
        if hasattr(os, "posix_fadvise"):  # else the kernel reads 128 KiB for each piece
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        count = min(_SAMPLES, -(-size // _SAMPLE))
        for number in range(count):
            file.seek(max(0, size - _SAMPLE) * number // max(1, count - 1))
            self._take(mixed.update, file.read(_SAMPLE))
        return Known(sample=mixed.hexdigest())

    def _sha256(self, file: BinaryIO, size: int) -> Known:
        digest = hashlib.sha256()
        buffer = memoryview(bytearray(PIECE))
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while count := file.readinto(buffer):  # type: ignore[attr-defined]
            self._take(digest.update, buffer[:count])
        return Known(sha256=digest.hexdigest())

    def _take(self, update: Callable[[bytes | memoryview], object], data: bytes | memoryview) -> None:
        update(data)
        self._count(len(data))

    def _count(self, count: int) -> None:
        with self._lock:
            self.read_bytes += count
            self._done += count
        self._progress.step(self._done, self._todo)

    def _side_by_side(self, items: Sequence[tuple[str, FileId]]) -> Callable[[], list[Answer]]:
        def work() -> list[Answer]:
            self._progress.step()
            comparison = Comparison(PIECE, self._count)
            mounted = {path: mounted_as(path) for path, _id in items}
            return [
                (path, id_, replace(known, mounted=mounted[path]) if known.sha256 else known)
                for (path, id_), known in comparison.run(items, self.opened, self._cannot).items()
            ]  # fmt: skip

        return work
