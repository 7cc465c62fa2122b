"""What was read of a whole file holds for that very file, and for no other state of it."""

from __future__ import annotations

import sqlite3
from dataclasses import fields

import pytest
from shelf import Shelf

from model_manager.base.identity import FileId
from model_manager.catalog import hashes
from model_manager.catalog.hashes import Known

ID = FileId("uuid:1", "i7", 100, 5, 6)


def test_each_answer_is_given_back_as_it_was_kept(tx: sqlite3.Connection) -> None:
    every = Known(*(f"{one.name}!" for one in fields(Known)))
    hashes.keep(tx, ID, every)
    assert hashes.known(tx, ID) == every


@pytest.mark.parametrize(
    "change", [{"volume": "uuid:2"}, {"key": "i8"}, {"size": 101}, {"mtime_ns": 6}, {"ctime_ns": 7}]
)
def test_for_anything_else_it_is_no_answer(tx: sqlite3.Connection, change: dict[str, object]) -> None:
    hashes.keep(tx, ID, Known(sha256="x"))
    assert hashes.known(tx, ID._replace(**change)) == Known()  # type: ignore[arg-type]


def test_answers_add_up_while_the_file_is_the_same(tx: sqlite3.Connection) -> None:
    hashes.keep(tx, ID, Known(sample="p"))
    hashes.keep(tx, ID, Known(sha256="x"))
    hashes.keep(tx, ID, Known(sha256="x", verdict="good", tensors=""))
    assert hashes.known(tx, ID) == Known(sample="p", sha256="x", verdict="good", tensors="")
    hashes.keep(tx, ID, Known(verdict="corrupt"))
    assert hashes.known(tx, ID).verdict == "corrupt", "the newer one of two"


def test_another_hash_of_what_looks_the_same_ends_all_that_was_known(tx: sqlite3.Connection) -> None:
    """A drive in the place of its copy."""
    hashes.keep(tx, ID, Known(sample="p", sha256="x", verdict="good"))
    hashes.keep(tx, ID, Known(sha256="y"))
    assert hashes.known(tx, ID) == Known(sha256="y")


def test_a_changed_file_has_its_answers_in_the_place_of_the_old_ones(tx: sqlite3.Connection) -> None:
    newer = ID._replace(mtime_ns=9)
    hashes.keep(tx, ID, Known(sha256="x"))
    hashes.keep(tx, newer, Known(sample="q"))
    assert hashes.known(tx, newer) == Known(sample="q") and hashes.known(tx, ID) == Known()


def id_of(tx: sqlite3.Connection, model: int) -> FileId:
    row = tx.execute(
        "SELECT volume.name, key, size, mtime_ns, ctime_ns FROM file JOIN volume ON volume.id = file.volume JOIN member ON"
        " member.file = file.id JOIN place ON place.id = member.place WHERE model = ?", (model,)).fetchone()  # fmt: skip
    return FileId(*row)


def test_a_verdict_is_that_of_the_file_as_it_is_now(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a, b = shelf.put("a", 10), shelf.put("b", 20)
    assert hashes.verdicts(tx, [a, b]) == {}
    hashes.keep(tx, id_of(tx, a), Known(verdict="corrupt", detail="NaN"))
    hashes.keep(tx, id_of(tx, b), Known(sha256="x"))
    assert hashes.verdicts(tx, [a, b]) == {a: [("corrupt", "NaN")]} and hashes.verdicts(tx, [b]) == {}
    hashes.keep(tx, id_of(tx, b), Known(verdict="good"))
    assert hashes.verdicts(tx, [b]) == {b: [("good", "")]}
    for column in ("size", "mtime_ns", "ctime_ns"):
        tx.execute(f"UPDATE file SET {column} = {column} + 1 WHERE id = 1")
        assert a not in hashes.verdicts(tx, [a, b]), column
        tx.execute(f"UPDATE file SET {column} = {column} - 1 WHERE id = 1")
        assert a in hashes.verdicts(tx, [a, b])


def test_our_own_rename_makes_nothing_to_be_read_again(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a = shelf.put("a", 10)
    before = id_of(tx, a)
    hashes.keep(tx, before, Known(sha256="x"))
    hashes.restamp(tx, before, 4242)
    after = id_of(tx, a)
    assert (
        after == before._replace(ctime_ns=4242)
        and hashes.known(tx, after).sha256 == "x"
        and hashes.known(tx, before) == Known()
    )
    hashes.restamp(tx, before, 99)
    assert id_of(tx, a) == after, "one that is another file by now is left alone"
    hashes.restamp(tx, after._replace(volume="uuid:2"), 99)
    assert id_of(tx, a) == after


def test_all_are_given_by_the_identity_they_hold_for(tx: sqlite3.Connection) -> None:
    """A second state of the file replaces the first; another file, and the same key on another volume, are others."""
    told = {ID: Known(sha256="x", sample="p"), ID._replace(volume="uuid:2"): Known(sha256="y"),
            ID._replace(key="i8", size=7, mtime_ns=8, ctime_ns=9): Known(verdict="good")}  # fmt: skip
    for id_, found in told.items():
        hashes.keep(tx, id_, found)
    assert hashes.every(tx) == told
