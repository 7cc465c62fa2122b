"""The deep check: every byte of a model read once, against what is known of it. The verdict stays with the file.

Known hashes are compared, values looked at, the checksums of archives verified. A verdict holds for the
identity that was read; a file that changed since has none.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from model_manager.base import reach
from model_manager.base.errors import reason_of
from model_manager.base.facts import Health
from model_manager.base.reading import open_quietly
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, files, hashes, models
from model_manager.catalog.hashes import Known
from model_manager.formats.deep import read_all
from model_manager.formats.places import places, spans
from model_manager.formats.problem import FormatProblem
from model_manager.formats.span import Span
from model_manager.jobs import Progress
from model_manager.library.duplicates.hashing import Hashing
from model_manager.library.scan.derive import derive

_ROLES = ("weights", "adapter", "projector")
_MOST_UNPACKED = 4
"""Times its size that an archive may unpack to: beyond it is a bomb, and not read."""


@dataclass(frozen=True, slots=True)
class Checked:
    """`files` were read whole, `kept` had a verdict that still holds; `read_bytes` came from the disk."""

    files: int
    kept: int
    read_bytes: int


def check_deep(
    database: Database, volumes: Volumes, ids: Iterable[int], progress: Progress | None = None, again: bool = False
) -> Checked:
    """Reads the weights of these models to their end. `again`: also those whose verdict still holds."""
    progress = progress or Progress()
    hashing = Hashing(database, volumes, progress)
    wanted = list(ids)
    with database.read() as tx:
        members = {file.file: file for file in models.files(tx, wanted) if file.role in _ROLES}
        formats = {id_: found.format for id_ in members if (found := files.facts_of(tx, id_))}
    total, done, kept, read = sum(file.size for file in members.values()), 0, 0, 0
    progress.step(0, total)
    for file in members.values():
        path = reach.realpath(file.path)
        id_ = hashing.id(path)
        if id_ is None:
            continue
        if hashing.known(id_).verdict and not again:
            kept += 1
        else:
            told = file.sha256 if file.sha256_source not in (None, "read") else None
            got = _Reading(path, formats.get(file.file, ""), progress, done).run(told, file.sha256_source or "")
            if hashing.id(path) == id_:
                with database.write() as tx:
                    hashes.keep(tx, id_, got)
            read += file.size
        done += file.size
        progress.step(done, total)
    with database.write() as tx:
        derive(tx, wanted)
    return Checked(len(members) - kept, kept, read)


class _Digest:
    """The sha256 of a file, made on another core while its values are looked at: both at once take half the time."""

    _MOST_WAITING = 4
    """Pieces that are held for it at most, each of 4 MiB."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "sha256")

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def update(self, data: bytes) -> None:
        if len(self._waiting) >= self._MOST_WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._digest.update, data))

    def hexdigest(self) -> str:
        """Of all that was given so far."""
        while self._waiting:
            self._waiting.popleft().result()
        return self._digest.hexdigest()


class _Reading:
    """One file. `before` bytes of the whole work are done when it begins."""

    def __init__(self, path: str, format_: str, progress: Progress, before: int) -> None:
        self._path, self._format = path, format_
        self._progress, self._done = progress, before
        self._digest = _Digest()

    def run(self, told: str | None, source: str) -> Known:
        try:
            with self._digest:
                health = self._read()
                sha256 = self._digest.hexdigest()
        except OSError as error:
            return Known(verdict="unknown", detail=f"it could not be read to its end: {reason_of(error)}")
        if told and told != sha256:
            where = {
                "blob-name": later("its name"),
                "index": later("its index"),
                "sidecar": later("the note beside it"),
            }.get(source, source)
            health = Health(
                "corrupt", f"its bytes are not those that {where} says: sha256 {sha256[:16]}…, not {told[:16]}…"
            )
        return Known(sha256=sha256, verdict=health.verdict, detail=health.detail)

    def _read(self) -> Health:
        with open_quietly(self._path) as file:
            size = os.fstat(file.fileno()).st_size
            broken: Health | None = None
            tensors: list[Span] = []
            try:
                tensors = spans(file, size, self._format)
            except FormatProblem as problem:
                broken = Health("corrupt" if problem.kind == "corrupt" else "unknown", problem.why)
            lying = tensors or places(file, size, self._format)
            health = read_all(file, size, tensors, self._take, lying)
            if broken is not None:
                return broken
            if health.verdict == "good" and zipfile.is_zipfile(file):
                return self._checksums(file, size)
        return health

    def _take(self, data: bytes) -> None:
        self._digest.update(data)
        self._done += len(data)
        self._progress.step(self._done)

    def _checksums(self, file: object, size: int) -> Health:
        """The checksums that a zip has of each member; the bytes come from memory, they were just read."""
        try:
            with zipfile.ZipFile(file) as archive:  # type: ignore[call-overload]
                if sum(member.file_size for member in archive.infolist()) > _MOST_UNPACKED * size:
                    return Health("unknown", "it unpacks to many times its size, so its members were not read")
                for member in archive.infolist():
                    with archive.open(member) as part:
                        while part.read(1 << 20):
                            self._progress.step()
        except (zipfile.BadZipFile, RuntimeError, ValueError, EOFError, OSError) as error:
            return Health("corrupt", f"a member of the archive is damaged: {str(error)[:120]}")
        return Health("good", "every byte was read, and its checksums are right")
