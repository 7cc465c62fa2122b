"""One scan at a time, in this process and in all others of a data folder; and what is left for whoever scans next."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Collection

from model_manager.base.locking import taken

log = logging.getLogger(__name__)

_LOCK = "scan.lock"
_LEFT = "scan-left-"


class Turn:
    """Held by the one that scans. The system drops it with the process, so nobody waits for one that was killed.

    `folder`: the program's own, "" where nothing may be written there: then this process alone is asked.
    """

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, _LOCK) if folder else ""
        self._here = threading.Lock()
        self._number: int | None = None

    def taken(self) -> bool:
        """Whether it is ours now; False while somebody else has it. Does not wait."""
        if not self._here.acquire(blocking=False):
            return False
        if not self._path:
            return True
        try:
            number = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:  # a folder that cannot be written: the catalogue is this process' own then
            log.info("no other process is asked whether it scans: %s", error)
            return True
        try:
            ours = taken(number)
        except OSError as error:  # a file system without locks
            log.info("no other process is asked whether it scans: %s", error)
            ours = True
        if ours:
            self._number = number
            return True
        os.close(number)
        self._here.release()
        return False

    def drop(self) -> None:
        if self._number is not None:
            os.close(self._number)
            self._number = None
        self._here.release()


class Left:
    """Folders that are to be looked at, by their ids, written down by somebody who could not wait for the turn.

    A file for each request: none is lost between reading and removing, whoever writes another one meanwhile.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def leave(self, roots: Collection[int]) -> None:
        """Says nothing where the folder cannot be written: then no other process goes by it either."""
        if not self._folder:
            return
        path = os.path.join(self._folder, _LEFT + os.urandom(8).hex())
        with contextlib.suppress(OSError), open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(sorted(roots), file)
        with contextlib.suppress(OSError):
            os.replace(path + ".new", path)

    def every(self) -> dict[str, frozenset[int]]:
        """Request -> the folders; one that cannot be read asks for none, and goes like the others."""
        found: dict[str, frozenset[int]] = {}
        with contextlib.suppress(OSError):
            for name in os.listdir(self._folder) if self._folder else ():
                if name.startswith(_LEFT) and not name.endswith(".new"):
                    found[name] = _read(os.path.join(self._folder, name))
        return found

    def done(self, names: Collection[str]) -> None:
        """These were looked at since they were written."""
        for name in names:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(self._folder, name))


def _read(path: str) -> frozenset[int]:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return frozenset()
    return frozenset(one for one in found if isinstance(one, int)) if isinstance(found, list) else frozenset()
