"""An incoming folder beside a folder of models, and what the suites of staging fetch into it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scenes import VOLUMES

from model_manager.base.paths import OwnPaths
from model_manager.operations import Disk
from model_manager.operations.incoming import INCOMING
from model_manager.operations.staged_record import Wanted, stem_of
from model_manager.operations.staging import Staged

DATA = bytes(range(256)) * 40
HALF = len(DATA) // 2
WANTED = Wanted("hub/model.gguf", {"etag": "one"}, len(DATA), hashlib.sha256(DATA).hexdigest())


@dataclass(frozen=True)
class Inbox:
    top: Path
    own: OwnPaths

    @property
    def folder(self) -> Path:
        return self.top / INCOMING

    @property
    def part(self) -> Path:
        return self.folder / f"{stem_of(WANTED.key)}.part"

    @property
    def note(self) -> Path:
        return self.part.with_suffix(".json")

    def open(self, wanted: Wanted = WANTED, disk: Disk | None = None) -> Staged:
        return Staged(str(self.folder), wanted, VOLUMES, disk or Disk())

    def half(self) -> None:
        """The first half is there, of a process that ended."""
        with self.open() as item:
            item.append(DATA[:HALF])


@contextmanager
def inbox(top: Path) -> Iterator[Inbox]:
    folder = Path(os.path.realpath(top))
    (folder / INCOMING).mkdir(parents=True, mode=0o700)
    try:
        yield Inbox(folder, OwnPaths(folder.parent / f"{folder.name}-own"))
    finally:
        shutil.rmtree(folder.parent / f"{folder.name}-own", ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
