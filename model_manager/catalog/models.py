"""Models: what was understood of them, their places and files, and how they are found again."""

from __future__ import annotations

import functools
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from model_manager.base.messages import Message, from_text, to_text
from model_manager.base.sixty_four_bits import nearest, unfolded
from model_manager.catalog.codec import dump
from model_manager.catalog.id_filter import these


class PlaceView(NamedTuple):
    id: int
    model: int
    root: int
    root_path: str
    state: str
    tool: str
    name: str
    title: str
    path: str
    found: dict[str, object]


class FileView(NamedTuple):
    """A file of a model as one place names it."""

    model: int
    place: int
    file: int
    path: str
    role: str
    name: str
    volume: str
    inode: int
    size: int
    bytes: int
    links: int
    atime_ns: int
    mtime_ns: int
    read_at: int | None
    sha256: str | None
    sha256_source: str | None


def places(
    tx: sqlite3.Connection, ids: Iterable[int] | None = None, at_hand: Mapping[str, dict[str, object]] | None = None
) -> Iterator[PlaceView]:
    """`at_hand`: records by their JSON, so that what was just written is not parsed again."""
    at_hand = at_hand or {}
    where, values = these(ids, "place.model")
    for row in tx.execute(
        "SELECT place.id, model, root, root.path, state, place.tool, name, title, place.path, found FROM place"
        f" JOIN root ON root.id = place.root WHERE 1{where} ORDER BY place.model, place.id", values,
    ):  # fmt: skip
        id_, model, root, root_path, state, tool, name, title, path, found = row
        yield PlaceView(
            id_, model, root, os.fsdecode(root_path), state, tool, name, title, os.fsdecode(path),
            at_hand.get(found) or json.loads(found),
        )  # fmt: skip


def files(tx: sqlite3.Connection, ids: Iterable[int] | None = None) -> Iterator[FileView]:
    where, values = these(ids, "place.model")
    for row in tx.execute(
        "SELECT place.model, place.id, file.id, member.path, role, member.name, volume.name, inode, file.size,"
        " file.bytes, links, atime_ns, mtime_ns, read_at, sha256, sha256_source FROM member"
        " JOIN place ON place.id = member.place JOIN file ON file.id = member.file"
        f" JOIN volume ON volume.id = file.volume WHERE 1{where} ORDER BY place.model, place.id, member.path", values,
    ):  # fmt: skip
        yield FileView._make((*row[:3], os.fsdecode(row[3]), *row[4:7], unfolded(row[7]), *row[8:]))


def derive(tx: sqlite3.Connection, id_: int, values: dict[str, object]) -> None:
    """Stores what was understood of a model; lists and records become JSON.

    A header's texts may hold half of a surrogate pair, which no database takes: it is escaped.
    """
    tx.execute(_update(tuple(values)), (*plain(values), id_))


def plain(values: Mapping[str, object]) -> list[str | int | float | None]:
    """What was understood of a model, as the database keeps it."""
    return [*map(_plain, values.values())]


@functools.lru_cache(8)
def _update(names: tuple[str, ...]) -> str:
    return f"UPDATE model SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?"


_NUMBERS = frozenset({float, bool})


def _plain(value: object) -> str | int | float | None:
    if isinstance(value, Message):
        return to_text(value)
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if type(value) is int:
        return nearest(value)
    if value is None or type(value) in _NUMBERS:
        return value  # type: ignore[return-value]
    return dump(value) if value else "[]"


def record(tx: sqlite3.Connection, id_: int) -> dict[str, object] | None:
    """One model's row as it is stored, None when there is none."""
    cursor = tx.execute("SELECT * FROM model WHERE id = ?", (id_,))
    row = cursor.fetchone()
    return dict(zip((column[0] for column in cursor.description), row, strict=True)) if row else None


def records(tx: sqlite3.Connection, ids: Iterable[int]) -> Iterator[dict[str, object]]:
    where, values = these(ids, "id")
    cursor = tx.execute(f"SELECT * FROM model WHERE gone_at IS NULL{where} ORDER BY id", values)
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def largest_first(tx: sqlite3.Connection) -> list[int]:
    """Every model that is there."""
    return [row[0] for row in tx.execute("SELECT id FROM model WHERE gone_at IS NULL ORDER BY size DESC")]


def titles(tx: sqlite3.Connection) -> dict[int, str]:
    """Model -> its name."""
    return dict(tx.execute("SELECT id, name FROM model WHERE gone_at IS NULL"))


def by_path(tx: sqlite3.Connection, path: str) -> list[int]:
    """Models that have a file or a place at this path."""
    rows_ = tx.execute(
        "SELECT model FROM place WHERE path = :path UNION SELECT place.model FROM member JOIN place"
        " ON place.id = member.place WHERE member.path = :path",
        {"path": os.fsencode(path)},
    )
    return sorted(row[0] for row in rows_)


def of_sizes(tx: sqlite3.Connection, sizes: Iterable[int]) -> list[int]:
    """Models that have a file of one of these sizes."""
    where, values = these(sizes, "size")
    return [row[0] for row in tx.execute(
        "SELECT DISTINCT model FROM place JOIN member ON member.place = place.id WHERE member.file IN"
        f" (SELECT id FROM file WHERE 1{where})", values)]  # fmt: skip


def derived_before(tx: sqlite3.Connection, state: int) -> list[int]:
    """Models that are there and were derived by an earlier state of understanding than this one (`record.DERIVED`)."""
    query = "SELECT id FROM model WHERE derived < ? AND gone_at IS NULL ORDER BY id"
    return [row[0] for row in tx.execute(query, (state,))]


def is_there(tx: sqlite3.Connection, id_: int) -> bool:
    return tx.execute("SELECT 1 FROM model WHERE id = ? AND gone_at IS NULL", (id_,)).fetchone() is not None


def names_of(tx: sqlite3.Connection, root: int) -> list[tuple[int, str]]:
    """(model, its name at the tool) of the places of one root."""
    return list(tx.execute("SELECT model, name FROM place WHERE root = ?", (root,)))


def hashes_of(tx: sqlite3.Connection) -> list[tuple[int, str]]:
    """(model, sha256) of all files whose hash is known."""
    return list(
        tx.execute(
            "SELECT DISTINCT place.model, file.sha256 FROM member JOIN place ON place.id = member.place"
            " JOIN file ON file.id = member.file WHERE file.sha256 IS NOT NULL"
        )
    )


def note_use(tx: sqlite3.Connection, id_: int, at: int, evidence: str) -> bool:
    """Stores when a model was used last, in seconds since 1970; False when a later or the same use is known."""
    changed = tx.execute(
        "UPDATE model SET used_at = ?, used_from = ? WHERE id = ? AND (used_at IS NULL OR used_at < ?)",
        (at, str(evidence), id_, at),
    )
    return changed.rowcount > 0


def uses(tx: sqlite3.Connection, ids: Iterable[int], but: str) -> dict[int, tuple[int, str]]:
    """Model -> (last use, evidence) of those whose evidence is another one than `but`."""
    rows_ = tx.execute(
        "SELECT id, used_at, used_from FROM model WHERE id IN (SELECT value FROM json_each(?))"
        " AND used_at IS NOT NULL AND used_from != ?",
        (json.dumps(list(ids)), but),
    )
    return {id_: (at, evidence) for id_, at, evidence in rows_}


def sources(tx: sqlite3.Connection) -> dict[int, list[str]]:
    """Model -> (hub, repository, revision, file), of those whose source is known."""
    found = tx.execute("SELECT id, source FROM model WHERE gone_at IS NULL AND source IS NOT NULL")
    return {id_: json.loads(source) for id_, source in found}


def sick(tx: sqlite3.Connection) -> list[tuple[int, str, str, str, list[str], int, str]]:
    """(id, name, verdict, detail, code, size, path) of models with something to look at, worst first."""
    rows_ = tx.execute(
        "SELECT id, name, verdict, health_detail, code, size, (SELECT path FROM place WHERE model = model.id LIMIT 1)"
        " FROM model WHERE gone_at IS NULL AND (verdict NOT IN ('good', 'unknown') OR code != '[]')"
        " ORDER BY verdict, name"
    )
    return [
        (i, name, verdict, from_text(why), json.loads(code), size, os.fsdecode(path or b""))
        for i, name, verdict, why, code, size, path in rows_
    ]
