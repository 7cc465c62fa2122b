"""The schema, as numbered steps. Each runs inside the one transaction that opens an older catalogue."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

from model_manager.catalog.record import missing_columns


def to_1(tx: sqlite3.Connection) -> None:
    """The first schema."""
    for statement in _FIRST.split(";\n"):
        tx.execute(statement)


_FIRST = """
CREATE TABLE volume (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, mount BLOB NOT NULL);
CREATE TABLE root (
    id INTEGER PRIMARY KEY AUTOINCREMENT, tool TEXT NOT NULL, also TEXT NOT NULL DEFAULT '[]',
    path BLOB NOT NULL UNIQUE, found_by TEXT NOT NULL, details TEXT NOT NULL DEFAULT '{}',
    state TEXT NOT NULL DEFAULT 'online', ignored INTEGER NOT NULL DEFAULT 0, writable INTEGER NOT NULL DEFAULT 1,
    volume INTEGER REFERENCES volume, scanned_at INTEGER);
CREATE TABLE file (
    id INTEGER PRIMARY KEY AUTOINCREMENT, volume INTEGER NOT NULL REFERENCES volume, key TEXT NOT NULL,
    inode INTEGER NOT NULL, size INTEGER NOT NULL, bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL, atime_ns INTEGER NOT NULL, links INTEGER NOT NULL, facts TEXT, reader INTEGER,
    read_at INTEGER, sha256 TEXT, sha256_source TEXT, UNIQUE (volume, key));
CREATE INDEX file_sha256 ON file (sha256) WHERE sha256 IS NOT NULL;
CREATE TABLE model (
    id INTEGER PRIMARY KEY AUTOINCREMENT, weights TEXT NOT NULL, likeness TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL DEFAULT '', category TEXT NOT NULL DEFAULT 'misc', category_from TEXT NOT NULL DEFAULT 'folder',
    format TEXT NOT NULL DEFAULT '', architecture TEXT, base_model TEXT, parameters INTEGER, quant TEXT, quant_label TEXT,
    bits REAL, context_length INTEGER, size INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    verdict TEXT NOT NULL DEFAULT 'unknown', health_detail TEXT NOT NULL DEFAULT '', licence TEXT, tags TEXT NOT NULL DEFAULT '[]',
    tools TEXT NOT NULL DEFAULT '', places INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '[]',
    source TEXT, claims TEXT NOT NULL DEFAULT '[]', used_at INTEGER, used_from TEXT, added INTEGER NOT NULL,
    gone_at INTEGER, user_category TEXT, note TEXT NOT NULL DEFAULT '', pinned INTEGER NOT NULL DEFAULT 0);
CREATE INDEX model_weights ON model (weights);
CREATE INDEX model_likeness ON model (likeness);
CREATE TABLE user_tag (model INTEGER NOT NULL REFERENCES model ON DELETE CASCADE, tag TEXT NOT NULL, PRIMARY KEY (model, tag)) WITHOUT ROWID;
CREATE TABLE place (
    id INTEGER PRIMARY KEY AUTOINCREMENT, model INTEGER NOT NULL REFERENCES model, root INTEGER NOT NULL REFERENCES root ON DELETE CASCADE,
    tool TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, path BLOB NOT NULL, fingerprint BLOB NOT NULL, found TEXT NOT NULL,
    UNIQUE (root, path, name));
CREATE INDEX place_model ON place (model);
CREATE TABLE member (
    place INTEGER NOT NULL REFERENCES place ON DELETE CASCADE, file INTEGER NOT NULL REFERENCES file, path BLOB NOT NULL,
    role TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (place, path)) WITHOUT ROWID;
CREATE INDEX member_file ON member (file);
CREATE TABLE leftover (
    id INTEGER PRIMARY KEY AUTOINCREMENT, root INTEGER NOT NULL REFERENCES root ON DELETE CASCADE, tool TEXT NOT NULL, kind TEXT NOT NULL,
    path BLOB NOT NULL, size INTEGER NOT NULL, bytes INTEGER NOT NULL, of TEXT NOT NULL, UNIQUE (root, path));
CREATE TABLE problem (
    root INTEGER NOT NULL REFERENCES root ON DELETE CASCADE, path BLOB NOT NULL, kind TEXT NOT NULL, why TEXT NOT NULL);
CREATE TABLE category (slug TEXT PRIMARY KEY) WITHOUT ROWID
"""


def to_2(tx: sqlite3.Connection) -> None:
    """What was learned by reading whole files: hashes and deep verdicts, each for the identity it holds for."""
    tx.execute(
        "CREATE TABLE hash (volume TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,"
        " ctime_ns INTEGER NOT NULL, sample TEXT, sha256 TEXT, tensors TEXT, verdict TEXT, detail TEXT, read_at INTEGER,"
        " PRIMARY KEY (volume, key)) WITHOUT ROWID"
    )


def to_3(tx: sqlite3.Connection) -> None:
    """Folders as they were when last scanned, and files that turned out to be no models: rescans look at neither."""
    tx.execute(
        "CREATE TABLE listing (root INTEGER NOT NULL REFERENCES root ON DELETE CASCADE, path BLOB NOT NULL,"
        " names BLOB NOT NULL, stats BLOB NOT NULL, places BLOB NOT NULL, PRIMARY KEY (root, path)) WITHOUT ROWID"
    )
    tx.execute(
        "CREATE TABLE passed (volume INTEGER NOT NULL REFERENCES volume, key TEXT NOT NULL, size INTEGER NOT NULL,"
        " mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, reader INTEGER NOT NULL, facts TEXT NOT NULL,"
        " read_at INTEGER NOT NULL, PRIMARY KEY (volume, key)) WITHOUT ROWID"
    )


def to_4(tx: sqlite3.Connection) -> None:
    """Files that were read side by side until they differed; a look at some tensors."""
    tx.execute("ALTER TABLE hash ADD COLUMN apart TEXT")
    tx.execute("ALTER TABLE hash ADD COLUMN tensor_sample TEXT")


def to_5(tx: sqlite3.Connection) -> None:
    """Tools whose folders could not be looked for: they may have no root that a problem could belong to."""
    tx.execute("CREATE TABLE search_problem (tool TEXT PRIMARY KEY, why TEXT NOT NULL) WITHOUT ROWID")


def to_6(tx: sqlite3.Connection) -> None:
    """By what a model with the user's words would be found again, and which change of words this catalogue knows of."""
    tx.execute("CREATE TABLE trace (model INTEGER PRIMARY KEY REFERENCES model ON DELETE CASCADE, files TEXT NOT NULL)")
    tx.execute("CREATE TABLE revision (number INTEGER NOT NULL)")
    tx.execute("INSERT INTO revision VALUES (0)")


_HEX = re.compile(r"(?:[0-9a-f]{2})+")


def to_7(tx: sqlite3.Connection) -> None:
    """One key for a file in all tables; change times that are made up at each mount (FAT, exFAT) are not asked any more.

    Where inode numbers do not last, `file` had the path, the size and the time in its key, `hash` the path alone.
    Of several files that one path had over time the last met keeps it.
    """
    taken: set[tuple[int, str]] = set()
    for id_, volume, key in tx.execute(
        "SELECT id, volume, key FROM file WHERE key LIKE 'p%' ORDER BY id DESC"
    ).fetchall():
        path = key[1:].split("~")[0].rsplit(":", 2)[0]
        new = "p" + (path if _HEX.fullmatch(path) else path.encode("ascii", "replace").hex())
        if "~" in key or (volume, new) in taken:
            new = f"{new}~{id_}"
        taken.add((volume, new))
        tx.execute("UPDATE file SET key = ? WHERE id = ?", (new, id_))
    fat = "(kind IN ('vfat', 'msdos', 'exfat') OR kind LIKE 'fuseblk%')"
    tx.execute(f"UPDATE file SET ctime_ns = 0 WHERE key LIKE 'p%' AND volume IN (SELECT id FROM volume WHERE {fat})")
    tx.execute(f"UPDATE hash SET ctime_ns = 0 WHERE key LIKE 'p%' AND volume IN (SELECT name FROM volume WHERE {fat})")
    tx.execute("DELETE FROM passed WHERE key LIKE 'p%'")


def to_8(tx: sqlite3.Connection) -> None:
    """Files that are another file of the catalogue, seen by a second way."""
    tx.execute(
        "CREATE TABLE second_way (file INTEGER PRIMARY KEY REFERENCES file ON DELETE CASCADE,"
        " same INTEGER NOT NULL REFERENCES file ON DELETE CASCADE, certain INTEGER NOT NULL)"
    )


def to_9(tx: sqlite3.Connection) -> None:
    """How the drive was mounted when a file was read: a copy of a drive has the same name, and maybe other bytes."""
    tx.execute("ALTER TABLE hash ADD COLUMN mounted TEXT")


def to_10(tx: sqlite3.Connection) -> None:
    """Models that became one and what was said of each; which models a place had before, so that they are found again."""
    tx.execute("CREATE TABLE united (model INTEGER PRIMARY KEY, parts TEXT NOT NULL)")
    tx.execute(
        "CREATE TABLE earlier (id INTEGER PRIMARY KEY AUTOINCREMENT, root INTEGER NOT NULL REFERENCES root ON DELETE CASCADE,"
        " path BLOB NOT NULL, name TEXT NOT NULL, model INTEGER NOT NULL, UNIQUE (root, path, name, model))"
    )


def to_11(tx: sqlite3.Connection) -> None:
    """By which state of understanding each model was derived: `DERIVED` of `record`. What was before is derived again."""
    tx.execute("ALTER TABLE model ADD COLUMN derived INTEGER NOT NULL DEFAULT 0")
    tx.execute("CREATE INDEX model_derived ON model (derived)")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    to_1, to_2, to_3, to_4, to_5, to_6, to_7, to_8, to_9, to_10, to_11,
)  # fmt: skip
NEWEST = len(MIGRATIONS)


def lacks_columns(tx: sqlite3.Connection) -> bool:
    """Whether the record names a field that the catalogue has no column for yet."""
    return bool(_missing(tx))


def add_columns(tx: sqlite3.Connection) -> None:
    """Such columns are no step with a number: an older program goes on with a catalogue that has more of them."""
    for name, kind in _missing(tx):
        tx.execute(f"ALTER TABLE model ADD COLUMN {name} {kind}")


def _missing(tx: sqlite3.Connection) -> list[tuple[str, str]]:
    return missing_columns({row[1] for row in tx.execute("PRAGMA table_info(model)")})
