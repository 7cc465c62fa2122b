"""The deep check: every byte of a model read once, against what is known of it. The verdict stays with the file.

Known hashes are compared, values looked at, the checksums of archives verified, in a child process
(`deep_reading.py`). What it finds is kept here: a verdict holds for the identity that was read; a file that changed since
has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from model_manager.base import reach
from model_manager.base.children import Child
from model_manager.base.messages import read_back
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, files, hashes, models
from model_manager.catalog.hashes import Known
from model_manager.catalog.models import FileView
from model_manager.jobs import Progress
from model_manager.library import deep_reading
from model_manager.library.duplicates.hashing import Hashing
from model_manager.library.scan.derive import derive

_ROLES = ("weights", "adapter", "projector")


@dataclass(frozen=True, slots=True)
class Checked:
    """`files` were read whole, `kept` had a verdict that still holds; `read_bytes` came from the disk."""

    files: int
    kept: int
    read_bytes: int


def check_deep(
    database: Database, volumes: Volumes, ids: Iterable[int], progress: Progress | None = None, again: bool = False
) -> Checked:
    """Reads the weights of these models to their end. `again`: also those whose verdict still holds.

    Raises Cancelled, and ModelManagerError where the child cannot go on; what was read by then is kept either way.
    """
    progress = progress or Progress()
    hashing = Hashing(database, volumes, progress)
    wanted = list(ids)
    with database.read() as tx:
        members = {file.file: file for file in models.files(tx, wanted) if file.role in _ROLES}
        formats = {id_: found.format for id_ in members if (found := files.facts_of(tx, id_))}
    total, done, kept, read = sum(file.size for file in members.values()), 0, 0, 0
    progress.step(0, total)
    with _Apart(progress) as apart:
        for file in members.values():
            path = reach.realpath(file.path)
            id_ = hashing.id(path)
            if id_ is None:
                continue
            if hashing.known(id_).verdict and not again:
                kept += 1
            else:
                got = apart.read(path, formats.get(file.file, ""), file, done)
                if hashing.id(path) == id_:
                    with database.write() as tx:
                        hashes.keep(tx, id_, got)
                read += file.size
            done += file.size
            progress.step(done, total)
    with database.write() as tx:
        derive(tx, wanted)
    return Checked(len(members) - kept, kept, read)


class _Apart:
    """Reads files in a child, which is started for the first of them. Leaving the `with` ends it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._child: Child | None = None

    def __enter__(self) -> _Apart:
        return self

    def __exit__(self, *error: object) -> None:
        if self._child is not None:
            self._child.end()

    def read(self, path: str, format_: str, file: FileView, before: int) -> Known:
        """`before` bytes of the whole work are done when it begins. Raises Cancelled, ModelManagerError."""

        def step(done: int | None) -> None:
            self._progress.step(None if done is None else before + done)

        if self._child is None:
            self._child = Child(deep_reading.NAME)
        told = file.sha256 if file.sha256 and file.sha256_source != "read" else ""
        request = {"path": path, "format": format_, "sha256": told, "source": file.sha256_source or ""}
        found = self._child.ask(request, step)
        return Known(sha256=found.get("sha256"), verdict=found["verdict"], detail=read_back(found["detail"]))
