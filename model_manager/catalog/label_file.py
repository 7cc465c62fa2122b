"""The user's own words in a file of their own, beside the catalogue: what no scan could find again.

The first line says what the second one holds (`revision`, `sha256`); the one before the last change is kept too. Written
whole and synced before it takes the place of the old one: a kill or a power loss leaves either.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_manager.base.errors import reason_of
from model_manager.base.messages import said
from model_manager.catalog.damage import free_name

FORMAT = 1
_LARGEST = 256 << 20
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class SavedLabels:
    """What a file of words holds: `revision` counts its changes."""

    revision: int
    body: dict[str, Any]


class LabelFile:
    """`words.jsonl` in the data folder. One that cannot be read is never overwritten: it is moved aside first."""

    def __init__(self, folder: Path) -> None:
        self.path, self._before = folder / "words.jsonl", folder / "words.before.jsonl"

    def revision(self) -> int | None:
        """The revision of the newest file that its first line tells; None where there is none. Reads one line."""
        for path in (self.path, self._before):
            with contextlib.suppress(OSError, ValueError, RecursionError):
                number = _open(path)
                with os.fdopen(number, "rb") as file:
                    return _head(file.readline(_HEAD))[0]
        return None

    def read(self) -> SavedLabels | None:
        """The newest that is whole; None where there is none."""
        for path in (self.path, self._before):
            with contextlib.suppress(OSError, ValueError, RecursionError):
                return _read(path)
        return None

    def problem(self) -> str:
        """Why the newest file cannot be read, or nothing."""
        try:
            _read(self.path)
        except FileNotFoundError:
            return "it is missing" if self._before.exists() else ""
        except OSError as error:
            return reason_of(error)
        except (ValueError, RecursionError):
            return "it is damaged"
        return ""

    def write(self, known: int, body: dict[str, Any]) -> bool:
        """Keeps these words durably as the revision after `known`; False when that one holds them already.

        Raises OSError, and then the old ones stay.
        """
        text = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
        mark = hashlib.sha256(text).hexdigest()
        with contextlib.suppress(OSError, ValueError, RecursionError), os.fdopen(_open(self.path), "rb") as file:
            if _head(file.readline(_HEAD)) == (known, mark):
                return False
        revision = known + 1
        head = json.dumps({"words": FORMAT, "revision": revision, "sha256": mark}).encode()
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(head + b"\n" + text + b"\n")
                file.flush()
                os.fsync(file.fileno())
            self._make_way()
            os.replace(draft, self.path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(draft)
            raise
        _sync_folder(self.path.parent)
        return True

    def _make_way(self) -> None:
        """The last words become those before; what cannot be read as such is moved aside."""
        if not os.path.lexists(self.path):
            return
        try:
            _whole(self.path)
        except (OSError, ValueError, RecursionError):
            os.replace(self.path, free_name(self.path, "damaged"))
            return
        second = self._before.with_name(f"{self._before.name}.{os.getpid()}.new")
        with contextlib.suppress(OSError):  # where there are no links, the new file alone is kept
            with contextlib.suppress(FileNotFoundError):
                os.unlink(second)
            os.link(self.path, second)
            os.replace(second, self._before)


def _open(path: Path) -> int:
    """Opens a plain file to read; whatever else stands there is not waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    number = os.open(path, flags)
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
        os.close(number)
        raise ValueError(said("no file of words"))
    return number


def _head(line: bytes) -> tuple[int, str]:
    head = json.loads(line)
    if not isinstance(head, dict) or head.get("words") != FORMAT:
        raise ValueError(said("no file of words"))
    revision, mark = head.get("revision"), head.get("sha256")
    if (
        not isinstance(revision, int)
        or not 0 <= revision < 1 << 62
        or not isinstance(mark, str)
        or not line.endswith(b"\n")
    ):
        raise ValueError(said("no file of words"))
    return revision, mark


def _whole(path: Path) -> tuple[int, bytes]:
    with os.fdopen(_open(path), "rb") as file:
        revision, mark = _head(file.readline(_HEAD))
        text = file.read()
    if not text.endswith(b"\n") or hashlib.sha256(text[:-1]).hexdigest() != mark:
        raise ValueError(said("damaged"))
    return revision, text


def _read(path: Path) -> SavedLabels:
    revision, text = _whole(path)
    body = json.loads(text)
    if not isinstance(body, dict):
        raise ValueError(said("no words"))
    return SavedLabels(revision, body)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # pragma: no cover - Windows
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network drives cannot
            os.fsync(number)
    finally:
        os.close(number)
