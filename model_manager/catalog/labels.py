"""What the user says of models: tags, notes, pins, categories of their own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from model_manager.catalog.id_filter import these


def choices(tx: sqlite3.Connection, ids: Iterable[int]) -> dict[int, str | None]:
    """The category that the user chose for each model that there is, None where the evidence decides."""
    where, values = these(ids, "id")
    return dict(tx.execute(f"SELECT id, user_category FROM model WHERE 1{where}", values))


def pinned(tx: sqlite3.Connection) -> frozenset[int]:
    """Models that the user pinned."""
    return frozenset(row[0] for row in tx.execute("SELECT id FROM model WHERE pinned"))


def user_tags(tx: sqlite3.Connection, ids: Iterable[int] | None) -> dict[int, list[str]]:
    """Model -> the tags that the user gave it, in alphabetical order."""
    where, values = these(ids, "model")
    found: dict[int, list[str]] = {}
    for model, tag in tx.execute(f"SELECT model, tag FROM user_tag WHERE 1{where} ORDER BY tag", values):
        found.setdefault(model, []).append(tag)
    return found


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
