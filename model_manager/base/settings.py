"""What the user chose, in one JSON file. Unknown keys are kept; a file that cannot be read is moved aside."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import stat
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.messages import said
from model_manager.base.text import later

log = logging.getLogger(__name__)

_LARGEST = 16 << 20


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
    """Reads once, writes atomically. Any thread. `untouched`: why nothing may be written, if nothing may.

    The settings before the last change are kept beside them: they say which folders are never touched.
    """

    def __init__(self, path: Path, untouched: str = "") -> None:
        self._path, self._untouched = path, untouched
        self._before = path.with_name("settings.before.json")
        self._unknown: dict[str, object] = {}
        self._lock = threading.Lock()
        self.damaged = ""
        """What became of settings that could not be read, as a sentence."""
        self.values = self._read()

    def save(self) -> None:
        """Writes a new file and renames it over the old one: a kill leaves either whole. Raises ModelManagerError."""
        with self._lock:
            if self._untouched:
                raise ModelManagerError(said("keep the settings"), str(self._path), self._untouched)
            record = {**self._unknown, **dataclasses.asdict(self.values)}
            draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(number, "w", encoding="utf-8") as file:
                    json.dump(record, file, indent=2)
                    file.flush()
                    os.fsync(file.fileno())
                self._keep_before()
                os.replace(draft, self._path)
            except OSError as error:
                with contextlib.suppress(OSError):
                    os.unlink(draft)
                raise ModelManagerError(said("keep the settings"), str(self._path), reason_of(error)) from error

    def _keep_before(self) -> None:
        with contextlib.suppress(OSError, ValueError, RecursionError):
            _record(self._path)  # only what can be read is worth keeping
            second = self._before.with_name(f"{self._before.name}.{os.getpid()}.new")
            with contextlib.suppress(FileNotFoundError):
                os.unlink(second)
            os.link(self._path, second)
            os.replace(second, self._before)

    def _read(self) -> Settings:
        try:
            record = _record(self._path)
        except FileNotFoundError:
            return Settings()
        except (OSError, ValueError, RecursionError) as error:
            return self._set_aside(error)
        return self._values(record)

    def _values(self, record: dict[str, object]) -> Settings:
        values = Settings()
        for name, value in record.items():
            if not hasattr(values, name):
                self._unknown[name] = value
            elif _fits(getattr(values, name), value):
                setattr(values, name, value)
        if self._unknown:
            log.info("settings that this version does not know are kept: %s", ", ".join(self._unknown))
        return values

    def _set_aside(self, error: Exception) -> Settings:
        """Goes on with the settings before the last change, where they can be read, else with none."""
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        aside = self._path.with_name(f"{self._path.name}.corrupt-{moment}")
        while os.path.lexists(aside):
            aside = aside.with_name(aside.name + "-2")
        log.info("the settings could not be read (%s); set aside as %s", error, aside.name)
        if not self._untouched:
            try:
                os.replace(self._path, aside)
            except OSError:
                log.info("the settings could not be set aside either")
        why = reason_of(error) if isinstance(error, OSError) else later("they are damaged")
        try:
            values = self._values(_record(self._before))
        except (OSError, ValueError, RecursionError):
            self.damaged = said(
                "The settings could not be read ({0}): all are as at the start; the old ones are kept as {1}",
                why,
                aside,
            )
            return Settings()
        self.damaged = said(
            "The settings could not be read ({0}): those before the last change hold; the damaged ones are kept as {1}",
            why,
            aside,
        )
        with contextlib.suppress(OSError):
            if not self._untouched:
                os.link(self._before, self._path)
        return values


def _record(path: Path) -> dict[str, object]:
    """What a file of settings holds. Raises OSError and ValueError; waits for nothing."""
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise ValueError(said("no file"))
        record = json.loads(file.read(_LARGEST).decode("utf-8"))
    if not isinstance(record, dict):
        raise ValueError(said("not an object"))
    return record


def _fits(default: object, value: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))
