"""Where a walk over folders must not go: into a mount that does not answer, and into what the kernel shows of itself.

A folder may hold a link to either. `/proc` alone would show the files of every process as a thousand models, and a link
into a hung share would keep the walk waiting for ever.
"""

from __future__ import annotations

import os
import time

from model_manager.base import reach
from model_manager.base.volumes import KERNELS_OWN, read_mounts

_BELIEVED = 5.0
"""Seconds that the table of mounts is believed."""


class _Mounts:
    """Mount points by name: the kernel's own, and all others that lie within them (`/dev/shm`)."""

    def __init__(self) -> None:
        self._until = 0.0
        self._own: tuple[str, ...] = ()
        self._others: tuple[str, ...] = ()
        self._inside: tuple[str, ...] = ()
        self._above: frozenset[str] = frozenset()

    def own(self) -> tuple[str, ...]:
        if time.monotonic() >= self._until:
            mounts = read_mounts()
            kinds = {mount.point: mount.kind for mount in mounts}  # of several at one place the last one is seen
            self._own = tuple(point for point, kind in kinds.items() if kind in KERNELS_OWN)
            self._inside = tuple(point.rstrip(os.sep) + os.sep for point in self._own)
            self._others = tuple(
                point for point, kind in kinds.items() if kind not in KERNELS_OWN and point.startswith(self._inside)
            )
            self._above = frozenset(map(os.path.dirname, self._own))
            self._until = time.monotonic() + _BELIEVED
        return self._own

    def is_own(self, real: str) -> bool:
        """Whether the mount nearest to a path is one of the kernel's own."""
        if real not in self.own() and not real.startswith(self._inside):
            return False
        best = max((point for point in self.own() if _is_in(real, point)), key=len, default="")
        return bool(best) and not any(_is_in(real, point) for point in self._others if len(point) > len(best))

    def is_above(self, folder: str) -> bool:
        """Whether one of the kernel's own is mounted right below a folder, by name."""
        self.own()
        return folder in self._above


def _is_in(path: str, point: str) -> bool:
    return path == point or path.startswith(point.rstrip(os.sep) + os.sep)


_mounts = _Mounts()


def is_kernels(real: str) -> bool:
    """Whether a path without links lies where the kernel shows itself: /proc, /sys, /dev."""
    return _mounts.is_own(real)


def holds_kernels(folder: str) -> bool:
    """Whether such a place is mounted right below a folder, by its name; or the folder lies in one itself."""
    return _mounts.is_above(folder) or is_kernels(folder)


def silent_or_kernels(link: str) -> tuple[str, bool]:
    """Of a link, without waiting: the silent mount that it leads to, and whether it leads into the kernel's own."""
    if reach.may_meet_silence():
        real, silent = reach.led_to(link)
        return silent, not silent and is_kernels(real)
    try:
        leads = os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)))
    except (OSError, ValueError):
        return "", False  # it is gone by now
    return "", is_kernels(leads)
