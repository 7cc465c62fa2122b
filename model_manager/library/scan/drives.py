"""Whether the watched folders are still there, or there again: one look at each, cheap enough for every few seconds."""

from __future__ import annotations

import os
from dataclasses import dataclass

from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, roots
from model_manager.catalog.roots import RootRow
from model_manager.library.scan import watch


@dataclass(frozen=True, slots=True)
class Moved:
    """A folder that went, or came back, since it was scanned; `state` as of a root."""

    root: int
    path: str
    state: str


class Drives:
    """Remembers on which device each folder lay, so that one that stays costs no more than a `stat`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._devices: dict[int, int] = {}
        self._told: dict[int, str] = {}
        """What was told of a folder and is not in the catalogue yet."""

    def look(self, slow_too: bool) -> list[Moved]:
        """Those that are otherwise than the catalogue says, each told once. `slow_too`: also what lies on network drives,
        which may take ten seconds each."""
        volumes = Volumes()
        with self._database.read() as tx:
            watched = [root for root in roots.every(tx) if not root.ignored and root.scanned_at is not None]
        found = []
        for root in watched:
            if watch.is_slow(root.path, volumes) and not slow_too:
                continue
            state = self._state(root, volumes)
            if state == root.state:
                self._told.pop(root.id, None)
            elif self._told.get(root.id) != state:
                self._told[root.id] = state
                found.append(Moved(root.id, root.path, state))
        return found

    def _state(self, root: RootRow, volumes: Volumes) -> str:
        if not watch.is_slow(root.path, volumes):
            try:
                device = os.stat(root.path).st_dev
            except OSError:
                device = 0
            if device == self._devices.get(root.id) and root.state == ("online" if device else "offline"):
                return root.state
            self._devices[root.id] = device
        return watch.state_of(root, volumes, self._database)[0]
