"""Files by identity (`base/identity.py`), with the facts of their headers: the cache that makes a rescan read nothing."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Mapping

from model_manager.base.facts import Facts, Share
from model_manager.base.identity import FileId
from model_manager.base.sixty_four_bits import folded, nearest
from model_manager.catalog.codec import dump_facts, load_facts, load_metadata
from model_manager.catalog.record import READER

_STRENGTH = {"read": 0, "blob-name": 1, "index": 2, "sidecar": 3}


def facts_if_unchanged(tx: sqlite3.Connection, id_: FileId) -> Facts | None:
    """The facts read earlier, when size, mtime and ctime still hold and the reader is the same."""
    row = tx.execute(
        "SELECT facts FROM file JOIN volume ON volume.id = file.volume WHERE volume.name = ? AND key = ? AND size = ?"
        " AND mtime_ns = ? AND ctime_ns = ? AND reader = ? AND facts IS NOT NULL",
        (*id_, READER),
    ).fetchone()
    return load_facts(row[0]) if row else None


COLUMNS = "volume, key, inode, size, bytes, mtime_ns, ctime_ns, atime_ns, links, facts, reader, read_at, sha256, sha256_source"


def record(
    volume: int, id_: FileId, stat: os.stat_result, bytes_: int, facts: Facts | None, read_at: int | None, sha256: str | None,
    sha256_source: str | None,
) -> tuple[object, ...]:  # fmt: skip
    """The values of COLUMNS; `volume` is the row of the file's volume."""
    text = dump_facts(facts) if facts is not None else None
    return (volume, id_.key, folded(stat.st_ino), id_.size, bytes_, id_.mtime_ns, id_.ctime_ns,
            nearest(stat.st_atime_ns), nearest(stat.st_nlink), text, READER, read_at, sha256, sha256_source)  # fmt: skip


def add(
    tx: sqlite3.Connection, volume: int, id_: FileId, stat: os.stat_result, bytes_: int, facts: Facts | None,
    read_at: int | None, sha256: str | None, sha256_source: str | None,
) -> int | None:  # fmt: skip
    """Stores a file that was never met and answers its row; None when one with this key is stored already."""
    cursor = tx.execute(
        f"INSERT INTO file ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (volume, key) DO NOTHING",
        record(volume, id_, stat, bytes_, facts, read_at, sha256, sha256_source),
    )
    return int(cursor.lastrowid or 0) if cursor.rowcount == 1 else None


def put(
    tx: sqlite3.Connection, volume: int, id_: FileId, path: str, stat: os.stat_result, bytes_: int, facts: Facts | None,
    read_at: int | None, sha256: str | None, sha256_source: str | None,
) -> int:  # fmt: skip
    """Stores what `stat` and the header say of a file and answers its row.

    An inode number is used again after a deletion: when size or time is new and the path was never this
    file's, the old row is retired and another file begins, so that nobody's notes reach another model.
    """
    row = tx.execute(
        "SELECT id, size, mtime_ns, ctime_ns, sha256, sha256_source FROM file WHERE volume = ? AND key = ?",
        (volume, id_.key),
    ).fetchone()
    if row and (row[1], row[2]) != (id_.size, id_.mtime_ns) and not _known_at(tx, row[0], path):
        tx.execute("UPDATE file SET key = key || '~' || id WHERE id = ?", (row[0],))
        row = None
    if row is None:
        return add(tx, volume, id_, stat, bytes_, facts, read_at, sha256, sha256_source) or 0
    text = dump_facts(facts) if facts is not None else None
    values = (folded(stat.st_ino), id_.size, bytes_, id_.mtime_ns, id_.ctime_ns, nearest(stat.st_atime_ns),
              nearest(stat.st_nlink))  # fmt: skip
    same = (row[1], row[2]) == (id_.size, id_.mtime_ns)
    if same and row[4] and _STRENGTH.get(row[5], 9) <= _STRENGTH.get(sha256_source or "", 9):
        sha256, sha256_source = row[4], row[5]
    keep = same and row[3] == id_.ctime_ns and text is None
    tx.execute(
        "UPDATE file SET inode = ?, size = ?, bytes = ?, mtime_ns = ?, ctime_ns = ?, atime_ns = ?, links = ?,"
        " sha256 = ?, sha256_source = ? WHERE id = ?",
        (*values, sha256, sha256_source, row[0]),
    )
    if not keep:
        tx.execute(
            "UPDATE file SET facts = ?, reader = ?, read_at = COALESCE(?, read_at) WHERE id = ?",
            (text, READER, read_at, row[0]),
        )
    return int(row[0])


def _known_at(tx: sqlite3.Connection, file: int, path: str) -> bool:
    query = "SELECT 1 FROM member WHERE file = ? AND path = ? LIMIT 1"
    return tx.execute(query, (file, os.fsencode(path))).fetchone() is not None


def facts_of(tx: sqlite3.Connection, file: int) -> Facts | None:
    row = tx.execute("SELECT facts FROM file WHERE id = ?", (file,)).fetchone()
    return load_facts(row[0]) if row and row[0] else None


def metadata_of(tx: sqlite3.Connection, file: int) -> Mapping[str, object] | None:
    """The metadata in a file's header; None where no header was read."""
    row = tx.execute("SELECT facts FROM file WHERE id = ?", (file,)).fetchone()
    return load_metadata(row[0]) if row and row[0] else None


def histograms(tx: sqlite3.Connection, formats: Iterable[str]) -> dict[int, tuple[str, tuple[Share, ...]]]:
    """File -> (format, its tensors by data type), for files of these formats whose header could be read."""
    rows = tx.execute(
        "SELECT id, json_extract(facts, '$[0]'), json_extract(facts, '$[2]') FROM file WHERE facts IS NOT NULL"
        " AND json_extract(facts, '$[0]') IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(formats)),),
    )
    known: dict[str, tuple[Share, ...]] = {}
    """JSON -> what it says: thousands of adapters of one kind have the very same tensors, and share one answer."""
    found = {}
    for id_, format_, text in rows:
        if text not in known:
            known[text] = tuple(Share(*share) for share in json.loads(text))
        found[id_] = (sys.intern(format_), known[text])
    return found


def forget_unnamed(tx: sqlite3.Connection) -> None:
    """Drops files that no model has any more."""
    tx.execute("DELETE FROM file WHERE id NOT IN (SELECT file FROM member)")


def counts(tx: sqlite3.Connection) -> tuple[int, int]:
    """(models that are there, files that they have)."""
    (models,) = tx.execute("SELECT COUNT(*) FROM model WHERE gone_at IS NULL").fetchone()
    (count,) = tx.execute("SELECT COUNT(*) FROM file WHERE id IN (SELECT file FROM member)").fetchone()
    return int(models), int(count)
