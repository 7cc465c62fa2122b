"""A catalogue that cannot be written where it lies: the same, in memory, so that everything can still be looked at.

WAL needs a file for its index beside the catalogue, and SQLite asks for one even to read: with no byte free, on a read-only
volume or in another's folder nothing could be shown.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import sqlite3
import urllib.parse
from pathlib import Path

from model_manager.base.errors import reason_of
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.base.volumes import mount_point

_numbers = itertools.count(1)
_PROBE = bytes(64 << 10)
_NO_ROOM = {os.strerror(errno.ENOSPC), os.strerror(getattr(errno, "EDQUOT", errno.ENOSPC))}


def why_not_written(folder: Path) -> str:
    """In the system's words why no file of 64 KiB can be made in a folder, or nothing. Leaves nothing behind."""
    path = folder / f"probe.{os.getpid()}"
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except OSError as error:
        return reason_of(error)
    try:
        left = _PROBE
        while left:
            left = left[os.write(number, left) :]
    except OSError as error:
        return reason_of(error)
    finally:
        os.close(number)
        with contextlib.suppress(OSError):
            os.unlink(path)
    return ""


def sentence(folder: str, why: str) -> str:
    """What a person must know of a catalogue that is only looked at."""
    return said("Nothing can be written to {0} ({1}): what is known is shown, nothing new is kept", folder, why)


def words_sentence(path: str, why: str) -> str:
    """What a person must know where the file of words could not be written."""
    return said("Your own words are in the catalogue alone: {0} cannot be written ({1})", path, why)


def way_out(folder: Path, why: str) -> str:
    """What to do where a folder cannot be written for this reason; names the volume."""
    if why in _NO_ROOM:
        point = mount_point(str(folder))
        return said("make room on {0}: `model-manager empty` deletes for good what lies in the trash", point)
    return later("see `model-manager doctor` for what to do")


def in_memory(path: Path) -> str:
    """A copy of the catalogue in memory, empty where there is none; answers its address for `connect(…, uri=True)`.

    It lives as long as a connection to it. Raises sqlite3.Error when the catalogue cannot be read either.
    """
    address = f"file:/model-manager-{os.getpid()}-{next(_numbers)}?vfs=memdb"
    copy = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    if path.is_file() and os.access(path, os.R_OK) and path.stat().st_size:
        with contextlib.closing(readable(path)) as source:
            source.execute("VACUUM INTO ?", (address,))  # not `backup`: memory takes no catalogue with a WAL
    _anchors[address] = copy
    return address


_anchors: dict[str, sqlite3.Connection] = {}


def let_go(address: str) -> None:
    """Ends the copy once nobody has a connection to it."""
    anchor = _anchors.pop(address, None)
    if anchor is not None:
        anchor.close()


def readable(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing and could read: by another's index, with one in memory, or without any journal."""
    name = urllib.parse.quote(os.fsencode(path.absolute()))
    ways = [("mode=ro", ""), ("mode=ro", "PRAGMA locking_mode = EXCLUSIVE")]
    wal = path.with_name(path.name + "-wal")
    journal = path.with_name(path.name + "-journal")
    if not journal.exists() and (not wal.exists() or wal.stat().st_size == 0):
        ways.insert(0, ("mode=ro&immutable=1", ""))  # makes no file; else what was changed last would be missing
    problem: sqlite3.Error | None = None
    for how, before in ways:
        connection = sqlite3.connect(f"file:{name}?{how}", uri=True, timeout=2, isolation_level=None)
        try:
            if before:
                connection.execute(before)
            connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
            return connection
        except sqlite3.Error as error:
            connection.close()
            problem = error
    raise problem or sqlite3.OperationalError("unable to open database file")


def anyhow(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing and reads what can be read of a damaged catalogue."""
    name = urllib.parse.quote(os.fsencode(path.absolute()))
    connection = sqlite3.connect(f"file:{name}?mode=ro", uri=True, timeout=2, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")  # else SQLite reads nothing of a file that was cut short
    return connection
