"""Which files have the same bytes, as far as is known without reading any: the one source for every screen and command."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from model_manager.catalog.hashes import Known

FLOOR = 1 << 20
"""Smaller files count only where they are all the weights of their models."""
WEIGHTS = ("weights", "adapter", "projector")
_WEIGHTS = ", ".join(f"'{role}'" for role in WEIGHTS)
One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class KnownBytes:
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


class NamedFile(NamedTuple):
    """A file of a model as one place names it, as far as looking for copies takes it (memory: 100,000 of these)."""

    file: int
    model: int
    place: int
    role: str
    path: str
    size: int
    mtime_ns: int
    sha256: str | None
    """As a tool wrote it down."""


class ListedPlace(NamedTuple):
    id: int
    model: int
    tool: str
    path: str


def named_files(tx: sqlite3.Connection) -> Iterator[NamedFile]:
    """The files that may be copies, in folders that are there: weights of any size, others from FLOOR on."""
    for file, model, place, role, path, *rest in tx.execute(
        "SELECT file.id, place.model, place.id, role, member.path, file.size, mtime_ns, sha256 FROM member"
        " JOIN place ON place.id = member.place JOIN root ON root.id = place.root JOIN file ON file.id = member.file"
        f" WHERE root.state = 'online' AND file.size > 0 AND (role IN ({_WEIGHTS}) OR file.size >= {FLOOR})"
        " ORDER BY place.model, place.id, member.path"
    ):
        yield NamedFile(file, model, place, sys.intern(role), os.fsdecode(path), *rest)


def online_places(tx: sqlite3.Connection) -> dict[int, ListedPlace]:
    """The places in folders that are there, by their id."""
    rows = tx.execute(
        "SELECT place.id, model, place.tool, place.path FROM place JOIN root ON root.id = place.root"
        " WHERE state = 'online' ORDER BY model, place.id"
    )
    return {id_: ListedPlace(id_, model, sys.intern(tool), os.fsdecode(path)) for id_, model, tool, path in rows}


def beside_weights(tx: sqlite3.Connection) -> dict[int, tuple[str, ...]]:
    """Place -> the paths of its files that are no weights."""
    found: dict[int, list[str]] = {}
    for place, path in tx.execute(
        f"SELECT place, path FROM member WHERE role NOT IN ({_WEIGHTS}) ORDER BY place, path"
    ):
        found.setdefault(place, []).append(os.fsdecode(path))
    return {place: tuple(paths) for place, paths in found.items()}


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
    """Takes apart again what an earlier comparison knows to differ: of files that it read no further.

    Each goes to the first part in which nothing is known to differ from it: one with the same part of the same
    comparison, or one of which nothing took part in that comparison. (Their hashes, where known, are one already.)
    """
    if not any(known_of(one).apart and not known_of(one).sha256 for one in same):
        return [list(same)]
    parts: list[list[One]] = []
    compared: list[set[str]] = []
    """Of each part the comparisons that its files took part in."""
    of_mark: dict[str, int] = {}
    without: dict[str, int] = {}
    """Comparison -> a part before which each one has files of it: parts never lose any."""
    for one in same:
        mark = known_of(one).apart
        place = 0
        if mark:
            comparison = mark.partition(":")[0]
            place = without.get(comparison, 0)
            while place < len(parts) and comparison in compared[place]:
                place += 1
            without[comparison] = place
            place = min(of_mark.get(mark, place), place)
        if place == len(parts):
            parts.append([])
            compared.append(set())
        parts[place].append(one)
        if mark:
            compared[place].add(comparison)
            of_mark.setdefault(mark, place)
    return parts


def all_differ(known: Sequence[Known]) -> bool:
    """Whether of files whose pieces are the same nothing is left to read: all were read, or every one that was not is
    known to differ from all others, by one comparison in which all took part."""
    unread = [one.apart for one in known if not one.sha256]
    if not unread or len(known) < 2:
        return True
    marks = Counter(one.apart for one in known)
    comparisons = {(one.apart or "").partition(":")[0] for one in known}
    return None not in marks and len(comparisons) == 1 and all(marks[mark] == 1 for mark in unread)


def groups(tx: sqlite3.Connection) -> list[list[KnownBytes]]:
    """The files of models that are there and have the same bytes as another one, as far as is known."""
    return [same for same, _models in _with_models(tx)]


def of_models(tx: sqlite3.Connection) -> dict[int, int]:
    """Model -> how many files have the bytes of one of its own, itself counted; models without such are left out."""
    count: dict[int, int] = {}
    for same, models in _with_models(tx):
        for model in models:
            count[model] = max(len(same), count.get(model, 0))
    return count


def _with_models(tx: sqlite3.Connection) -> list[tuple[list[KnownBytes], set[int]]]:
    """Each group with the models that have one of its files. Each table is gone through once."""
    seen = _seen(tx)
    members = _members(tx, [one.file for one in seen])
    by_size: dict[int, list[KnownBytes]] = {}
    for one in seen:
        if one.file in members:
            by_size.setdefault(one.size, []).append(replace(one, path=members[one.file][0][2]))
    found = []
    for size, files in by_size.items():
        for same in same_bytes(files, lambda one: one.known, lambda one: one.told) if len(files) > 1 else ():
            models = {model for one in same for model, _role, _path in members[one.file]}
            if size < FLOOR:
                models = _whole(tx, {one.file for one in same}, models)
            if size >= FLOOR or len(models) > 1:
                found.append((same, models))
    return found


def _seen(tx: sqlite3.Connection) -> list[KnownBytes]:
    """The files as large as another one of which something is known; `path` is empty yet."""
    read = {
        tuple(row[:5]): Known(sha256=row[5], sample=row[6], apart=row[7])
        for row in tx.execute(
            "SELECT volume, key, size, mtime_ns, ctime_ns, sha256, sample, apart FROM hash"
            " WHERE COALESCE(sha256, sample) IS NOT NULL"
        )
    }
    found = []
    for id_, volume, key, size, mtime_ns, ctime_ns, bytes_, told in tx.execute(
        "SELECT file.id, volume.name, key, size, mtime_ns, ctime_ns, bytes, sha256 FROM file JOIN volume"
        " ON volume.id = file.volume WHERE size IN (SELECT size FROM file WHERE size > 0 GROUP BY size HAVING COUNT(*) > 1)"
        " AND file.id NOT IN (SELECT file FROM second_way)"
    ):
        known = read.get((volume, key, size, mtime_ns, ctime_ns), Known())
        if told or known.sha256 or known.sample:
            found.append(KnownBytes(id_, size, bytes_, "", told, known))
    return found


def _members(tx: sqlite3.Connection, files: Sequence[int]) -> dict[int, list[tuple[int, str, str]]]:
    """File -> (model, role, path) of each of its names in a folder that is there."""
    found: dict[int, list[tuple[int, str, str]]] = {}
    wanted = set(files)
    for file, model, role, path in (
        tx.execute(
            "SELECT member.file, place.model, member.role, member.path FROM place JOIN root ON root.id = place.root"
            " JOIN member ON member.place = place.id WHERE root.state = 'online'"
        )
        if wanted
        else ()
    ):
        if file in wanted:
            found.setdefault(file, []).append((model, role, os.fsdecode(path)))
    return found


def _whole(tx: sqlite3.Connection, files: set[int], models: set[int]) -> set[int]:
    """Those of the models of which one of these files is all the weights."""
    weights: dict[int, set[int]] = {}
    for model, file in tx.execute(
        "SELECT place.model, member.file FROM place JOIN member ON member.place = place.id WHERE member.role IN"
        f" ({_WEIGHTS}) AND place.model IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(models)),),
    ):
        weights.setdefault(model, set()).add(file)
    return {model for model, mine in weights.items() if len(mine) == 1 and mine <= files}
