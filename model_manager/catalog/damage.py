"""What became of catalogues that could not be read: set aside, never deleted, and told until somebody has seen it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import DatabaseError

from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.locking import taken
from model_manager.base.messages import said
from model_manager.base.text import later

__all__ = ["CatalogueDamaged", "Damage", "Damages", "DatabaseError"]

_MOST = 50
_LARGEST = 1 << 20


class CatalogueDamaged(ModelManagerError):
    """The catalogue was damaged; it has been set aside and begun anew by the time this is raised."""


@dataclass(frozen=True, slots=True)
class Damage:
    """`kept`: the name of the file beside the catalogue, empty where there was nothing to keep."""

    at: int
    why: str
    kept: str
    words: bool
    """Whether the user's words were there to be taken back."""

    def sentence(self, folder: str) -> str:
        """What happened, where the damaged file is, and what to do."""
        kept = os.path.join(folder, self.kept) if self.kept else ""
        if self.words:
            rest = later("Your folders, tags, notes, pins and categories are kept; a scan finds your models again")
        else:
            rest = later("Of your tags, notes, pins and categories nothing was kept; a scan finds your models again")
        if kept:
            return said(
                "The catalogue could not be read ({0}) and is begun anew; the old one is kept as {1}. {2}",
                self.why,
                kept,
                rest,
            )
        return said("The catalogue could not be read ({0}) and is begun anew. {1}", self.why, rest)


def free_name(path: Path, what: str) -> Path:
    """A name beside `path` that nothing has yet: a second damage must not overwrite what the first left."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    number = 1
    while True:
        name = f"{path.stem}.{what}-{moment}" + (f"-{number}" if number > 1 else "")
        aside = path.with_name(name)
        if not any(os.path.lexists(f"{aside}{ending}") for ending in ("", "-wal", "-shm", "-journal")):
            return aside
        number += 1


def back_up(path: Path, version: int) -> None:
    """A copy beside the catalogue, named by the schema that it has, before that schema changes."""
    target = path.with_suffix(f".schema-{version}.backup")
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600))
    with (
        contextlib.closing(sqlite3.connect(path)) as source,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def set_aside(path: Path) -> Path:
    """Moves a catalogue and its journals aside. Raises OSError; what could not be moved is where it was."""
    aside = free_name(path, "corrupt")
    for ending in ("-journal", "-wal", "-shm", ""):  # the catalogue last: killed in between, it is moved again
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{ending}", f"{aside}{ending}")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{path}.damaged")
    return aside


def copy_aside(path: Path) -> Path:
    """A copy of a catalogue and its log as they are. Raises OSError, and leaves no half of a copy."""
    aside = free_name(path, "corrupt")
    try:
        for ending in ("", "-wal"):
            if os.path.exists(f"{path}{ending}"):
                with open(f"{path}{ending}", "rb") as source, open(f"{aside}{ending}", "xb", opener=_private) as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
    except OSError:
        for ending in ("", "-wal"):
            with contextlib.suppress(OSError):
                os.unlink(f"{aside}{ending}")
        raise
    return aside


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """One process at a time replaces a catalogue; waits five seconds at most, and where there are no locks not at all."""
    number = os.open(path.with_name("catalogue.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        end = time.monotonic() + 5
        with contextlib.suppress(OSError):
            while not taken(number) and time.monotonic() < end:
                time.sleep(0.02)
        yield
    finally:
        os.close(number)


def mark(path: Path) -> None:
    """Notes that a catalogue is damaged which could not be replaced now: the next start will."""
    with contextlib.suppress(OSError):
        os.close(os.open(f"{path}.damaged", os.O_WRONLY | os.O_CREAT, 0o600))


def is_marked(path: Path) -> bool:
    return os.path.lexists(f"{path}.damaged")


def is_damage(error: BaseException) -> bool:
    """Whether SQLite or what reads from it met something that this program never wrote."""
    if isinstance(error, sqlite3.OperationalError):
        return str(error).startswith("Could not decode") or "malformed" in str(error)
    if isinstance(error, sqlite3.DatabaseError):
        return type(error) is sqlite3.DatabaseError
    return isinstance(error, json.JSONDecodeError | UnicodeDecodeError)


def checked(connection: sqlite3.Connection) -> str:
    try:
        return str(connection.execute("PRAGMA quick_check").fetchone()[0])
    except sqlite3.OperationalError as error:
        if is_damage(error):
            return reason_of(error)
        raise
    except sqlite3.DatabaseError as error:  # so damaged that the check itself stops
        return reason_of(error)


def make_ours(path: Path) -> None:
    """Gives back to its owner a file whose mode shuts even them out."""
    if path.exists() and not os.access(path, os.R_OK | os.W_OK) and path.stat().st_uid == os.geteuid():
        os.chmod(path, 0o600)


def no_file(path: Path) -> str:
    """Why what lies there can be no catalogue, or nothing."""
    if is_marked(path):
        return later("it was damaged when it was used last")
    if not path.exists() or path.is_file():
        return ""
    return (
        later("a folder lies in its place") if path.is_dir() else later("something that is no file lies in its place")
    )


def is_busy(error: sqlite3.Error) -> bool:
    return "locked" in str(error) or "busy" in str(error)


class Damages:
    """`damaged.json` in the data folder. What cannot be kept there is told once."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "damaged.json"

    def every(self) -> list[Damage]:
        """Oldest first; those whose kept file has been deleted are settled."""
        try:
            if self._path.stat().st_size > _LARGEST or not self._path.is_file():
                return []
            records = json.loads(self._path.read_bytes())
            found = [Damage(int(r["at"]), str(r["why"]), str(r["kept"]), bool(r["words"])) for r in records]
        except (OSError, ValueError, RecursionError, TypeError, KeyError):
            return []
        return [
            one for one in found if not one.kept or os.path.lexists(self._path.with_name(os.path.basename(one.kept)))
        ]

    def add(self, damage: Damage) -> None:
        self._write([*self.every(), damage][-_MOST:])

    def settle_unkept(self) -> None:
        """Those of which nothing is kept were told: there is nothing more to say."""
        every = self.every()
        left = [one for one in every if one.kept]
        if left != every:
            self._write(left)

    def _write(self, damages: list[Damage]) -> None:
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        records = [{"at": one.at, "why": one.why, "kept": one.kept, "words": one.words} for one in damages]
        with contextlib.suppress(OSError):
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(records, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self._path)
