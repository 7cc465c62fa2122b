"""Models as people see them: derived columns, the user's own words, and the rows that tables show."""

from __future__ import annotations

import functools
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from model_manager.catalog.codec import dump


class Row(NamedTuple):
    """One line of the library: what tables, filters and totals need, and no more (memory: 100,000 of these)."""

    id: int
    name: str
    category: str
    category_from: str
    format: str
    architecture: str | None
    base_model: str | None
    parameters: int | None
    quant: str | None
    quant_label: str | None
    bits: float | None
    context_length: int | None
    size: int
    bytes: int
    verdict: str
    tools: str
    places: int
    used_at: int | None
    used_from: str | None
    added: int
    pinned: int
    tags: str
    copies: int
    text: str


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


_ROW = (
    "model.id, model.name, COALESCE(user_category, category), CASE WHEN user_category IS NULL THEN category_from ELSE"
    " 'user' END, format, architecture, base_model, parameters, quant, quant_label, bits, context_length, model.size,"
    " model.bytes, verdict, tools, places, used_at, used_from, added, pinned, tags, 0, ''"
)


def rows(tx: sqlite3.Connection, ids: Iterable[int] | None = None) -> list[Row]:
    """Every model that is there, or those of `ids` that are; `text` and `tags` are filled in, lower case."""
    where, values = _these(ids, "model.id")
    mine = _user_tags(tx, ids)
    paths = _paths(tx, ids)
    copies = _copies(tx)
    found = []
    known: dict[object, object] = {}  # one "gguf" and one time of a scan for all: 100,000 rows take 55 MB less
    # In the order that is shown first, so that a filter runs through memory forwards: 18 ms instead of 40.
    for row in tx.execute(f"SELECT {_ROW} FROM model WHERE gone_at IS NULL{where} ORDER BY model.size DESC", values):
        shared = [known.setdefault(value, value) if type(value) in _SHARED else value for value in row[2:]]
        line = Row._make((*row[:2], *shared))
        tags = [*json.loads(line.tags), *mine.get(line.id, ())] if line.tags != "[]" or line.id in mine else []
        words = (line.name, *tags, line.base_model or "", line.tools, line.quant or "", paths.pop(line.id, ""))
        joined = ",".join(tags)
        found.append(
            Row._make(
                (*line[:_TAGS], known.setdefault(joined, joined), copies.get(line.id, 0), "\n".join(words).lower())
            )
        )
    return found


_SHARED = (str, int)
_TAGS = Row._fields.index("tags")


def _these(ids: Iterable[int] | None, column: str) -> tuple[str, tuple[object, ...]]:
    if ids is None:
        return "", ()
    return f" AND {column} IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)


def _user_tags(tx: sqlite3.Connection, ids: Iterable[int] | None) -> dict[int, list[str]]:
    where, values = _these(ids, "model")
    found: dict[int, list[str]] = {}
    for model, tag in tx.execute(f"SELECT model, tag FROM user_tag WHERE 1{where} ORDER BY tag", values):
        found.setdefault(model, []).append(tag)
    return found


def _paths(tx: sqlite3.Connection, ids: Iterable[int] | None) -> dict[int, str]:
    where, values = _these(ids, "model")
    found: dict[int, str] = {}
    for model, path, name in tx.execute(f"SELECT model, path, name FROM place WHERE 1{where}", values):
        text = os.fsdecode(path)
        text = text if name in text else f"{text}\n{name}"
        found[model] = f"{found[model]}\n{text}" if model in found else text
    return found


def _copies(tx: sqlite3.Connection) -> dict[int, int]:
    """Models whose weights have, by the hashes that lie on disk, the same bytes under another inode: how many."""
    query = (
        "SELECT p.model, MAX(twins.n) FROM (SELECT sha256, size, COUNT(*) AS n FROM file WHERE sha256 IS NOT NULL"
        " AND size > 1048576 GROUP BY sha256, size HAVING n > 1) AS twins JOIN file ON file.sha256 = twins.sha256"
        " JOIN member ON member.file = file.id AND member.role IN ('weights', 'adapter')"
        " JOIN place AS p ON p.id = member.place GROUP BY p.model"
    )
    return dict(tx.execute(query))


def places(
    tx: sqlite3.Connection, ids: Iterable[int] | None = None, at_hand: Mapping[str, dict[str, object]] | None = None
) -> Iterator[PlaceView]:
    """`at_hand`: records by their JSON, so that what was just written is not parsed again."""
    at_hand = at_hand or {}
    where, values = _these(ids, "place.model")
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
    where, values = _these(ids, "place.model")
    for row in tx.execute(
        "SELECT place.model, place.id, file.id, member.path, role, member.name, volume.name, inode, file.size,"
        " file.bytes, links, atime_ns, mtime_ns, read_at, sha256, sha256_source FROM member"
        " JOIN place ON place.id = member.place JOIN file ON file.id = member.file"
        f" JOIN volume ON volume.id = file.volume WHERE 1{where} ORDER BY place.model, place.id, member.path", values,
    ):  # fmt: skip
        yield FileView._make((*row[:3], os.fsdecode(row[3]), *row[4:]))


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


_NUMBERS = frozenset({int, float, bool})


def _plain(value: object) -> str | int | float | None:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if value is None or type(value) in _NUMBERS:
        return value  # type: ignore[return-value]
    return dump(value) if value else "[]"


def choices(tx: sqlite3.Connection, ids: Iterable[int]) -> dict[int, str | None]:
    """The category that the user chose for each model that there is, None where the evidence decides."""
    where, values = _these(ids, "id")
    return dict(tx.execute(f"SELECT id, user_category FROM model WHERE 1{where}", values))


def record(tx: sqlite3.Connection, id_: int) -> dict[str, object] | None:
    """One model's row as it is stored, None when there is none."""
    cursor = tx.execute("SELECT * FROM model WHERE id = ?", (id_,))
    row = cursor.fetchone()
    return dict(zip((column[0] for column in cursor.description), row, strict=True)) if row else None


def records(tx: sqlite3.Connection, ids: Iterable[int]) -> Iterator[dict[str, object]]:
    where, values = _these(ids, "id")
    cursor = tx.execute(f"SELECT * FROM model WHERE gone_at IS NULL{where} ORDER BY id", values)
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def titles(tx: sqlite3.Connection) -> dict[int, str]:
    """Model -> its name."""
    return dict(tx.execute("SELECT id, name FROM model WHERE gone_at IS NULL"))


def pinned(tx: sqlite3.Connection) -> frozenset[int]:
    """Models that the user pinned."""
    return frozenset(row[0] for row in tx.execute("SELECT id FROM model WHERE pinned"))


def user_tags(tx: sqlite3.Connection, ids: Iterable[int] | None = None) -> dict[int, list[str]]:
    return _user_tags(tx, ids)


def tag(tx: sqlite3.Connection, id_: int, add: Iterable[str], remove: Iterable[str]) -> None:
    tx.executemany("INSERT OR IGNORE INTO user_tag VALUES (?, ?)", [(id_, word) for word in add])
    tx.executemany("DELETE FROM user_tag WHERE model = ? AND tag = ?", [(id_, word) for word in remove])


def set_words(tx: sqlite3.Connection, id_: int, **values: object) -> None:
    """The user's own: `user_category` (None gives it back to the evidence), `note`, `pinned`."""
    names = ", ".join(f"{name} = ?" for name in values)
    tx.execute(f"UPDATE model SET {names} WHERE id = ?", (*values.values(), id_))


def move_category(tx: sqlite3.Connection, old: str, new: str | None) -> list[int]:
    """Models that the user put into `old` go to `new` (None: back to the evidence); answers which."""
    ids = [row[0] for row in tx.execute("SELECT id FROM model WHERE user_category = ?", (old,))]
    tx.execute("UPDATE model SET user_category = ? WHERE user_category = ?", (new, old))
    return ids


def categories(tx: sqlite3.Connection) -> list[str]:
    """The user's own slugs."""
    return [row[0] for row in tx.execute("SELECT slug FROM category ORDER BY slug")]


def add_category(tx: sqlite3.Connection, slug: str) -> None:
    tx.execute("INSERT OR IGNORE INTO category VALUES (?)", (slug,))


def remove_category(tx: sqlite3.Connection, slug: str) -> None:
    tx.execute("DELETE FROM category WHERE slug = ?", (slug,))


def totals(tx: sqlite3.Connection) -> tuple[int, int]:
    """(bytes on disk with each inode once, bytes with every name counted) over models and leftovers."""
    (once,) = tx.execute("SELECT COALESCE(SUM(bytes), 0) FROM file WHERE id IN (SELECT file FROM member)").fetchone()
    (names,) = tx.execute(
        "SELECT COALESCE(SUM(size), 0) FROM (SELECT member.path, file.size FROM member JOIN file"
        " ON file.id = member.file GROUP BY member.path)"
    ).fetchone()
    left, apparent = tx.execute("SELECT COALESCE(SUM(bytes), 0), COALESCE(SUM(size), 0) FROM leftover").fetchone()
    return once + left, names + apparent


def bytes_by(tx: sqlite3.Connection, what: str) -> dict[str, tuple[int, int]]:
    """`tool` or `category` -> (models, bytes with each inode once)."""
    column = {"tool": "place.tool", "category": "COALESCE(user_category, category)"}[what]
    counts = dict(
        tx.execute(
            f"SELECT {column} AS word, COUNT(DISTINCT place.model) FROM place JOIN model ON model.id = place.model"
            " GROUP BY word"
        )
    )
    sums = tx.execute(
        f"SELECT word, SUM(bytes) FROM (SELECT DISTINCT {column} AS word, file.id, file.bytes AS bytes FROM place"
        " JOIN model ON model.id = place.model JOIN member ON member.place = place.id"
        " JOIN file ON file.id = member.file)"
        " GROUP BY word"
    )
    weights = {word: int(size or 0) for word, size in sums}
    return {word: (models, weights.get(word, 0)) for word, models in counts.items()}


def copied_bytes(tx: sqlite3.Connection) -> int:
    """Bytes of further copies by the hashes that lie on disk: flagged, not proved."""
    (twins,) = tx.execute(
        "SELECT COALESCE(SUM(total - largest), 0) FROM (SELECT SUM(bytes) AS total, MAX(bytes) AS largest FROM file"
        " WHERE sha256 IS NOT NULL AND size > 0 AND id IN (SELECT file FROM member) GROUP BY sha256, size"
        " HAVING COUNT(*) > 1)"
    ).fetchone()
    return int(twins)


def is_any(tx: sqlite3.Connection) -> bool:
    return tx.execute("SELECT 1 FROM model WHERE gone_at IS NULL LIMIT 1").fetchone() is not None


def verdicts(tx: sqlite3.Connection) -> dict[str, int]:
    """Verdict -> how many models."""
    return dict(tx.execute("SELECT verdict, COUNT(*) FROM model WHERE gone_at IS NULL GROUP BY verdict"))


def by_name(tx: sqlite3.Connection, name: str) -> list[int]:
    """Models that a person may mean: by their own name or by a tool's name for them, whatever the case."""
    rows_ = tx.execute(
        "SELECT id FROM model WHERE gone_at IS NULL AND name = :name COLLATE NOCASE UNION SELECT model FROM place"
        " WHERE name = :name COLLATE NOCASE OR title = :name COLLATE NOCASE",
        {"name": name},
    )
    return sorted(row[0] for row in rows_)


def by_path(tx: sqlite3.Connection, path: str) -> list[int]:
    """Models that have a file or a place at this path."""
    rows_ = tx.execute(
        "SELECT model FROM place WHERE path = :path UNION SELECT place.model FROM member JOIN place"
        " ON place.id = member.place WHERE member.path = :path",
        {"path": os.fsencode(path)},
    )
    return sorted(row[0] for row in rows_)


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
        (at, evidence, id_, at),
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
        (i, name, verdict, why, json.loads(code), size, os.fsdecode(path or b""))
        for i, name, verdict, why, code, size, path in rows_
    ]
