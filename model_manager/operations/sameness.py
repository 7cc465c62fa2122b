"""Whether two paths are two files: shown before anything goes or is replaced because the other one stays.

Inode numbers tell only where a file system keeps its own files. One that shows what lies elsewhere (bindfs, mergerfs,
overlayfs, a share that is mounted back) has numbers of its own for the very same bytes. There the kernel is asked: a
write lease on the one is broken the moment anybody opens that file, so the other is opened and read under it. Whatever
serves the other from the same file has to open it. Neither file is changed (fcntl(2), F_SETLEASE).
"""

from __future__ import annotations

import os
import threading
import time
from typing import Literal

from model_manager.base.behind import Behind, keeps_its_own
from model_manager.base.reading import open_quietly
from model_manager.base.spelling import are_one_name
from model_manager.base.volumes import Volume, Volumes
from model_manager.operations.leases import Lease, NoLease

Answer = Literal["one", "two", "unknown"]

_TELL_INSIDE = frozenset({"nfs", "nfs4", "overlay", "ceph", "lustre", "gpfs", "beegfs", "ecryptfs"})
"""These show what lies elsewhere, but keep the inode numbers of one mount apart."""
_WAITS = (0.0, 0.01, 0.05, 0.2)
"""Seconds before each try: FUSE closes behind a file some time after its last user did."""
_LONGEST = 10.0
"""Seconds for one probe: a share that does not answer shows nothing."""
_PIECE = 4096


def sameness(one: str, other: str, volumes: Volumes) -> Answer:
    """Whether two real paths of regular files name one file, or are shown to be two.

    Never raises: what cannot be looked at is `unknown`.
    """
    try:
        left, right = os.lstat(one), os.lstat(other)
        if (left.st_dev, left.st_ino) == (right.st_dev, right.st_ino):
            return "one"
        if left.st_size != right.st_size:
            return "two"
        if are_one_name(one, other):  # served by FUSE, each spelling has an inode number of its own
            return "one"
        mounts = volumes.of(one, left.st_dev), volumes.of(other, right.st_dev)
    except OSError:
        return "unknown"
    if all(keeps_its_own(mount.kind) for mount in mounts):
        return "two"
    if left.st_dev == right.st_dev and mounts[0].kind in _TELL_INSIDE:
        return "two"
    return _by_lease(one, other, mounts, volumes)


def may_show_others(path: str, volumes: Volumes) -> bool:
    """Whether a path lies on a file system that may show files of another one."""
    try:
        return not keeps_its_own(volumes.of(path, os.lstat(path).st_dev).kind)
    except OSError:
        return True


def _by_lease(one: str, other: str, mounts: tuple[Volume, Volume], volumes: Volumes) -> Answer:
    """Asks with a lease on whichever of the two is a file of its own, or on the file that is known to be behind one."""
    for path, volume, seen in ((one, mounts[0], other), (other, mounts[1], one)):
        if keeps_its_own(volume.kind):
            return _probe(path, seen)
    for path, seen in ((one, other), (other, one)):
        for behind in _behind(path, volumes):
            if _probe(behind, path) == "one":
                return _probe(behind, seen)
    return "unknown"


def _behind(path: str, volumes: Volumes) -> list[str]:
    """The files that may lie behind a stacked one, on file systems of their own."""
    found = Behind(volumes).of(path) or []
    return [one for one in found if os.path.isfile(one) and not may_show_others(one, volumes)]


def _probe(leased: str, opened: str) -> Answer:
    """Opens and reads the one while the other is under lease. Another program that opens it just then: tried again."""
    answer: Answer = "unknown"
    for wait in _WAITS:
        time.sleep(wait)
        answer = _probe_once(leased, opened)
        if answer == "two":
            return answer
    return answer


def _probe_once(leased: str, opened: str) -> Answer:
    try:
        with Lease(leased) as lease:
            read = _Reading(opened)
            read.start()
            end = time.monotonic() + _LONGEST
            while read.is_alive() and lease.holds() and time.monotonic() < end:
                read.join(0.002)
            if not lease.holds():
                return "one"
            return "two" if read.was_read else "unknown"
    except (NoLease, OSError):
        return "unknown"


class _Reading(threading.Thread):
    """Opens a file and reads a piece of it past the cache. In a thread: it waits for as long as the lease holds."""

    def __init__(self, path: str) -> None:
        super().__init__(daemon=True)
        self._path = path
        self.was_read = False

    def run(self) -> None:
        try:
            with open_quietly(self._path) as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                file.seek(max(0, os.fstat(file.fileno()).st_size // 2 - _PIECE))
                self.was_read = bool(file.read(_PIECE))
        except OSError:
            return
