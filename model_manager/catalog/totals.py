"""Sums over everything: bytes on the disk, by tool and category, verdicts."""

from __future__ import annotations

import sqlite3

from model_manager.catalog import mount_aliases
from model_manager.catalog.mount_aliases import THERE as _THERE


def of_all(tx: sqlite3.Connection) -> tuple[int, int]:
    """(bytes on disk with each file once, bytes with every name counted) over models."""
    (once,) = tx.execute("SELECT TOTAL(bytes) FROM file WHERE id IN (SELECT file FROM member"
                          f" WHERE {_THERE})").fetchone()  # fmt: skip
    (names,) = tx.execute(
        "SELECT TOTAL(size) FROM (SELECT member.path, file.size FROM member JOIN file"
        f" ON file.id = member.file WHERE {_THERE} GROUP BY member.path)"
    ).fetchone()
    return int(once) - sum(mount_aliases.counted_once(tx)), int(names)


def bytes_by(tx: sqlite3.Connection, what: str) -> dict[str, tuple[int, int]]:
    """`tool` or `category` -> (models, bytes with each file once)."""
    column = {"tool": "place.tool", "category": "COALESCE(user_category, category)"}[what]
    counts = dict(
        tx.execute(
            f"SELECT {column} AS word, COUNT(DISTINCT place.model) FROM place JOIN model ON model.id = place.model"
            " JOIN root ON root.id = place.root WHERE root.state = 'online' GROUP BY word"
        )
    )
    sums = tx.execute(
        f"SELECT word, TOTAL(bytes) FROM (SELECT DISTINCT {column} AS word, file.id, file.bytes AS bytes FROM place"
        " JOIN model ON model.id = place.model JOIN member ON member.place = place.id"
        f" JOIN file ON file.id = member.file WHERE member.{_THERE})"
        " GROUP BY word"
    )
    weights = {word: int(size or 0) for word, size in sums}
    twice = mount_aliases.twice_in(tx, column)
    return {word: (models, weights.get(word, 0) - twice.get(word, 0)) for word, models in counts.items()}


def is_any(tx: sqlite3.Connection) -> bool:
    """Whether any model is known."""
    return tx.execute("SELECT 1 FROM model WHERE gone_at IS NULL LIMIT 1").fetchone() is not None


def verdicts(tx: sqlite3.Connection) -> dict[str, int]:
    """Verdict -> how many models of those that are there."""
    return dict(
        tx.execute(
            "SELECT verdict, COUNT(*) FROM model WHERE gone_at IS NULL AND id IN (SELECT model FROM place JOIN root"
            " ON root.id = place.root WHERE root.state = 'online') GROUP BY verdict"
        )
    )
