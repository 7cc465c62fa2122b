"""Sums over everything: bytes on the disk, by tool and category, copies, verdicts."""

from __future__ import annotations

import os
import sqlite3


def of_all(tx: sqlite3.Connection) -> tuple[int, int]:
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


def copies(tx: sqlite3.Connection) -> list[list[tuple[int, str]]]:
    """(bytes on disk, one of its paths) of the files that have the same bytes by the hashes that lie on disk: flagged,
    not proved."""
    found: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for sha256, size, bytes_, path in tx.execute(
        "SELECT sha256, size, bytes, (SELECT path FROM member WHERE member.file = file.id LIMIT 1) AS path FROM file"
        " WHERE size > 0 AND path IS NOT NULL AND (sha256, size) IN (SELECT sha256, size FROM file"
        " WHERE sha256 IS NOT NULL AND id IN (SELECT file FROM member) GROUP BY sha256, size HAVING COUNT(*) > 1)"
    ):
        found.setdefault((sha256, size), []).append((bytes_, os.fsdecode(path)))
    return list(found.values())


def is_any(tx: sqlite3.Connection) -> bool:
    """Whether any model is known."""
    return tx.execute("SELECT 1 FROM model WHERE gone_at IS NULL LIMIT 1").fetchone() is not None


def verdicts(tx: sqlite3.Connection) -> dict[str, int]:
    """Verdict -> how many models."""
    return dict(tx.execute("SELECT verdict, COUNT(*) FROM model WHERE gone_at IS NULL GROUP BY verdict"))
