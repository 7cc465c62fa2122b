"""The deep check of one file: every byte read once, against what is known of it. It runs in a process of its own.

It keeps the interpreter busy, so that beside a window everything would stutter; and it changes nothing, so that it may be
killed at any instant.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from model_manager.base.errors import reason_of
from model_manager.base.facts import Health
from model_manager.base.messages import kept, said, told_by
from model_manager.base.reading import open_quietly
from model_manager.base.text import later
from model_manager.formats.deep import read_all
from model_manager.formats.places import places, spans
from model_manager.formats.problem import FormatProblem
from model_manager.formats.span import Span

NAME = "deep-check"
"""How the child is told what to do."""
_MOST_UNPACKED = 4
"""Times its size that an archive may unpack to: beyond it is a bomb, and not read."""


def answer(request: Mapping[str, Any], tell: Callable[[int | None], object]) -> dict[str, object]:
    """What the child answers for one file: `verdict` and `detail` (as `messages.kept` has it), and `sha256` where it was read to its end.

    `request`: `path`, `format`, the `sha256` that it should have and the `source` that says so, or "". `tell` gets how many
    bytes were read by now, None for a sign of life.
    """
    reading = _Reading(request["path"], request["format"], tell)
    return reading.run(request["sha256"], request["source"])


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
    def __init__(self, path: str, format_: str, tell: Callable[[int | None], object]) -> None:
        self._path, self._format, self._tell = path, format_, tell
        self._done = 0
        self._digest = _Digest()

    def run(self, told: str, source: str) -> dict[str, object]:
        try:
            with self._digest:
                health = self._read()
                sha256 = self._digest.hexdigest()
        except OSError as error:
            why = said("it could not be read to its end: {0}", reason_of(error))
            return {"verdict": "unknown", "detail": kept(why)}
        if told and told != sha256:
            where = {
                "blob-name": later("its name"),
                "index": later("its index"),
                "sidecar": later("the note beside it"),
            }.get(source, source)
            health = Health(
                "corrupt",
                said("its bytes are not those that {0} says: sha256 {1}…, not {2}…", where, sha256[:16], told[:16]),
            )
        return {"sha256": sha256, "verdict": health.verdict, "detail": kept(health.detail)}

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
        self._tell(self._done)

    def _checksums(self, file: object, size: int) -> Health:
        """The checksums that a zip has of each member; the bytes come from memory, they were just read."""
        try:
            with zipfile.ZipFile(file) as archive:  # type: ignore[call-overload]
                if sum(member.file_size for member in archive.infolist()) > _MOST_UNPACKED * size:
                    return Health("unknown", said("it unpacks to many times its size, so its members were not read"))
                for member in archive.infolist():
                    with archive.open(member) as part:
                        while part.read(1 << 20):
                            self._tell(None)
        except (zipfile.BadZipFile, RuntimeError, ValueError, EOFError, OSError) as error:
            return Health("corrupt", said("a member of the archive is damaged: {0}", told_by(error, 120)))
        return Health("good", said("every byte was read, and its checksums are right"))
