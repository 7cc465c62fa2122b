"""What a verb of `verbs/` offers, and what it is given to work with."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from model_manager.base.volumes import Volumes
from model_manager.operations.disk import Disk
from model_manager.operations.identity import Identity, identity_of
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step

Note = Callable[[Facts], None]
"""Makes facts durable before the next change; raises when it cannot."""

Side = Literal["done", "undone"]


class Refused(Exception):
    """The world is not as planned, or what is there must stay. `str()` says why in words."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a verb works: the disk, the operation's id (for names aside), what was made so far."""

    disk: Disk
    volumes: Volumes
    operation: str
    made: dict[str, Identity] = field(default_factory=dict)

    def look(self, path: str) -> os.stat_result | None:
        """What lies at `path`, without following it; None when nothing does."""
        try:
            return self.disk.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def identity(self, path: str) -> Identity | None:
        """The identity of what lies at `path`; None when nothing does."""
        details = self.look(path)
        return None if details is None else identity_of(path, details, self.volumes)

    def connected(self, path: str, volume: str) -> bool:
        """Whether `path` still leads to `volume`: under an empty mount point nothing is *gone*."""
        while True:
            identity = self.identity(path)
            parent = os.path.dirname(path)
            if identity is not None or parent == path:
                return identity is not None and identity.volume == volume
            path = parent


class Verb(Protocol):
    """One kind of change. Each method may raise OSError; the engine then asks `recover` what is true.

    `facts` are what `check` returned and `do` noted. All of them but `check` must be safe to repeat,
    since a kill may come after the change and before its record.
    """

    def check(self, site: Site, step: Step) -> Facts:
        """Looks again just before acting: the facts that undo and recovery need. Raises Refused."""

    def do(self, site: Site, step: Step, facts: Facts, note: Note) -> None:
        """Makes the change. Raises Refused when the world changed in the last moment."""

    def undo(self, site: Site, step: Step, facts: Facts) -> None:
        """Puts back. Raises Refused, having changed nothing, when what is there must stay."""

    def recover(self, site: Site, step: Step, facts: Facts) -> Side:
        """Settles a change that was interrupted, doing or undoing: clears what lies aside, tells the side."""
