"""What was learned by reading whole files, each answer for the identity that it holds for.

An answer for another size or time is no answer (`base/identity.py`).
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from model_manager.base.identity import FileId
from model_manager.base.messages import from_text, to_text


@dataclass(frozen=True, slots=True)
class Known:
    """`sample`: xxh3 of pieces. `sha256`: of every byte. `tensors`: of the tensors whatever the wrapping.

    `verdict` and `detail` are what a deep check found. `apart` is `comparison:part`: files that one comparison
    read side by side and put into different parts differ, even where it stopped at the first difference.
    `tensors` and `tensor_sample` are sums that shards share with their whole, empty where there are none.
    """

    sample: str | None = None
    sha256: str | None = None
    tensors: str | None = None
    verdict: str | None = None
    detail: str | None = None
    apart: str | None = None
    tensor_sample: str | None = None
    mounted: str | None = None
    """How the drive was mounted when every byte was read (`base/mounted_as.py`)."""


_ANSWERS = ", ".join(field.name for field in fields(Known))


OF_FILE = (
    "hash.volume = volume.name AND hash.key = file.key AND hash.size = file.size AND hash.mtime_ns = file.mtime_ns"
)
"""What joins answers to their files. They hold for sure where the change time is the same too."""


def known(tx: sqlite3.Connection, id_: FileId) -> Known:
    """What is known of this very file; nothing when it changed since."""
    row = tx.execute(
        f"SELECT {_ANSWERS} FROM hash WHERE volume = ? AND key = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ?",
        id_,
    ).fetchone()
    if row is None:
        return Known()
    found = Known(*row)
    return found if found.detail is None else replace(found, detail=from_text(found.detail))


def every(tx: sqlite3.Connection) -> dict[FileId, Known]:
    """What is known of all files, by the identity it holds for: one question where many thousands would be asked."""
    rows = tx.execute(f"SELECT volume, key, size, mtime_ns, ctime_ns, {_ANSWERS} FROM hash")
    volumes: dict[str, str] = {}
    return {FileId(volumes.setdefault(row[0], row[0]), *row[1:5]): Known(*row[5:]) for row in rows}


def keep(tx: sqlite3.Connection, id_: FileId, found: Known) -> None:
    """Adds answers to those that are kept for this identity; those of an older one go."""
    before = known(tx, id_)
    if found.sha256 and before.sha256 not in (None, found.sha256):
        before = Known()  # the drive was replaced by a copy of it with other bytes: nothing that was learned holds
    if found.detail is not None:
        found = replace(found, detail=to_text(found.detail))
    if before.detail is not None:
        before = replace(before, detail=to_text(before.detail))
    pairs = [(getattr(found, field.name), getattr(before, field.name)) for field in fields(Known)]
    values = [old if new is None else new for new, old in pairs]
    tx.execute(
        f"INSERT OR REPLACE INTO hash (volume, key, size, mtime_ns, ctime_ns, {_ANSWERS}, read_at)"
        f" VALUES (?, ?, ?, ?, ?, {'?, ' * len(values)}?)",
        (*id_, *values, int(time.time())),
    )


def verdicts(tx: sqlite3.Connection, ids: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """Model -> (verdict, detail) of the deep checks that hold for its files as they are now."""
    if tx.execute("SELECT 1 FROM hash WHERE verdict IS NOT NULL LIMIT 1").fetchone() is None:
        return {}
    found: dict[int, list[tuple[str, str]]] = {}
    for model, verdict, detail in tx.execute(
        "SELECT DISTINCT place.model, verdict, detail FROM place JOIN member ON member.place = place.id"
        " JOIN file ON file.id = member.file JOIN volume ON volume.id = file.volume"
        f" JOIN hash ON {OF_FILE} AND hash.ctime_ns = file.ctime_ns"
        " WHERE verdict IS NOT NULL AND place.model IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    ):
        found.setdefault(model, []).append((verdict, from_text(detail or "")))
    return found


def restamp(tx: sqlite3.Connection, before: FileId, ctime_ns: int) -> None:
    """After our own rename or link of a file: only its change time is new, so what was read of it still holds."""
    tx.execute(
        "UPDATE hash SET ctime_ns = ? WHERE volume = ? AND key = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ?",
        (ctime_ns, *before),
    )
    tx.execute(
        "UPDATE file SET ctime_ns = ? WHERE volume = (SELECT id FROM volume WHERE name = ?) AND key = ? AND size = ?"
        " AND mtime_ns = ? AND ctime_ns = ?",
        (ctime_ns, *before),
    )
