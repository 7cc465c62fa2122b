"""A little room kept beside the catalogue, given back first when the disk is full: cleaning up must still work."""

from __future__ import annotations

import contextlib
import os
import shutil

SIZE = 4 << 20
_AMPLE = 3 * SIZE
_LEAST = SIZE // 4
_NAMES = 12
"""Files that it is made of: a volume can be out of names before it is out of room."""
_PROBE = bytes(64 << 10)


class Reserve:
    """A file of 4 MiB in the data folder, and some empty ones. Failing to keep one is no error: then there is none."""

    def __init__(self, folder: str) -> None:
        self._folder, self.path = folder, os.path.join(folder, "reserve")
        self._names = os.path.join(folder, "reserve.names")

    def keep(self) -> None:
        """Makes it where there is ample room and none yet."""
        try:
            if os.path.exists(self.path) or shutil.disk_usage(self._folder).free < _AMPLE:
                return
            self._make(SIZE)
        except OSError:
            return

    def take_back(self) -> None:
        """Makes it again after it was given back, as large as there is room for: it was ours before."""
        try:
            if not os.path.exists(self.path):
                size = min(SIZE, shutil.disk_usage(self._folder).free - _LEAST)
                if size >= _LEAST:
                    self._make(size)
        except OSError:
            return

    def give_back(self) -> bool:
        """Frees it when less than its size is left, or a file of 64 KiB cannot be made; whether it did."""
        try:
            if shutil.disk_usage(self._folder).free >= SIZE and self._has_room():
                return False
            os.unlink(self.path)
        except OSError:
            return False
        with contextlib.suppress(OSError):
            for name in os.listdir(self._names):
                os.unlink(os.path.join(self._names, name))
            os.rmdir(self._names)
        return True

    def _has_room(self) -> bool:
        """A quota, or a volume without names, does not show in how much is free."""
        probe = os.path.join(self._folder, f"probe.{os.getpid()}")
        try:
            number = os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except OSError:
            return False
        try:
            return _filled(number, len(_PROBE))
        finally:
            os.close(number)
            os.unlink(probe)

    def _make(self, size: int) -> None:
        number = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            whole = _filled(number, size)
        finally:
            os.close(number)
        if not whole:
            os.unlink(self.path)
            return
        with contextlib.suppress(OSError):
            os.mkdir(self._names, 0o700)
            for number in range(_NAMES):
                os.close(os.open(os.path.join(self._names, str(number)), os.O_CREAT | os.O_WRONLY, 0o600))


def _filled(number: int, size: int) -> bool:
    """Whether all of it could be written; a quota may end it before the volume does."""
    try:
        return os.write(number, b"\1" * size) == size  # real blocks: a sparse file keeps nothing
    except OSError:
        return False
