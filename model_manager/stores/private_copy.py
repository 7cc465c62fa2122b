"""Reading another program's SQLite file from a copy of it.

Opening it in place, even `mode=ro`, leaves `-wal` and `-shm` files behind; so the file and its `-wal` are
copied into our own scratch folder first. The catalogue's module runs the query: it alone speaks SQL.
"""

from __future__ import annotations

import os
import tempfile

from model_manager.base.reading import open_quietly
from model_manager.catalog.foreign import query

_LARGEST = 512 << 20


def rows_of(path: str, scratch: str, sql: str) -> list[tuple[object, ...]]:
    """The rows of one SELECT, empty when the file is missing, too large, locked away or no database.

    So it is when its `-wal` is there and cannot be read, or when either was written to meanwhile: an older state of the
    database does not know what came last.
    """
    if not scratch or not os.path.isfile(path) or os.path.getsize(path) > _LARGEST:
        return []
    try:
        os.makedirs(scratch, mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            copy = os.path.join(folder, "copy.sqlite3")
            before = _state(path)
            for ending in ("", "-wal"):
                if os.path.lexists(path + ending):
                    _copy(path + ending, copy + ending)
            return query(copy, sql) if _state(path) == before else []
    except OSError:
        return []


def _state(path: str) -> list[tuple[int, ...]]:
    """What changes with every transaction: inode, size and time of the file and its log. Raises OSError."""
    stats = [os.stat(path + ending) for ending in ("", "-wal") if os.path.lexists(path + ending)]
    return [(found.st_ino, found.st_size, found.st_mtime_ns) for found in stats]


def _copy(source: str, target: str) -> None:
    with open_quietly(source) as file, open(target, "wb") as copy:
        while piece := file.read(1 << 20):
            copy.write(piece)
