"""Another program's database may be made to hurt: what a question may take is bounded, and an answer is whole or none."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from model_manager.catalog import other_databases
from model_manager.catalog.other_databases import BoundedQuery, answers

MODELS = BoundedQuery("SELECT id, name FROM models ORDER BY id", ("models",))


@pytest.fixture
def path(tmp_path: Path) -> str:
    made = sqlite3.connect(tmp_path / "x.db")
    made.execute("CREATE TABLE models (id INTEGER, name TEXT)")
    made.executemany("INSERT INTO models VALUES (?, ?)", [(1, "a"), (2, "ä")])
    made.commit()
    made.close()
    return str(tmp_path / "x.db")


def change(path: str, *statements: str) -> None:
    made = sqlite3.connect(path)
    for statement in statements:
        made.execute(statement)
    made.commit()
    made.close()


def test_each_question_has_its_answer(path: str) -> None:
    other = BoundedQuery("SELECT 1 FROM nothing", ("nothing",))
    assert answers(path, [MODELS, other, MODELS]) == [[(1, "a"), (2, "ä")], [], [(1, "a"), (2, "ä")]]
    assert answers(path, []) == []


def test_one_that_fails_spoils_no_other(path: str) -> None:
    wrong = BoundedQuery("SELECT size FROM models", ("models",))
    assert answers(path, [wrong, MODELS]) == ["cannot be read: no such column: size", [(1, "a"), (2, "ä")]]


def test_what_is_no_table_is_not_asked(path: str) -> None:
    """A view under a table's name can go on for ever."""
    forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 'x' AS name FROM n"
    change(path, "DROP TABLE models", f"CREATE VIEW models AS {forever}")
    said = answers(path, [MODELS])
    assert said == ["its models is no table: it is not the database that it is taken for"]
    change(path, "DROP VIEW models", "CREATE VIRTUAL TABLE models USING fts5(id, name)")
    assert answers(path, [MODELS]) == said


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, b"SQLite format 3\0" + bytes(84)])
def test_what_is_no_database_is_told_or_empty(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "y").write_bytes(content)
    (said,) = answers(str(tmp_path / "y"), [MODELS])
    assert said == [] if not content else isinstance(said, str) and said.startswith("cannot be read: ")


def test_one_that_cannot_be_opened_answers_every_question_with_why(tmp_path: Path) -> None:
    assert answers(str(tmp_path), [MODELS, MODELS]) == ["cannot be read: unable to open database file"] * 2


def test_more_rows_than_anybody_has_are_no_answer(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_databases, "MOST_ROWS", 1)
    assert answers(path, [MODELS]) == ["it answers with more than 1 rows or 16,777,216 bytes"]
    monkeypatch.setattr(other_databases, "MOST_ROWS", 2)
    assert answers(path, [MODELS]) == [[(1, "a"), (2, "ä")]]


def test_more_text_than_anybody_has_is_no_answer(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_databases, "MOST_BYTES", 2)
    assert answers(path, [MODELS]) == [[(1, "a"), (2, "ä")]]
    monkeypatch.setattr(other_databases, "MOST_BYTES", 1)
    assert answers(path, [MODELS]) == ["it answers with more than 100,000 rows or 1 bytes"]


def test_a_question_that_takes_too_long_is_ended(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_databases, "SECONDS", 0.05)
    slow = BoundedQuery(
        "SELECT COUNT(*) FROM models a, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)",
        ("models",),
    )
    begun = time.monotonic()
    assert answers(path, [slow]) == ["it did not answer within 0 seconds"] and time.monotonic() - begun < 5


def test_one_value_may_not_be_larger_than_what_a_record_is(path: str) -> None:
    change(path, "UPDATE models SET name = zeroblob(5000000)")
    (said,) = answers(path, [MODELS])
    assert isinstance(said, str) and "too big" in said


def test_no_other_database_is_attached(path: str, tmp_path: Path) -> None:
    (said,) = answers(path, [BoundedQuery(f"ATTACH '{tmp_path / 'new'}' AS other", ())])
    assert isinstance(said, str) and not (tmp_path / "new").exists()


def test_text_of_any_bytes_is_read(path: str) -> None:
    change(path, "DELETE FROM models", "INSERT INTO models VALUES (1, CAST(X'61E9' AS TEXT))")
    assert answers(path, [MODELS]) == [[(1, "a\ufffd")]]
