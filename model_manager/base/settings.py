"""What the user chose, in one JSON file. Unknown keys are kept; a file that cannot be read is moved aside."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass
class Settings:
    """Every setting there is. A name that is not here cannot be set."""

    base_path: str = ""
    theme: str = ""
    """Theme family; empty: the default one."""
    appearance: str = "system"
    """system, light or dark."""
    scale: float = 0.0
    """0: as the screen says."""
    font_size: int = 0
    language: str = ""
    """A code like `de`; empty: as the system."""
    clear_way: str = "trash"
    """What clearing away proposes first: trash or aside."""
    confirm_final: bool = True
    """Whether what cannot be undone asks once more after its review."""
    remind_after_days: int = 30
    """0: never."""
    reminded_at: float = 0.0
    """Seconds since 1970."""
    not_asked: list[str] = field(default_factory=list)
    """Tools whose service on this computer is not asked."""
    log_level: str = "INFO"
    window: str = ""
    """Geometry of the main window."""
    columns: dict[str, object] = field(default_factory=dict)
    panes: list[int] = field(default_factory=list)
    hints_closed: list[str] = field(default_factory=list)
    rescan_after_minutes: int = 5
    left_out: list[str] = field(default_factory=list)
    """Patterns of names of files and folders that a scan passes over."""
    reference_folders: list[str] = field(default_factory=list)
    """Folders whose files are never touched: they may be kept as the one copy, never replaced or removed."""


class SettingsFile:
    """Reads once, writes atomically. Any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unknown: dict[str, object] = {}
        self._lock = threading.Lock()
        self.values = self._read()

    def save(self) -> None:
        """Writes a new file and renames it over the old one: a kill leaves either whole."""
        with self._lock:
            record = {**self._unknown, **dataclasses.asdict(self.values)}
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
            with open(draft, "w", encoding="utf-8") as file:
                json.dump(record, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self._path)

    def _read(self) -> Settings:
        try:
            record = json.loads(self._path.read_text(encoding="utf-8"))
            if not isinstance(record, dict):
                raise ValueError("not an object")
        except FileNotFoundError:
            return Settings()
        except (OSError, ValueError, RecursionError) as error:
            self._set_aside(error)
            return Settings()
        values = Settings()
        for name, value in record.items():
            if not hasattr(values, name):
                self._unknown[name] = value
            elif _fits(getattr(values, name), value):
                setattr(values, name, value)
        if self._unknown:
            log.info("settings that this version does not know are kept: %s", ", ".join(self._unknown))
        return values

    def _set_aside(self, error: Exception) -> None:
        aside = self._path.with_name(f"{self._path.name}.corrupt-{int(time.time())}")
        log.info("the settings could not be read (%s); set aside as %s", error, aside.name)
        try:
            os.replace(self._path, aside)
        except OSError:
            log.info("the settings could not be set aside either")


def _fits(default: object, value: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))
