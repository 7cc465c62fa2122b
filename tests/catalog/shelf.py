"""Models put straight into the catalogue."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from model_manager.base.identity import file_id
from model_manager.base.volumes import Volume
from model_manager.catalog import files, models, places, roots
from model_manager.catalog.places import PlaceEntry

VOLUME = Volume("uuid:1", "ext4", "/")


class Shelf:
    """Stores models of one file each, some of them in two places."""

    def __init__(self, tx: sqlite3.Connection, folder: Path) -> None:
        self.tx, self.folder = tx, folder
        self.root = roots.add(tx, "ollama", "/m", "default", {})
        self.volume = roots.volume_id(tx, VOLUME.name, VOLUME.kind, VOLUME.mount)

    def put(self, name: str, size: int, path: str = "", sha256: str | None = None) -> int:
        """The model's id."""
        real = self.folder / f"{name.replace('/', '-')}-{size}"
        real.write_bytes(bytes(size))
        stat = os.stat(real)
        file = files.add(
            self.tx, self.volume, file_id(str(real), stat, VOLUME), stat, size, None, None, sha256, sha256 and "read"
        )
        assert file is not None
        path = path or f"/m/{name}"
        entry = PlaceEntry(
            self.root, "ollama", name, f"the {name}", path, b"f", "{}", f"w{file}", "", size,
            ((file, path, "weights", name),),
        )  # fmt: skip
        (model,) = places.put(self.tx, entry)
        models.derive(self.tx, model, {"name": f"own {name}", "size": size, "bytes": size, "category": "llm"})
        return model
