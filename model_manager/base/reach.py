"""Paths that may be touched now: nobody waits for a mount that does not answer.

A call into a share whose server is gone, or into a FUSE program that hangs, comes back after minutes or never, and a
thread that makes it cannot be ended. So before a path leads into such a mount, the mount is asked by a child process,
which is left behind when it gets no answer; what lies on a silent one is told by its name alone.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from model_manager.base.messages import said
from model_manager.base.once import once
from model_manager.base.volumes import Mount, read_mounts

WITHIN = 2.0
"""Seconds after which a mount that was asked for its figures counts as silent."""
_BELIEVED = 5.0
"""Seconds that an answer, and the table of mounts, are believed."""
_MOST_HOPS = 40  # as many links as the kernel follows
_MOST_FOLDERS = 4096
"""Folders whose real paths are remembered, for `_BELIEVED` seconds each."""
_KINDS = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "davfs", "autofs", "fuse")
"""How the names of file systems begin behind which a server or a program stands."""


def may_hang(mount: Mount) -> bool:
    """Whether a server or a program stands behind a mount, which may not answer."""
    return mount.kind.startswith(_KINDS)


def ask(point: str) -> bool:
    """Whether a mount tells its figures in time; an error is an answer too."""
    import subprocess

    try:
        child = subprocess.Popen(
            ["stat", "-f", "--", point], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return True  # there is nobody to send
    try:
        child.wait(WITHIN)
    except subprocess.TimeoutExpired:
        child.kill()
        threading.Thread(target=child.wait, daemon=True, name=f"left at {point}").start()
        return False
    return True


@dataclass(slots=True)
class _Known:
    """What a mount answered. `until`: when that is no longer believed, by `time.monotonic`."""

    silent: bool
    until: float
    asking: bool = False


class Reach:
    """Which mounts answer now. Any thread may ask."""

    def __init__(
        self, asks: Callable[[str], bool] = ask, mounts: Callable[[], list[Mount]] = read_mounts, believed: float = _BELIEVED
    ) -> None:  # fmt: skip
        self._ask, self._mounts, self._believed = asks, mounts, believed
        self._lock = threading.Lock()
        self._points: frozenset[str] = frozenset()
        self._read_until = 0.0
        self._known: dict[str, _Known] = {}
        self._folders: dict[str, tuple[str, float]] = {}

    def points(self) -> frozenset[str]:
        """The mount points that may not answer, asked or not."""
        if time.monotonic() >= self._read_until:
            found = frozenset(mount.point for mount in self._mounts() if may_hang(mount))
            with self._lock:
                self._points, self._read_until = found, time.monotonic() + self._believed
                self._known = {point: known for point, known in self._known.items() if point in found}
        return self._points

    def answers(self, point: str) -> bool:
        """Whether one of `points` answers; takes `WITHIN` at most, and only where it answered before.

        One that was silent is asked again behind the scenes: nobody waits for it a second time.
        """
        known = self._known.get(point)
        if known is not None and time.monotonic() < known.until:
            return not known.silent
        if known is not None and known.silent:
            with self._lock:
                if not known.asking:
                    known.asking = True
                    threading.Thread(target=self._learn, args=(point,), daemon=True, name=f"ask {point}").start()
            return False
        return self._learn(point)

    def on(self, path: str) -> str:
        """The silent mount that a path lies on by its name; empty when it lies on none."""
        for point in self.points():
            if (path == point or path.startswith(point.rstrip(os.sep) + os.sep)) and not self.answers(point):
                return point
        return ""

    def folder(self, path: str) -> str:
        """A folder's real path, remembered as long as an answer of a mount is believed.

        Enough to tell which mounts a path leads to: one that falls silent is believed to answer for as long. Nothing
        else may go by it. A path that ends on a silent mount is not remembered: it was resolved by its name alone.
        """
        now = time.monotonic()
        real, until = self._folders.get(path, ("", 0.0))
        if now >= until:
            real = realpath(path)
            if not self.on(real):
                if len(self._folders) >= _MOST_FOLDERS:
                    self._folders.clear()
                self._folders[path] = real, now + self._believed
        return real

    def _learn(self, point: str) -> bool:
        answered = self._ask(point)
        with self._lock:
            self._known[point] = _Known(not answered, time.monotonic() + self._believed)
        return answered


_reach = Reach()


def realpath(path: str) -> str:
    """As `os.path.realpath`; from a mount on that does not answer, the path by its name alone."""
    if sys.platform != "linux" or not _reach.points():
        return os.path.realpath(path)
    rest = _parts(os.path.join(os.getcwd(), path) if not os.path.isabs(path) else path)
    real, hops = os.sep, 0
    while rest:
        name = rest.pop()
        if name == os.pardir:
            real = os.path.dirname(real)
            continue
        step = os.path.join(real, name)
        if step in _reach.points() and not _reach.answers(step):
            return os.path.normpath(os.path.join(step, *reversed(rest)))
        leads = _leads(step) if hops < _MOST_HOPS else ""
        if not leads:
            real = step
            continue
        hops += 1
        rest += _parts(leads)
        real = os.sep if os.path.isabs(leads) else real
    return real


def _parts(path: str) -> list[str]:
    """The names of a path, last first."""
    return [part for part in reversed(path.split(os.sep)) if part not in ("", os.curdir)]


def _leads(path: str) -> str:
    try:
        return os.readlink(path)
    except (OSError, ValueError):
        return ""


def real_parent(path: str) -> str:
    """The path with its folder resolved and its last name as it is: a link and what it leads to stay apart."""
    parent, name = os.path.split(path)
    return os.path.join(real_folder(parent), name)


def realpath_of_file(path: str) -> str:
    """As `realpath`, for many files of few folders: within `each_once` each folder is resolved one time."""
    real = real_parent(path)
    if real in _reach.points():
        return realpath(real)
    is_link = not on_silent(real) and _leads(real)  # on a mount that does not answer, reading a link alone may hang
    return realpath(real) if is_link else real


def real_folder(folder: str) -> str:
    """As `realpath`, for a folder that many questions are about: within `each_once` it is resolved one time."""
    return once(("real folder", folder), lambda: realpath(folder))


def silent_mount(path: str, follow: bool = True) -> str:
    """The mount that a path leads to and that does not answer; empty when it may be touched."""
    return led_to(path, follow)[1] if may_meet_silence() else ""


def led_to(path: str, follow: bool = True) -> tuple[str, str]:
    """(the real path, the silent mount on it or empty); its folders may be as they were `_BELIEVED` seconds ago.

    Resolving each file of a store from the root of the disk took two thirds of a scan: here it is one question a file.
    """
    folder, name = os.path.split(path if os.path.isabs(path) else os.path.join(os.getcwd(), path))
    for _ in range(_MOST_HOPS):
        if name in ("", os.curdir, os.pardir):  # not a name of its own: resolved by what is above it
            real = realpath(os.path.join(folder, name)) if follow else real_parent(os.path.join(folder, name))
            return real, _reach.on(real)
        real = os.path.join(_reach.folder(folder), name)
        silent = _reach.on(real)  # before the link is read: that alone may hang
        leads = _leads(real) if follow and not silent else ""
        if not leads:
            return real, silent
        folder, name = os.path.split(os.path.join(os.path.dirname(real), leads))
    return real, ""


def may_meet_silence() -> bool:
    """Whether this computer has a mount at all that may not answer."""
    return sys.platform == "linux" and bool(_reach.points())


def some_silent() -> bool:
    """Whether any mount of this computer does not answer now; asks them until one is silent."""
    return any(not _reach.answers(point) for point in _reach.points())


def on_silent(real: str) -> bool:
    """Whether a path without links lies on a mount that does not answer."""
    return sys.platform == "linux" and bool(_reach.on(real))


def must_answer(path: str, follow: bool = True) -> None:
    """OSError, which names the mount, where a path leads to one that does not answer."""
    if point := silent_mount(path, follow):
        raise OSError(errno.EHOSTDOWN, said("the drive or share at {0} does not answer", point), path)


def lstat(path: str) -> os.stat_result:
    """As `os.lstat`; OSError at once where it would not come back."""
    must_answer(path, follow=False)
    return os.lstat(path)


def is_link(path: str) -> bool:
    """Whether a link lies at a path; False also where that cannot be known now."""
    try:
        return stat.S_ISLNK(lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def is_dir(path: str) -> bool:
    """As `os.path.isdir`; False at once where that would not come back."""
    return not silent_mount(path) and os.path.isdir(path)


def is_file(path: str) -> bool:
    """As `os.path.isfile`; False at once where that would not come back."""
    return not silent_mount(path) and os.path.isfile(path)
