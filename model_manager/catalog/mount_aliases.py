"""Which files are another file of the catalogue that is seen by a second way. Only figures go by it, never what goes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from model_manager.base.sixty_four_bits import unfolded
from model_manager.catalog.id_filter import these

THERE = "place IN (SELECT place.id FROM place JOIN root ON root.id = place.root WHERE root.state = 'online')"
"""Of members: those in folders that can be looked at now. What was unplugged weighs nothing here."""


class AliasedFile(NamedTuple):
    """A file by one of its paths, as it was when last looked at."""

    file: int
    path: str
    volume: str
    kind: str
    inode: int
    size: int
    mtime_ns: int


class AliasGroup(NamedTuple):
    """The file that stands for another one; `certain`: it is shown to be the same, not only alike."""

    file: int
    certain: bool


def kinds(tx: sqlite3.Connection) -> set[str]:
    """The kinds of file systems that files of the catalogue lie on."""
    return {row[0] for row in tx.execute("SELECT DISTINCT kind FROM volume WHERE id IN (SELECT volume FROM file)")}


def files(tx: sqlite3.Connection) -> list[AliasedFile]:
    """Every file with something in it that is there now, by one of its paths."""
    rows = tx.execute(
        "SELECT file.id, (SELECT path FROM member WHERE member.file = file.id LIMIT 1), volume.name, volume.kind, inode,"
        f" size, mtime_ns FROM file JOIN volume ON volume.id = file.volume"
        f" WHERE size > 0 AND file.id IN (SELECT file FROM member WHERE {THERE}) ORDER BY file.id"
    )
    return [
        AliasedFile(id_, os.fsdecode(path), volume, kind, unfolded(inode), size, mtime_ns)
        for id_, path, volume, kind, inode, size, mtime_ns in rows
    ]


def is_known(tx: sqlite3.Connection, volume: str, inode: int) -> bool:
    """Whether a model that is there has the file of this number."""
    query = (
        "SELECT 1 FROM file JOIN volume ON volume.id = file.volume WHERE volume.name = ? AND file.key = ?"
        f" AND file.id IN (SELECT file FROM member WHERE {THERE}) LIMIT 1"
    )
    return tx.execute(query, (volume, f"i{inode}")).fetchone() is not None


def every(tx: sqlite3.Connection) -> dict[int, AliasGroup]:
    """File -> the one that stands for it."""
    return {file: AliasGroup(same, bool(certain)) for file, same, certain in tx.execute("SELECT * FROM second_way")}


def replace(tx: sqlite3.Connection, found: Mapping[int, AliasGroup]) -> set[int]:
    """Stores what was found instead of what was there; answers the models that it matters to."""
    before = every(tx)
    changed = {file for file in before.keys() | found.keys() if before.get(file) != found.get(file)}
    if not changed:
        return set()
    changed |= {same.file for known in (before, found) for file, same in known.items() if file in changed}
    tx.execute("DELETE FROM second_way")
    tx.executemany(
        "INSERT INTO second_way (file, same, certain) SELECT ?, id, ? FROM file WHERE id = ?",
        [(file, int(same.certain), same.file) for file, same in found.items()],
    )
    return _models(tx, changed)


def counted_once(tx: sqlite3.Connection) -> tuple[int, int]:
    """Bytes on disk that count once although they are there twice: those shown to be the same, and those that may be."""
    sums = dict(
        tx.execute(
            "SELECT certain, TOTAL(bytes) FROM second_way JOIN file ON file.id = second_way.file"
            f" WHERE file IN (SELECT file FROM member WHERE {THERE})"
            f" AND same IN (SELECT file FROM member WHERE {THERE}) GROUP BY certain"
        )
    )
    return int(sums.get(1, 0)), int(sums.get(0, 0))


def twice_in(tx: sqlite3.Connection, column: str) -> dict[object, int]:
    """By a column of places and models that are there: bytes on disk of files that it has by a second way too."""
    found: dict[int, set[tuple[object, int]]] = {}
    for word, file, bytes_ in tx.execute(
        f"SELECT DISTINCT {column}, file.id, file.bytes FROM file JOIN member ON member.file = file.id"
        " JOIN place ON place.id = member.place JOIN model ON model.id = place.model"
        f" WHERE file.id IN (SELECT file FROM second_way UNION SELECT same FROM second_way) AND member.{THERE}"
    ):
        found.setdefault(file, set()).add((word, bytes_))
    sums: dict[object, int] = {}
    for file, same in every(tx).items():
        first = {word for word, _bytes in found.get(same.file, ())}
        for word, bytes_ in found.get(file, ()):
            if word in first:
                sums[word] = sums.get(word, 0) + bytes_
    return sums


def partners(tx: sqlite3.Connection, ids: Iterable[int]) -> set[int]:
    """The models that have a file of one of these, by whichever way."""
    where, values = these(ids, "place.model")
    mine = {
        row[0]
        for row in tx.execute(f"SELECT file FROM member JOIN place ON place.id = member.place WHERE 1{where}", values)
    }
    one, same = these(mine, "file"), these(mine, "same")
    ways = tx.execute(f"SELECT file, same FROM second_way WHERE 1{one[0]} UNION SELECT file, same FROM second_way WHERE 1{same[0]}",
                      (*one[1], *same[1])).fetchall()  # fmt: skip
    stand = {same for _file, same in ways}
    where, values = these(stand, "same")
    ways += tx.execute(f"SELECT file, same FROM second_way WHERE 1{where}", values).fetchall() if stand else []
    return _models(tx, mine | {file for way in ways for file in way})


def _models(tx: sqlite3.Connection, files_: set[int]) -> set[int]:
    where, values = these(files_, "file")
    return {
        row[0]
        for row in tx.execute(f"SELECT model FROM member JOIN place ON place.id = member.place WHERE 1{where}", values)
    }


def shared(tx: sqlite3.Connection, ids: Iterable[int] | None = None) -> dict[int, tuple[tuple[int, int, int], ...]]:
    """Model -> (file, size, bytes on disk) of each of its files that another model has too, by whichever way."""
    where, values = these(ids, "model")
    mine = (
        ""
        if ids is None
        else f" WHERE file IN (SELECT file FROM member JOIN place ON place.id = member.place WHERE 1{where})"
    )
    several = [row[0] for row in tx.execute(
        "SELECT file FROM member JOIN place ON place.id = member.place"
        f"{mine} GROUP BY file HAVING MIN(model) != MAX(model)", values if ids is not None else ())]  # fmt: skip
    several += [id_ for row in tx.execute("SELECT file, same FROM second_way") for id_ in row]
    if not several:
        return {}
    one, chosen = these(several, "member.file")
    found: dict[int, list[tuple[int, int, int]]] = {}
    for model, file, size, bytes_ in tx.execute(
        "SELECT DISTINCT model, COALESCE(same, file.id), file.size, file.bytes FROM member JOIN place ON place.id = member.place"
        f" JOIN file ON file.id = member.file LEFT JOIN second_way ON second_way.file = file.id WHERE 1{one}{where}",
        (*chosen, *values),
    ):  # fmt: skip
        found.setdefault(model, []).append((file, size, bytes_))
    return {model: tuple(entries) for model, entries in found.items()}
