"""What comes in is gathered here to the byte, outside the operations lock: a download of hours keeps nobody waiting.

Each item is a file `….part` with its record `….json` in an incoming folder. Whoever writes it holds its lock, which dies
with the process. A second start finds the item by its key and goes on behind the bytes that are safe.

Nothing is ever written to a file that was found whole: another process may be giving it its name at that moment. What
is begun anew gets a new file, so no two things are ever mixed in one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType

from model_manager.base import units
from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.identity import is_untouched
from model_manager.base.locking import taken
from model_manager.base.messages import figure, said
from model_manager.base.mounted_as import is_of_one_run, mounted_as
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.operations.disk import Disk
from model_manager.operations.identity import Identity, identity_of
from model_manager.operations.incoming import must_be_private
from model_manager.operations.staged_record import Record, Wanted, read_record, stem_of, to_bytes

SAFE_EACH = 64 << 20
"""Bytes after which what was written is made durable: what a loss of power costs at most."""
_WAIT = 1.0
"""Seconds to wait for a lock: who only looks whether an item is claimed holds it for a moment."""
_TAKE_IN = later("take in")


@dataclass(frozen=True, slots=True)
class Finished:
    """A file that is whole, durable, and what was wanted, as it was when its last byte was read again."""

    path: str
    identity: Identity
    size: int
    sha256: str


class Staged:
    """One item while this process writes it. Close it, or use it in a `with`: then another may go on with it.

    Every method raises ModelManagerError in words. After a failure nothing more is taken: open it again.
    """

    def __init__(self, folder: str, wanted: Wanted, volumes: Volumes, disk: Disk) -> None:
        self._folder, self._volumes, self._disk = folder, volumes, disk
        stem = os.path.join(folder, stem_of(wanted.key))
        self._path, self._note, self._new = f"{stem}.part", f"{stem}.json", f"{stem}.part.new"
        self._record = Record(wanted)
        self._has_failed = False
        self.have = 0
        """Bytes that are there: the next ones are appended behind them."""
        with self._in_words():
            to_bytes(self._record)
            must_be_private(folder, volumes, disk)
            self._number = self._locked()
        try:
            with self._in_words():
                self._go_on()
                self._must_have_room()
        except BaseException:
            os.close(self._number)
            raise

    def __enter__(self) -> Staged:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_finished(self) -> bool:
        """Whether all of it was there already; `finish` reads it once more."""
        return self._record.finished

    def append(self, data: bytes) -> None:
        """Writes behind what is there. More than was announced is refused, and nothing of it written."""
        size = self._record.wanted.size
        with self._in_words(may_distrust=True):
            if size is not None and self.have + len(data) > size:
                raise self._refused(said("more than the {0} bytes that were announced are coming", figure(size)))
            if self.is_finished and data:
                raise self._refused(said("it is finished: nothing is written to it any more"))
            left = memoryview(data)
            while left:
                count = self._disk.write_at(self._number, left, self.have)
                self.have += count
                left = left[count:]
        if self.have - self._record.bytes >= SAFE_EACH:
            self.make_safe()

    def make_safe(self) -> None:
        """Makes durable what was written so far, and notes it."""
        with self._in_words(may_distrust=True):
            self._must_be_ours()
            self._disk.sync_open(self._number)
            self._write_record(replace(self._record, bytes=self.have, mounted=_mounting(self._folder)))

    def finish(self, step: Callable[[int], None] = lambda size: None) -> Finished:
        """Reads all of it again, and tells what is ready to get its name: size and sha256 are as wanted.

        `step` is told the bytes that were read, and may raise Cancelled. What is not as wanted stays, and is begun anew by
        the next who opens it.
        """
        wanted = self._record.wanted
        if wanted.size is not None and self.have != wanted.size:
            raise self._refused(said("{0} of {1} bytes are there", figure(self.have), figure(wanted.size)))
        self.make_safe()
        with self._in_words(may_distrust=True):
            before = os.fstat(self._number)
            sha256 = self._sha256(step)
            after = os.fstat(self._number)
            if before.st_size != self.have or not is_untouched(before, after):
                raise self._worthless(said("another program wrote to it"))
            if wanted.sha256 and sha256 != wanted.sha256:
                raise self._worthless(said("what came is not what was announced: its sha256 is {0}", sha256))
            self._must_be_ours()
            self._write_record(replace(self._record, finished=True))
            return Finished(self._path, identity_of(self._path, after, self._volumes), self.have, sha256)

    def close(self) -> None:
        """Gives up the lock. What was written and cannot be made safe now is fetched again, and nothing worse."""
        if self._number < 0:
            return
        if not self._has_failed and self.have > self._record.bytes:
            with contextlib.suppress(ModelManagerError):
                self.make_safe()
        os.close(self._number)
        self._number = -1

    def _locked(self) -> int:
        """The open file with its lock; it still has its name, so nobody else can hold one for that."""
        end = time.monotonic() + _WAIT
        while True:
            number = self._disk.open_part(self._path)
            try:
                if taken(number) and self._is_at(number, self._path):
                    if os.fstat(number).st_nlink > 1:
                        raise self._refused(
                            said("{0} has another name elsewhere: nothing is written to it", self._path)
                        )
                    return number
            except BaseException:
                os.close(number)
                raise
            os.close(number)
            if time.monotonic() >= end:
                raise self._refused(said("another Model Manager is fetching it"), said("wait until it has finished"))
            time.sleep(0.02)

    def _go_on(self) -> None:
        """Behind what is safe, if it is of the same thing; else from the start, in a file of its own."""
        wanted, size = self._record.wanted, os.fstat(self._number).st_size
        before = self._read_record()
        with contextlib.suppress(FileNotFoundError):  # left by a kill: only the holder of the lock makes one
            self._disk.remove(self._new)
        if before is None and size:
            raise self._refused(said("there are bytes of it and no record of what they are of"), _CLEAR)
        if before is not None and before.wanted.key != wanted.key:
            raise self._refused(said("its record is of something else"), _CLEAR)
        if before is None or before.wanted != wanted:
            is_new = not size and (before is None or not before.finished)
            have = 0 if is_new else None
        else:
            have = _believed(before, size, _mounting(self._folder))
        if have is None:
            self._begin_anew()
        elif before is not None and before.wanted == wanted:
            self._record, self.have = before, have
            if size > have:
                self._disk.cut(self._number, have)
        self.make_safe()

    def _begin_anew(self) -> None:
        """Puts an empty file, already locked, in the place of the old one, to which nothing is written."""
        if os.name == "nt":  # pragma: no cover - Windows gives no file that is open another name
            self._disk.cut(self._number, 0)
            return
        number = self._disk.open_part(self._new, "new")
        try:
            if not taken(number):
                raise self._refused(said("another Model Manager is fetching it"), said("wait until it has finished"))
            self._disk.replace(self._new, self._path)
        except BaseException:
            os.close(number)
            raise
        os.close(self._number)
        self._number = number

    def _must_have_room(self) -> None:
        size = self._record.wanted.size
        free = self._disk.free(self._folder)
        if size is not None and size - self.have > free:
            needed = units.size(size - self.have)
            why = said("{0} are needed on the volume of {1}, and {2} are free", needed, self._folder, units.size(free))
            raise self._refused(why, said("make room there, or choose another drive"))

    def _sha256(self, step: Callable[[int], None]) -> str:
        found, at = hashlib.sha256(), 0
        while data := self._disk.read_at(self._number, at):
            found.update(data)
            at += len(data)
            step(len(data))
        return found.hexdigest()

    def _must_be_ours(self) -> None:
        if not self._is_at(self._number, self._path):
            raise self._refused(said("it was taken away while it was written"))

    def _is_at(self, number: int, path: str) -> bool:
        """Whether an open file still has its name."""
        try:
            return os.path.samestat(os.fstat(number), self._disk.lstat(path))
        except FileNotFoundError:
            return False

    def _read_record(self) -> Record | None:
        if not os.path.lexists(self._note):
            return None
        try:
            return read_record(self._note, self._disk)
        except ValueError as error:
            raise self._refused(said("its record is not understood: {0}", error), _CLEAR) from None

    def _write_record(self, record: Record) -> None:
        new = f"{self._note}.new"
        with contextlib.suppress(FileNotFoundError):
            self._disk.remove(new)
        self._disk.write_new(new, to_bytes(record))
        self._disk.replace(new, self._note)
        self._record = record

    def _worthless(self, why: str) -> ModelManagerError:
        """The error to be raised; none of the bytes is believed by whoever opens it next."""
        self._has_failed = True
        self._write_record(Record(self._record.wanted))
        return self._refused(why, said("fetch it again"))

    def _refused(self, why: str, hint: str = "") -> ModelManagerError:
        return ModelManagerError(_TAKE_IN, self._record.wanted.key, why, hint)

    @contextlib.contextmanager
    def _in_words(self, may_distrust: bool = False) -> Iterator[None]:
        """Errors of the disk as a person reads them. `may_distrust`: then nothing is believed but what was safe before."""
        if self._has_failed:
            raise self._refused(said("writing it failed before: begin again"))
        try:
            yield
        except OSError as error:
            if may_distrust:
                self._distrust()
            is_link = error.errno == errno.ELOOP
            why = said("{0} is a link: nothing is written through it", self._path) if is_link else reason_of(error)
            raise self._refused(why) from error
        except ValueError as error:
            raise self._refused(reason_of(error)) from error

    def _distrust(self) -> None:
        """A disk that failed may have lost what it took since the last time that it was made safe."""
        self._has_failed = True
        with contextlib.suppress(OSError):
            self._write_record(replace(self._record, mounted=""))


_CLEAR = later("clear it away, then begin again")


def _believed(record: Record, size: int, mounted: str) -> int | None:
    """How many bytes of a file are those that were wanted; None where it must be begun anew."""
    if size < record.bytes or (record.finished and size != record.bytes):
        return None
    is_same_mounting = bool(mounted) and record.mounted == mounted
    have = size if is_same_mounting else record.bytes
    return have if record.wanted.size is None or have <= record.wanted.size else None


def _mounting(folder: str) -> str:
    """The name of this mounting, empty where it could be that of another drive, too."""
    name = mounted_as(folder)
    return "" if is_of_one_run(name) else name
