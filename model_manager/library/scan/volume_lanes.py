"""Roots on file systems that may not answer: a thread for each mount, so that none keeps the others waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from model_manager.catalog.roots import RootRow
from model_manager.jobs import Cancelled, Progress

SILENT_WITHIN = 30.0
"""Seconds without a sign of life in the middle of reading after which a root is given up. A folder of 100,000 names
takes a slow share ten; the first answer has to come sooner (`watch.ANSWER_WITHIN`)."""


class _Beating(Progress):
    """Notes when it was last heard of."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = time.monotonic()

    def step(self, done: int | None = None, total: int | None = None, phase: str | None = None) -> None:
        self.heard = time.monotonic()
        super().step(done, total, phase)


class Lane:
    """Reads roots one after another with `read(root, progress)`; `left` are those not read to their end.

    A thread that hangs in the kernel cannot be ended: it is left behind, and the first step that it takes when the
    file system answers again ends it.
    """

    def __init__(self, roots: list[RootRow], read: Callable[[RootRow, Progress], None]) -> None:
        self.left = list(roots)
        self._read, self._progress = read, _Beating()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"reading {roots[0].path}")
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, waiting so long at most. Raises what its reading raised."""
        self._thread.join(seconds)
        if self._error is not None:
            raise self._error
        return not self._thread.is_alive()

    def is_silent(self) -> bool:
        return time.monotonic() - self._progress.heard > SILENT_WITHIN

    def cancel(self) -> None:
        self._progress.cancel()

    def _run(self) -> None:
        try:
            while self.left:
                self._progress.step()
                self._read(self.left[0], self._progress)
                self._progress.step()
                del self.left[0]
        except Cancelled:
            return
        except BaseException as error:
            self._error = error
