"""Reading the headers of what is new, and storing it, in batches that reach the window while a root is still walked."""

from __future__ import annotations

import time

from model_manager.base.events import ModelsChanged
from model_manager.catalog.roots import RootRow
from model_manager.library.scan.context import ScanContext
from model_manager.library.scan.headers import Headers
from model_manager.library.scan.register import Pending, Register, prepare
from model_manager.stores.discovered import FoundModel
from model_manager.stores.walk.store_reader import StoreReader

_BATCH = 200
"""Models of one transaction."""
_EVERY = 0.15
"""Seconds between two of them at most."""
_FEW = 20
"""Models of a scan's first: rows stand in the window 50 ms sooner than after a whole batch."""


class Storing:
    """Gathers the new places of one root.

    Headers first, then the catalogue: one kind of work after another takes two thirds of the time of both by turns.
    """

    def __init__(self, context: ScanContext, root: RootRow, headers: Headers, reader: StoreReader) -> None:
        self._context, self._root, self._headers, self._look = context, root, headers, reader
        self._register = Register(context.volumes, headers)
        self._waiting: list[tuple[FoundModel, bytes]] = []
        self._due = time.monotonic() + _EVERY

    def add(self, found: FoundModel, mark: bytes) -> None:
        self._waiting.append((found, mark))

    def if_due(self) -> None:
        """Stores what waits when it is enough, or has waited long enough."""
        most = _BATCH if self._context.stored else _FEW
        if len(self._waiting) >= most or (self._waiting and time.monotonic() > self._due):
            self.all()

    def all(self) -> None:
        """Stores everything that waits."""
        ready: list[Pending] = []
        due = time.monotonic() + _EVERY
        for found, mark in self._waiting:
            self._look.step()
            ready.append(prepare(found, mark, self._headers))
            if time.monotonic() > due:  # a slow disk: what is known is shown
                self._store(ready)
                ready, due = [], time.monotonic() + _EVERY
        self._store(ready)
        self._waiting, self._due = [], time.monotonic() + _EVERY

    def _store(self, ready: list[Pending]) -> None:
        if not ready:
            return
        with self._context.database.write() as tx:
            touched = self._register.store(tx, self._root, ready)
        self._context.stored |= touched
        self._context.notify(ModelsChanged(tuple(touched)))
