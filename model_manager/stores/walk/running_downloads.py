"""Whether a download is under way, by the tools' own locks and times. No lock is ever made, emptied, taken or removed.

Locks as the tools name them: huggingface_hub `.locks/<repository>/<etag>.lock`, `<file>.lock` beside the records of a
`--local-dir` download and beside a payload; ModelScope `.lock/<owner>___<name>`.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator

from model_manager.base import reach
from model_manager.base.messages import counted, said
from model_manager.base.once import once
from model_manager.stores.parts import CannotRemove

FRESH = 3600.0
"""Seconds: a blob as young as this may get its name at any moment; Ollama's own start leaves it alone (images.go)."""
PULLED = 86_400.0
"""Seconds: a download that was written to as lately as this has not stopped, and what came before it is part of it."""
_FOLDERS = (".locks", ".lock")
_HIGHEST = 6
_MOST = 2_000


def is_younger(found: os.stat_result, seconds: float) -> bool:
    """Whether a file was written to within the last seconds; one from the future was."""
    return time.time() - found.st_mtime < seconds


def may_be_under_way(path: str) -> str:
    """Why a download may not have stopped, in words; empty where it has, or is gone."""
    try:
        age = time.time() - reach.lstat(path).st_mtime
    except OSError:
        return ""
    if age >= PULLED:
        return ""
    if age < 7200:
        return counted(
            "written to {0} minute ago: it may still be downloading",
            "written to {0} minutes ago: it may still be downloading",
            max(0, int(age // 60)),
            max(0, int(age // 60)),
        )
    return counted(
        "written to {0} hour ago: it may still be downloading",
        "written to {0} hours ago: it may still be downloading",
        int(age // 3600),
        int(age // 3600),
    )


class Locks:
    """The locks that are held on this computer, asked once.

    The kernel's own list is read, so that nobody who waits for a lock notices. Without such a list a shared lock is
    tried for an instant, on a file that is there.
    """

    def __init__(self) -> None:
        self._held = _listed()

    def on(self, path: str) -> str:
        """The lock file that somebody holds for what is fetched to `path`; empty when none is held."""
        return next((lock for lock in lock_files(path) if self.held(lock)), "")

    def held(self, lock: str) -> bool:
        try:
            found = os.stat(lock)
        except OSError:
            return False
        if not stat.S_ISREG(found.st_mode):
            return False
        return _tried(lock) if self._held is None else found.st_ino in self._held


def lock_files(path: str) -> Iterator[str]:
    """The lock files that may stand for a download to `path`, or for what lies in a repository's folder."""
    folder, name = os.path.split(path)
    yield from once(("locks in", folder), lambda: [entry for entry in _entries(folder) if entry.endswith(".lock")])
    below = name
    for _ in range(_HIGHEST):
        for locks in _FOLDERS:
            yield from _locks_in(os.path.join(folder, locks), below)
        folder, below = os.path.split(folder)
        if not below:
            return


def _locks_in(folder: str, of: str) -> Iterator[str]:
    """Those of one repository where a folder has its name, else all."""
    own = os.path.join(folder, of)
    if os.path.isdir(own):
        yield from _entries(own)
    elif not of.startswith(("models--", "datasets--", "spaces--")):
        yield from _entries(folder)


def _entries(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as found:
            for number, entry in enumerate(found):
                if number == _MOST:
                    return
                yield entry.path
    except OSError:
        return


def _listed() -> frozenset[int] | None:
    """The inodes of all locked files, None where the system has no list. Devices differ from `stat`'s on btrfs."""
    try:
        with open("/proc/locks", encoding="ascii", errors="replace") as file:
            words = [line.split() for line in file]
    except OSError:
        return None
    marks = [word.split(":") for line in words for word in line if word.count(":") == 2]
    return frozenset(int(mark[2]) for mark in marks if mark[2].isdecimal())


def _tried(lock: str) -> bool:
    try:
        import fcntl

        number = os.open(lock, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (ImportError, OSError):
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(number)
    return False


def must_not_be_fetched(path: str) -> None:
    """CannotRemove while a tool holds the lock of the download that `path` is a part of."""
    if lock := once("locks", Locks).on(path):
        raise CannotRemove(
            said("clear away"), path, said("it is being downloaded now: a program holds the lock {0}", lock),
            said("wait until the download has ended, or end it, and scan again"),
        )  # fmt: skip
