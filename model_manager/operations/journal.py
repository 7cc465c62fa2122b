"""The journal: one append-only, synced file of JSON lines per operation. Undo needs nothing else.

A line counts when its newline is there; a torn last line is one that never was. The files lie in our
own folder, readable by their owner alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Collection, Mapping

from model_manager.base.errors import ModelManagerError, UsageError, reason_of
from model_manager.operations.operation import Operation, Replay, replay
from model_manager.operations.plan import Plan, is_id, to_record

_SUFFIX, _UNFINISHED = ".jsonl", ".new"
_TAIL = 4096
_LITTER_AGE = 3600.0
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_APPEND = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)


class JournalFailed(ModelManagerError):
    """A record could not be made durable; what it announces must not be done."""


class Journal:
    """The folder of operations. Only `create` and `open` write, and those who call them hold the lock."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def create(self, plan: Plan) -> None:
        """Keeps a plan as a planned operation. Killed: it is there whole, or not at all."""
        if not is_id(plan.id):
            raise UsageError("keep the plan", plan.id, "this is no id of a plan")
        final = self._path(plan.id)
        unfinished = final + _UNFINISHED
        try:
            if not os.path.isdir(self.folder):
                os.makedirs(self.folder, mode=0o700, exist_ok=True)
                self.sync_folder(os.path.dirname(self.folder))
            number = os.open(unfinished, _MAKE, 0o600)
            try:
                self.write(number, _line({"record": "plan", "plan": to_record(plan)}))
                self.sync(number)
            finally:
                os.close(number)
            os.rename(unfinished, final)
            self.sync_folder(self.folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)  # else it is in the way of another try
            raise JournalFailed("write the journal", final, reason_of(error)) from error

    def open(self, id_: str) -> Log:
        """Opens an operation for more records. ModelManagerError when it is not there or damaged."""
        story = self.read(id_)
        if story.damaged:
            raise ModelManagerError("change the operation", id_, story.damaged)
        return Log(self, self._path(id_), story)

    def read(self, id_: str) -> Replay:
        """What the journal says of one operation. ModelManagerError when it is not there or no journal."""
        if not is_id(id_) or not os.path.exists(self._path(id_)):
            raise UsageError("find the operation", id_, "there is none of this id", "see `history` for those there are")
        try:
            return replay(_record(line) for line in _whole_lines(self._path(id_)))
        except (OSError, ValueError) as error:
            raise ModelManagerError("read the operation", id_, reason_of(error)) from error

    def ids(self) -> list[str]:
        """Every operation and stored plan, oldest first. ModelManagerError when the folder cannot be read."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ModelManagerError("read the journal", self.folder, reason_of(error)) from error
        ids = (name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))
        return sorted(id_ for id_ in ids if is_id(id_))

    def history(self) -> tuple[list[Operation], list[ModelManagerError]]:
        """Every operation and stored plan, newest first, and what could not be read."""
        operations, problems = [], []
        for id_ in reversed(self.ids()):
            try:
                operations.append(self.read(id_).operation())
            except ModelManagerError as error:
                problems.append(error)
        return operations, problems

    def unsettled(self) -> list[str]:
        """The operations that something ended in the middle of, oldest first. Reads little of the others."""
        return [id_ for id_ in self.ids() if not self._ended(id_) and self._begun(id_)]

    def tidy(self) -> None:
        """Removes plans that were never written to their end, an hour after."""
        for name in os.listdir(self.folder) if os.path.isdir(self.folder) else []:
            path = os.path.join(self.folder, name)
            if name.endswith(_SUFFIX + _UNFINISHED) and time.time() - os.lstat(path).st_mtime > _LITTER_AGE:
                os.unlink(path)

    def write(self, number: int, data: bytes) -> None:
        """Writes all of `data`. The calls from here on are what tests interrupt."""
        while data:
            data = data[os.write(number, data) :]

    def sync(self, number: int) -> None:
        os.fsync(number)

    def sync_folder(self, path: str) -> None:
        if os.name == "nt":  # pragma: no cover - Windows
            return
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)

    def _path(self, id_: str) -> str:
        return os.path.join(self.folder, id_ + _SUFFIX)

    def _ended(self, id_: str) -> bool:
        """Whether the last line is an end; hundreds of operations are asked before each change."""
        try:
            with open(self._path(id_), "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
                tail = file.read(_TAIL)
        except OSError:
            return True  # one that cannot be read must not hinder the others; history tells of it
        lines = tail.split(b"\n")
        return lines[-1] == b"" and len(lines) > 1 and lines[-2].startswith(b'{"record": "end"')

    def _begun(self, id_: str) -> bool:
        try:
            story = self.read(id_)
        except ModelManagerError:
            return False  # history tells of it
        return story.began and not story.damaged


class Log:
    """One operation's file, open for records. After a failed write it takes no more.

    Then the file has no end, and recovery will look at the disk itself; a record after a lost one
    would tell it a wrong story.
    """

    def __init__(self, journal: Journal, path: str, story: Replay) -> None:
        self._journal, self._path, self.story = journal, path, story
        self.failure: JournalFailed | None = None
        try:
            self._number = os.open(path, _APPEND)
            # A torn last line goes, else the next record would be read as part of it.
            os.ftruncate(self._number, sum(len(line) + 1 for line in _whole_lines(path)))
        except OSError as error:
            raise JournalFailed("write the journal", path, reason_of(error)) from error

    def add(
        self,
        kind: str,
        n: int | None = None,
        facts: Mapping[str, object] | None = None,
        problem: str = "",
        units: Collection[int] | None = None,
    ) -> None:
        """Makes one record durable, then follows it. JournalFailed when it is not sure to be there."""
        record: dict[str, object] = {"record": kind}
        if n is None:
            record["at"] = time.time()
        else:
            record["n"] = n
        if facts:
            record["facts"] = dict(facts)
        if problem:
            record["problem"] = problem
        if units is not None:
            record["units"] = sorted(units)
        if self.failure:
            raise self.failure
        self._append(_line(record))
        self.story.follow(record)

    def follow(self, kind: str, n: int, problem: str) -> None:
        """Follows in memory what could not be recorded: how half a unit goes back though the journal failed."""
        self.story.follow({"record": kind, "n": n, "problem": problem})

    def close(self) -> None:
        os.close(self._number)

    def _append(self, line: bytes) -> None:
        before = os.fstat(self._number).st_size
        try:
            self._journal.write(self._number, line)
            self._journal.sync(self._number)
        except OSError as error:
            self.failure = JournalFailed("write the journal", self._path, reason_of(error))
            try:
                os.ftruncate(self._number, before)
            except OSError:
                pass  # the torn line is ignored, or the whole one is true of what recovery will find
            raise self.failure from error


def _line(record: Mapping[str, object]) -> bytes:
    return json.dumps(record, ensure_ascii=True).encode("ascii") + b"\n"


def _whole_lines(path: str) -> list[bytes]:
    """The lines that count. The last may be filled with anything by a power loss: then it is as if it never was."""
    number = os.open(path, _READ)
    with os.fdopen(number, "rb") as file:
        lines = file.read().split(b"\n")[:-1]
    return lines[:-1] if len(lines) > 1 and not _record(lines[-1]) else lines


def _record(line: bytes) -> Mapping[str, object]:
    """A line as a record; one that is none becomes an empty record, which nothing follows."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
