"""A catalogue that cannot be written is looked at: in memory, whole, and nothing is left beside it."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_manager.catalog import read_only
from model_manager.catalog.read_only import (
    anyhow,
    in_memory,
    let_go,
    readable,
    sentence,
    way_out,
    why_not_written,
    words_sentence,
)

FULL = os.strerror(errno.ENOSPC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "own?folder#%41"
    folder.mkdir()
    made = sqlite3.connect(folder / "c.sqlite3")
    made.execute("PRAGMA journal_mode = WAL")
    made.execute("CREATE TABLE t (x)")
    made.execute("INSERT INTO t VALUES (7)")
    made.commit()
    made.close()
    return folder / "c.sqlite3"


@pytest.fixture
def unwritable(path: Path) -> Iterator[Path]:
    """Another process wrote and was killed: its last change lies in the WAL alone."""
    other = sqlite3.connect(path)
    other.execute("PRAGMA wal_autocheckpoint = 0")
    other.execute("INSERT INTO t VALUES (8)")
    other.commit()
    yield path
    other.close()


def test_a_folder_that_can_be_written_keeps_nothing_of_the_question(tmp_path: Path) -> None:
    before = sorted(os.listdir(tmp_path))
    assert why_not_written(tmp_path) == "" and sorted(os.listdir(tmp_path)) == before


def test_why_it_cannot_be_written_is_said_in_the_systems_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_not_written(tmp_path / "gone") == "No such file or directory"
    real = os.write
    wrote: list[int] = []

    def little(number: int, data: bytes) -> int:
        if sum(wrote) >= 5000:
            raise OSError(errno.ENOSPC, FULL)
        wrote.append(real(number, data[:5000]))
        return wrote[-1]

    monkeypatch.setattr(os, "write", little)
    assert why_not_written(tmp_path) == FULL and os.listdir(tmp_path) == ["home"]


def test_nothing_of_anybodys_is_overwritten_by_the_question(tmp_path: Path) -> None:
    mine = tmp_path / f"probe.{os.getpid()}"
    mine.write_text("mine")
    assert why_not_written(tmp_path) == "File exists" and mine.read_text() == "mine"


def test_what_people_are_told(tmp_path: Path) -> None:
    assert sentence("/d", "why") == "Nothing can be written to /d (why): what is known is shown, nothing new is kept"
    assert words_sentence("/d/w", "why") == "Your own words are in the catalogue alone: /d/w cannot be written (why)"
    assert way_out(tmp_path, "Permission denied") == "see `model-manager doctor` for what to do"
    full = way_out(tmp_path, FULL)
    assert full.startswith("make room on /") and full.endswith(
        ": `model-manager empty` deletes for good what lies in the trash"
    )
    assert way_out(tmp_path, os.strerror(errno.EDQUOT)) == full


def test_a_copy_in_memory_holds_everything_and_changes_nothing(unwritable: Path) -> None:
    before = unwritable.read_bytes()
    address = in_memory(unwritable)
    with contextlib.closing(sqlite3.connect(address, uri=True)) as copy:
        assert copy.execute("SELECT x FROM t ORDER BY x").fetchall() == [(7,), (8,)]
        copy.execute("INSERT INTO t VALUES (9)")
        copy.commit()
    with contextlib.closing(sqlite3.connect(address, uri=True)) as again:
        assert again.execute("SELECT COUNT(*) FROM t").fetchone() == (3,), "every connection sees the same"
    let_go(address)
    let_go(address)
    assert unwritable.read_bytes() == before
    with contextlib.closing(sqlite3.connect(address, uri=True)) as ended:
        assert ended.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (0,)


def test_two_copies_are_two(path: Path) -> None:
    one, other = in_memory(path), in_memory(path)
    with (
        contextlib.closing(sqlite3.connect(one, uri=True)) as first,
        contextlib.closing(sqlite3.connect(other, uri=True)) as second,
    ):
        first.execute("DELETE FROM t")
        assert second.execute("SELECT COUNT(*) FROM t").fetchone() == (1,)
    let_go(one)
    let_go(other)


@pytest.mark.parametrize("content", [None, b""])
def test_without_a_catalogue_the_copy_is_empty(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "c").write_bytes(content)
    address = in_memory(tmp_path / "c")
    with contextlib.closing(sqlite3.connect(address, uri=True)) as copy:
        assert copy.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (0,)
    let_go(address)


def test_what_is_no_catalogue_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"no database " * 100)
    with pytest.raises(sqlite3.DatabaseError):
        in_memory(tmp_path / "c")
    with pytest.raises(sqlite3.OperationalError):
        readable(tmp_path / "gone")
    assert not (tmp_path / "gone").exists()


def test_looking_makes_no_file_where_nothing_waits_to_be_written(path: Path) -> None:
    before = sorted(os.listdir(path.parent))
    with contextlib.closing(readable(path)) as connection:
        assert connection.execute("SELECT x FROM t").fetchall() == [(7,)]
        assert sorted(os.listdir(path.parent)) == before
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("INSERT INTO t VALUES (1)")


def test_what_was_changed_last_is_read_too(unwritable: Path) -> None:
    with contextlib.closing(readable(unwritable)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM t").fetchone() == (2,)
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("INSERT INTO t VALUES (1)")


def test_a_journal_that_was_not_played_back_is_not_passed_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = sqlite3.connect
    monkeypatch.setattr(read_only.sqlite3, "connect", lambda name, **more: asked.append(name) or real(name, **more))
    path.with_name("c.sqlite3-journal").write_bytes(b"")
    readable(path).close()
    assert len(asked) == 1 and asked[0].endswith("?mode=ro")
    path.with_name("c.sqlite3-journal").unlink()
    readable(path).close()
    assert asked[1].endswith("?mode=ro&immutable=1")


def test_of_one_that_was_cut_short_what_is_left_is_read(path: Path) -> None:
    made = sqlite3.connect(path)
    made.execute("PRAGMA journal_mode = DELETE")
    made.executemany("INSERT INTO t VALUES (?)", [("x" * 900,) for _ in range(40)])
    made.commit()
    made.close()
    os.truncate(path, path.stat().st_size // 2)
    with contextlib.closing(anyhow(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("t",)]
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("DELETE FROM t")
