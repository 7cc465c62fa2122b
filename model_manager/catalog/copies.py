"""Which files have the same bytes, as far as is known without reading any: the one source for every screen and command."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from model_manager.catalog.hashes import OF_FILE, Known
from model_manager.catalog.second_ways import THERE

FLOOR = 1 << 20
"""Smaller files count only where they are all the weights of their models."""
WEIGHTS = ("weights", "adapter", "projector")
_WEIGHTS = ", ".join(f"'{role}'" for role in WEIGHTS)
One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file of the catalogue, and what is known of its bytes. `told`: a hash that a tool wrote down."""

    file: int
    size: int
    bytes: int
    path: str
    told: str | None
    known: Known

    @property
    def is_read(self) -> bool:
        return self.known.sha256 is not None


def same_bytes(
    files: Iterable[One], known_of: Callable[[One], Known], told_of: Callable[[One], str | None]
) -> list[list[One]]:
    """Splits files of one size: by what was read of them, by what is told of them, by pieces where neither is known.

    One of each hash stands for all of it. Where pieces fit two hashes, only reading can tell.
    """
    by_hash: dict[str, list[One]] = {}
    unknown: list[One] = []
    for one in files:
        sha256 = known_of(one).sha256 or told_of(one)
        if sha256:
            by_hash.setdefault(sha256, []).append(one)
        else:
            unknown.append(one)
    by_sample: dict[str, str] = {}
    for sha256, same in by_hash.items():
        by_sample.setdefault(known_of(same[0]).sample or "", sha256)
    # What a comparison has told apart comes before what nobody has read: that goes to the first that it may be like.
    for one in sorted(unknown, key=lambda one: known_of(one).apart is None):
        if sample := known_of(one).sample:
            by_hash.setdefault(by_sample.setdefault(sample, f"pieces {sample}"), []).append(one)
    parts = [part for same in by_hash.values() for part in _apart(same, known_of)]
    return [part for part in parts if len(part) > 1]


def _apart(same: Sequence[One], known_of: Callable[[One], Known]) -> list[list[One]]:
    """Takes apart again what an earlier comparison knows to differ."""
    parts: list[list[One]] = []
    for one in same:
        for part in parts:
            if not any(differ(known_of(one), known_of(other)) for other in part):
                part.append(one)
                break
        else:
            parts.append([one])
    return parts


def differ(one: Known, other: Known) -> bool:
    """Whether two files are known to differ."""
    if one.sha256 and other.sha256:
        return one.sha256 != other.sha256
    if not one.apart or not other.apart or one.apart == other.apart:
        return False
    return one.apart.split(":")[0] == other.apart.split(":")[0]


def groups(tx: sqlite3.Connection) -> list[list[Seen]]:
    """The files of models that are there and have the same bytes as another one, as far as is known."""
    by_size: dict[int, list[Seen]] = {}
    for id_, size, bytes_, path, told, sha256, sample, apart in tx.execute(
        "SELECT file.id, file.size, bytes, (SELECT path FROM member WHERE member.file = file.id AND"
        f" {THERE} LIMIT 1) AS path, file.sha256, hash.sha256, hash.sample, hash.apart"
        " FROM file JOIN volume ON volume.id = file.volume"
        f" LEFT JOIN hash ON {OF_FILE} AND hash.ctime_ns = file.ctime_ns"
        " WHERE file.size IN (SELECT size FROM file WHERE size > 0 GROUP BY size HAVING COUNT(*) > 1)"
        " AND COALESCE(hash.sha256, file.sha256, hash.sample) IS NOT NULL AND path IS NOT NULL"
        " AND file.id NOT IN (SELECT file FROM second_way)"
    ):
        seen = Seen(id_, size, bytes_, os.fsdecode(path), told, Known(sample=sample, sha256=sha256, apart=apart))
        by_size.setdefault(size, []).append(seen)
    alike = [
        same for files in by_size.values() if len(files) > 1
        for same in same_bytes(files, lambda one: one.known, lambda one: one.told)
    ]  # fmt: skip
    return [same for same in alike if same[0].size >= FLOOR or len(_models(tx, same)) > 1]


def of_models(tx: sqlite3.Connection) -> dict[int, int]:
    """Model -> how many files have the bytes of one of its own, itself counted; models without such are left out."""
    count: dict[int, int] = {}
    for same in groups(tx):
        for model in _models(tx, same):
            count[model] = max(len(same), count.get(model, 0))
    return count


def _models(tx: sqlite3.Connection, same: Sequence[Seen]) -> set[int]:
    """The models that have one of these files; of small ones those that are all the weights of their model."""
    where = f"member.file IN ({', '.join(str(one.file) for one in same)})"
    query = f"SELECT place.model FROM member JOIN place ON place.id = member.place WHERE {where}"
    if same[0].size < FLOOR:
        query += (
            f" AND member.role IN ({_WEIGHTS}) AND NOT EXISTS (SELECT 1 FROM member AS other JOIN place AS p ON"
            " p.id = other.place WHERE p.model = place.model AND other.file != member.file AND other.role IN"
            f" ({_WEIGHTS}))"
        )
    return {model for (model,) in tx.execute(query)}
