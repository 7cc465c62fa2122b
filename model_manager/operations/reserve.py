"""A little room kept beside the catalogue, given back first when the disk is full: cleaning up must still work."""

from __future__ import annotations

import os
import shutil

SIZE = 4 << 20
_AMPLE = 16 * SIZE


class Reserve:
    """A file of 4 MiB in the data folder. Failing to keep one is no error: then there is none."""

    def __init__(self, folder: str) -> None:
        self._folder, self.path = folder, os.path.join(folder, "reserve")

    def keep(self) -> None:
        """Makes it where there is ample room and none yet."""
        try:
            if os.path.exists(self.path) or shutil.disk_usage(self._folder).free < _AMPLE:
                return
            number = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            try:
                whole = _filled(number)
            finally:
                os.close(number)
            if not whole:
                os.unlink(self.path)
        except OSError:
            return

    def give_back(self) -> None:
        """Frees it when less than its size is left."""
        try:
            if shutil.disk_usage(self._folder).free < SIZE:
                os.unlink(self.path)
        except OSError:
            return


def _filled(number: int) -> bool:
    """Whether all of it could be written; a quota may end it before the volume does."""
    try:
        return os.write(number, b"\1" * SIZE) == SIZE  # real blocks: a sparse file keeps nothing
    except OSError:
        return False
