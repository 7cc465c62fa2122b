"""The journal: one append-only, synced file of JSON lines per operation. Undo needs nothing else.

A line counts when its newline is there; a torn last line is one that never was. The files lie in our
own folder, readable by their owner alone. What somebody else could have written there is no journal of ours: a plan
and what undoes it are believed only from a folder and a file that we alone can write.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import stat
import time
from collections.abc import Collection, Iterator, Mapping
from typing import BinaryIO

from model_manager.base.errors import ModelManagerError, UsageError, reason_of
from model_manager.base.messages import figure, said
from model_manager.base.ownership import folder_not_ours, not_ours_alone
from model_manager.base.volumes import mount_point
from model_manager.operations.operation import Operation, Replay, replay
from model_manager.operations.plan import Plan, is_id, to_record
from model_manager.operations.sentences import parts_of

_SUFFIX, _UNFINISHED = ".jsonl", ".new"
_TAIL = 4096
_LITTER_AGE = 3600.0
_LARGEST_PLAN = 16 << 20
_LARGEST_RECORD = 4 << 20
_LARGEST = 64 << 20
"""Bytes: of a plan of 20,000 steps, of one record (it may hold a settings file), of all that was recorded."""
_MOST_PARTS = 800_000
"""Lists, records and values that a plan may hold, at 60 bytes of memory each; 20,000 steps have 500,000."""
_MOST_RECORD_PARTS = 20_000
_RECORDS = (1000, 50)
"""Records that may follow a plan: so many, and so many for each step."""
_DIGITS = 25
_SAFE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | _SAFE
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_APPEND = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | _SAFE


class JournalFailed(ModelManagerError):
    """A record could not be made durable; what it announces must not be done."""


class Journal:
    """The folder of operations. Only `create` and `open` write, and those who call them hold the lock."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._quiet: dict[str, tuple[int, int, int]] = {}
        """Journals in which nothing is to be settled -> inode, size and time of the file, as it was read."""

    def doubt(self) -> str:
        """Why nothing that lies here is believed, with the repair; empty when we alone can write here."""
        above = folder_not_ours(os.path.dirname(self.folder))
        if above:
            return above
        try:
            return not_ours_alone(os.lstat(self.folder), self.folder)
        except FileNotFoundError:
            return ""
        except OSError as error:
            return said("{0}: {1}", self.folder, reason_of(error))

    def believe(self, verb: str) -> None:
        """Raises ModelManagerError where this folder is not ours alone."""
        if why := self.doubt():
            raise ModelManagerError(verb, "", why, said("nothing is changed by what others could have written"))

    def create(self, plan: Plan) -> None:
        """Keeps a plan as a planned operation. Killed: it is there whole, or not at all."""
        if not is_id(plan.id):
            raise UsageError(said("keep the plan"), plan.id, said("this is no id of a plan"))
        self.believe(said("keep the plan"))
        final = self._path(plan.id)
        unfinished = final + _UNFINISHED
        line = _line({"record": "plan", "plan": to_record(plan)})
        if len(line) > _LARGEST_PLAN:
            raise ModelManagerError(
                said("keep the plan"),
                plan.id,
                said("it has {0} steps, too many at once", figure(len(plan.steps))),
                said("choose fewer"),
            )
        try:
            if not os.path.isdir(self.folder):
                os.makedirs(self.folder, mode=0o700, exist_ok=True)
                self.sync_folder(os.path.dirname(self.folder))
            number = os.open(unfinished, _MAKE, 0o600)
            try:
                self.write(number, line)
                self.sync(number)
            finally:
                os.close(number)
            os.rename(unfinished, final)
            self.sync_folder(self.folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)  # else it is in the way of another try
            raise _failed(final, error) from error

    def open(self, id_: str) -> Log:
        """Opens an operation for more records. ModelManagerError when it is not there or damaged."""
        self.believe(said("change the operation"))
        story = self.read(id_)
        if story.damaged:
            raise ModelManagerError(said("change the operation"), id_, story.damaged)
        return Log(self, self._path(id_), story)

    def read(self, id_: str) -> Replay:
        """What the journal says of one operation. ModelManagerError when it is not there or no journal."""
        if not is_id(id_) or not os.path.lexists(self._path(id_)):
            raise UsageError(
                said("find the operation"),
                id_,
                said("there is none of this id"),
                said("see `history` for those there are"),
            )
        try:
            with _opened(self._path(id_)) as file:
                return replay(_bounded(record for record, _size in _whole_records(file)))
        except (OSError, ValueError, RecursionError, OverflowError) as error:
            raise ModelManagerError(said("read the operation"), id_, reason_of(error)) from error

    def ids(self) -> list[str]:
        """Every operation and stored plan, oldest first. ModelManagerError when the folder cannot be read."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ModelManagerError(said("read the journal"), self.folder, reason_of(error)) from error
        ids = (name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))
        return sorted(id_ for id_ in ids if is_id(id_))

    def history(self) -> tuple[list[Operation], list[ModelManagerError]]:
        """Every operation and stored plan, newest first, and what could not be read."""
        operations, problems = [], []
        for id_ in self.ids():
            try:
                operations.append(self.read(id_).operation())
            except ModelManagerError as error:
                problems.append(error)
        operations.sort(key=lambda one: (one.at, one.id), reverse=True)
        return operations, problems

    def unsettled(self, but: str = "") -> list[str]:
        """The operations that something ended in the middle of, oldest first; not `but`. Reads little of the others.

        None where this folder is not ours alone: what lies there may never have been begun by us.
        """
        if self.doubt():
            return []
        return [id_ for id_ in self.ids() if id_ != but and self._is_open(id_)]

    def tidy(self) -> None:
        """Removes plans that were never written to their end, an hour after."""
        for name in os.listdir(self.folder) if os.path.isdir(self.folder) else []:
            path = os.path.join(self.folder, name)
            if name.endswith(_SUFFIX + _UNFINISHED) and time.time() - os.lstat(path).st_mtime > _LITTER_AGE:
                with contextlib.suppress(OSError):  # a folder of this name is none of ours
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

    def _is_open(self, id_: str) -> bool:
        """What ended or was never begun is read once, while its file stays as it is."""
        try:
            found = os.lstat(self._path(id_))
        except OSError:
            return False
        mark = (found.st_ino, found.st_size, found.st_mtime_ns)
        if self._quiet.get(id_) == mark:
            return False
        if not self._ended(id_) and self._begun(id_):
            return True
        self._quiet[id_] = mark
        return False

    def _ended(self, id_: str) -> bool:
        """Whether the last line is an end; hundreds of operations are asked before each change."""
        try:
            with _opened(self._path(id_)) as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
                tail = file.read(_TAIL)
        except (OSError, ValueError):
            return True  # one that cannot be read must not hinder the others; history tells of it
        lines = tail.split(b"\n")
        return lines[-1] == b"" and len(lines) > 1 and lines[-2].startswith(b'{"record": "end"')

    def _begun(self, id_: str) -> bool:
        try:
            story = self.read(id_)
        except (ModelManagerError, OSError):
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
            with _opened(path) as file:
                whole = sum(size for _record, size in _whole_records(file))
                self._number = os.open(path, _APPEND)
                if not os.path.samestat(os.fstat(self._number), os.fstat(file.fileno())):
                    os.close(self._number)
                    raise ValueError(said("another file took its place"))
            # A torn last line goes, else the next record would be read as part of it.
            os.ftruncate(self._number, whole)
        except (OSError, ValueError) as error:
            raise _failed(path, error) from error

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
            record |= {"problem": problem} | parts_of({"problem": problem})
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
            self.failure = _failed(self._path, error)
            try:
                os.ftruncate(self._number, before)
            except OSError:
                pass  # the torn line is ignored, or the whole one is true of what recovery will find
            raise self.failure from error


def _line(record: Mapping[str, object]) -> bytes:
    return json.dumps(record, ensure_ascii=True).encode("ascii") + b"\n"


def _failed(path: str, error: Exception) -> JournalFailed:
    reason = reason_of(error)
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    hint = said("make room on {0}", mount_point(os.path.dirname(path))) if full else ""
    return JournalFailed(said("write the journal"), path, reason, hint)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """A journal of ours to read; whatever else stands in its place is not waited for. Raises OSError and ValueError."""
    if stat.S_ISLNK(os.lstat(path).st_mode):
        raise ValueError(said("it is a link"))
    number = os.open(path, _READ)
    with os.fdopen(number, "rb") as file:
        details = os.fstat(number)
        if not stat.S_ISREG(details.st_mode):
            raise ValueError(said("this is no file"))
        if why := not_ours_alone(details, path):
            raise ValueError(why)
        if details.st_size > _LARGEST:
            raise ValueError(said("it has {0} bytes, more than any journal", figure(details.st_size)))
        yield file


def _whole_records(file: BinaryIO) -> Iterator[tuple[Mapping[str, object], int]]:
    """The lines that count as records, with their size in bytes.

    The last may be filled with anything by a power loss: then it is as if it never was.
    """
    waiting: tuple[Mapping[str, object], int] | None = None
    limit, most, number = _LARGEST_PLAN, _MOST_PARTS, 0
    while line := file.readline(limit + 1):
        if not line.endswith(b"\n"):
            if len(line) > limit:
                raise ValueError(said("a line of it has more than {0} bytes", figure(limit)))
            break
        if waiting is not None:
            yield waiting
        waiting = (_record(line, most), len(line))
        limit, most, number = _LARGEST_RECORD, _MOST_RECORD_PARTS, number + 1
    if waiting is not None and (waiting[0] or number == 1):
        yield waiting


def _bounded(records: Iterator[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    """No more of them than a plan can have brought forth. Raises ValueError."""
    first = next(records, {})
    yield first
    plan = first.get("plan")
    steps = plan.get("steps") if isinstance(plan, dict) else None
    base, each = _RECORDS
    most = base + each * len(steps) if isinstance(steps, list) else base
    for number, record in enumerate(records):
        if number >= most:
            raise ValueError(said("it has more than {0} records", figure(most)))
        yield record


def _record(line: bytes, most: int = _MOST_RECORD_PARTS) -> Mapping[str, object]:
    """A line as a record; one that is none becomes an empty record, which nothing follows."""
    if line.count(b",") + line.count(b"[") + line.count(b"{") > most:
        return {}
    try:
        record = json.loads(line, parse_constant=_whole_number, parse_int=_whole_number, parse_float=_number)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _whole_number(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError(said("a number that nothing has"))
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(said("a number that nothing has"))
    return value
