"""An exclusive lock on an open file, without waiting. The system drops it when the process dies."""

from __future__ import annotations

import sys

if sys.platform == "win32":  # pragma: no cover - Windows
    import msvcrt

    def taken(number: int) -> bool:
        """Whether this process holds the lock now; False when another does."""
        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def taken(number: int) -> bool:
        """Whether this process holds the lock now; False when another does. OSError where there are no locks."""
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
