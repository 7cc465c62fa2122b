"""Models that became one because their files did (a copy was shared), and how they come apart again.

What the user had said of each is kept beside what they say of the one, so that undoing the sharing gives everybody
their own words back. What was said since was said of both, and holds for both.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from model_manager.base.sixty_four_bits import nearest


class UserLabels(NamedTuple):
    """What the user says of one model, and since when it is known."""

    category: str | None = None
    note: str = ""
    pinned: int = 0
    tags: frozenset[str] = frozenset()
    added: int = 0


def words_of(tx: sqlite3.Connection, model: int) -> UserLabels:
    row = tx.execute("SELECT user_category, note, pinned, added FROM model WHERE id = ?", (model,)).fetchone()
    tags = frozenset(tag for (tag,) in tx.execute("SELECT tag FROM user_tag WHERE model = ?", (model,)))
    return UserLabels(row[0], row[1], row[2], tags, row[3]) if row else UserLabels(tags=tags)


def give(tx: sqlite3.Connection, model: int, words: UserLabels) -> None:
    tx.execute(
        "UPDATE model SET user_category = ?, note = ?, pinned = ?, added = ? WHERE id = ?",
        (words.category, words.note, words.pinned, words.added, model),
    )
    before = words_of(tx, model).tags
    tx.executemany("DELETE FROM user_tag WHERE model = ? AND tag = ?", [(model, tag) for tag in before - words.tags])
    tx.executemany("INSERT INTO user_tag VALUES (?, ?)", [(model, tag) for tag in sorted(words.tags - before)])


def joined(one: UserLabels, other: UserLabels) -> UserLabels:
    """Both: tags united, pinned wins, notes one below the other, the first choice of category, known since the earlier."""
    notes = dict.fromkeys(note for note in (one.note, other.note) if note)
    category = other.category if one.category is None else one.category
    return UserLabels(category, "\n".join(notes), max(one.pinned, other.pinned), one.tags | other.tags,
                 min(one.added, other.added))  # fmt: skip


def _said_since(words: UserLabels, then: UserLabels, now: UserLabels) -> UserLabels:
    """`words` with what was changed between two times."""
    return UserLabels(
        words.category if then.category == now.category else now.category,
        words.note if then.note == now.note else now.note,
        words.pinned if then.pinned == now.pinned else now.pinned,
        (words.tags | (now.tags - then.tags)) - (then.tags - now.tags),
        words.added,
    )


def unite(tx: sqlite3.Connection, old: int, new: int) -> None:
    """`old` becomes `new`, with its places and words, and its number is forgotten."""
    _join(tx, old, new)
    tx.execute("UPDATE OR REPLACE united SET model = ? WHERE model = ?", (new, old))


def unite_for_now(tx: sqlite3.Connection, old: int, new: int) -> None:
    """`old` becomes `new` until its place shows a file of its own again."""
    parts = _read(tx, new)[1] or {new: words_of(tx, new)}
    parts[old] = words_of(tx, old)
    _join(tx, old, new)
    _write(tx, new, words_of(tx, new), parts)


def _join(tx: sqlite3.Connection, old: int, new: int) -> None:
    give(tx, new, joined(words_of(tx, new), words_of(tx, old)))
    tx.execute("UPDATE place SET model = ? WHERE model = ?", (new, old))
    tx.execute("DELETE FROM model WHERE id = ?", (old,))


def come_apart(tx: sqlite3.Connection, one: int, part: int, weights: str, likeness: str) -> None:
    """`part`, which `one` is a union of, is a model again, under its old number and with its own words."""
    then, parts = _read(tx, one)
    now = words_of(tx, one)
    parts = {id_: _said_since(words, then, now) for id_, words in parts.items()}
    tx.execute(
        "INSERT INTO model (id, weights, likeness, added) VALUES (?, ?, ?, ?)",
        (part, weights, likeness, parts[part].added),
    )
    give(tx, part, parts.pop(part))
    left = parts.get(one, UserLabels())
    for id_, words in parts.items():
        left = joined(left, words) if id_ != one else left
    give(tx, one, left)
    if parts.keys() <= {one}:
        tx.execute("DELETE FROM united WHERE model = ?", (one,))
    else:
        _write(tx, one, words_of(tx, one), parts)


def parts_of(tx: sqlite3.Connection, model: int) -> set[int]:
    """The models that became this one."""
    return _read(tx, model)[1].keys() - {model}


def now_in(tx: sqlite3.Connection, part: int) -> int | None:
    """The model that one has become."""
    query = "SELECT model FROM united, json_each(parts, '$.parts') AS part WHERE part.key = ? AND model != ?"
    row = tx.execute(query, (str(part), part)).fetchone()
    return int(row[0]) if row else None


def note_earlier(tx: sqlite3.Connection, place: int, model: int) -> None:
    """A place goes, or shows another model from now on: its old one is found by it, should it come back."""
    tx.execute(
        "INSERT OR REPLACE INTO earlier (root, path, name, model) SELECT root, path, name, ? FROM place WHERE id = ?",
        (model, place),
    )


def earlier(tx: sqlite3.Connection, root: int, path: str, name: str) -> list[int]:
    """The models that a place had and has no more, the last first."""
    query = "SELECT model FROM earlier WHERE root = ? AND path = ? AND name = ? ORDER BY id DESC"
    return [row[0] for row in tx.execute(query, (root, os.fsencode(path), name))]


def earlier_paths(tx: sqlite3.Connection, root: int, paths: Iterable[str]) -> set[str]:
    """Those paths at which this root had a model that went."""
    paths = list(paths)
    marks = ", ".join("?" * len(paths))
    query = f"SELECT DISTINCT path FROM earlier WHERE root = ? AND path IN ({marks})"
    return {os.fsdecode(row[0]) for row in tx.execute(query, (root, *map(os.fsencode, paths)))}


def _read(tx: sqlite3.Connection, model: int) -> tuple[UserLabels, dict[int, UserLabels]]:
    """(what was said of the one when it became one, each part's own)"""
    row = tx.execute("SELECT parts FROM united WHERE model = ?", (model,)).fetchone()
    if row is None:
        return UserLabels(), {}
    record = json.loads(row[0])
    return _words(record["said"]), {int(id_): _words(one) for id_, one in record["parts"].items()}


def _write(tx: sqlite3.Connection, model: int, said: UserLabels, parts: dict[int, UserLabels]) -> None:
    record = {"said": _record(said), "parts": {str(id_): _record(words) for id_, words in parts.items()}}
    tx.execute("INSERT OR REPLACE INTO united (model, parts) VALUES (?, ?)", (model, json.dumps(record)))


def _record(words: UserLabels) -> list[object]:
    return [words.category, words.note, words.pinned, sorted(words.tags), words.added]


def _words(record: list[Any]) -> UserLabels:
    category, note, pinned, tags, added = record
    return UserLabels(category, note, pinned, frozenset(tags), nearest(added))
