"""Leases on files: the kernel's own word on who has a file open, without looking into other people's processes.

A lease is given only while nobody has the file open in the other way, and is broken when somebody does (fcntl(2)).
It needs the file to be the user's own (or CAP_LEASE) and a local file system; elsewhere there is none.
"""

from __future__ import annotations

import errno
import signal
from types import TracebackType
from typing import BinaryIO, Literal

from model_manager.base.reading import open_quietly

Written = Literal["yes", "no", "unknown"]

_SETLEASE, _GETLEASE, _SETSIG = 1024, 1025, 10  # fcntl.h; the standard library names them on newer systems only


class NoLease(Exception):
    """The kernel gives none here: another user's file, a file system without leases, or somebody has it open."""


class Lease:
    """`with Lease(path) as lease:` holds a lease. Raises NoLease and OSError.

    A write lease: nobody else has the file open. With `shared` a read lease: nobody writes to it, and who wants to
    waits until the lease is given back (or for the 45 s of /proc/sys/fs/lease-break-time).
    """

    def __init__(self, path: str, shared: bool = False) -> None:
        self._path, self._shared = path, shared

    def __enter__(self) -> Lease:
        self._file = open_quietly(self._path)
        try:
            _set(self._file, self._kind())
        except (ImportError, OSError) as error:
            self._file.close()
            raise NoLease(self._path) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()  # gives the lease back

    def holds(self) -> bool:
        """Whether nobody has opened the file since, or with `shared` nobody for writing."""
        import fcntl

        return fcntl.fcntl(self._file, _GETLEASE) == self._kind()

    def _kind(self) -> int:
        import fcntl

        return fcntl.F_RDLCK if self._shared else fcntl.F_WRLCK


def is_open_for_writing(path: str) -> Written:
    """Whether any process has a file open for writing, or mapped so. Changes nothing and waits for nobody."""
    try:
        import fcntl

        with open_quietly(path) as file:
            _set(file, fcntl.F_RDLCK)
    except ImportError:  # pragma: no cover - Windows
        return "unknown"
    except OSError as error:
        return "yes" if error.errno == errno.EAGAIN else "unknown"
    return "no"


def _set(file: BinaryIO, kind: int) -> None:
    import fcntl

    # A broken lease is told by SIGIO, which ends a process; SIGURG is ignored unless somebody wants it.
    fcntl.fcntl(file, _SETSIG, signal.SIGURG)
    fcntl.fcntl(file, _SETLEASE, kind)
