"""Every path of our own: data, settings, log, journal."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

APP = "model-manager"


@dataclass(frozen=True, slots=True)
class OwnPaths:
    """Where this program keeps its own files; everything lies below `data`."""

    data: Path

    @property
    def catalogue(self) -> Path:
        return self.data / "catalogue.sqlite3"

    @property
    def settings(self) -> Path:
        return self.data / "settings.json"

    @property
    def journal(self) -> Path:
        return self.data / "journal"

    @property
    def log(self) -> Path:
        return self.data / "model-manager.log"

    @property
    def scratch(self) -> Path:
        """Private copies of other programs' databases; emptied after each use."""
        return self.data / "scratch"

    def create(self) -> None:
        """Makes the data folder, readable by its owner alone."""
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)


def own_paths(data_dir: str | None = None) -> OwnPaths:
    """The program's own paths: `--data-dir`, else MODEL_MANAGER_DATA, else the system's place."""
    chosen = data_dir or os.environ.get("MODEL_MANAGER_DATA")
    if chosen:
        return OwnPaths(Path(chosen).expanduser().absolute())
    import platformdirs

    return OwnPaths(Path(platformdirs.user_data_dir(APP, appauthor=False)))
