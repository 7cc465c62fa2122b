"""Questions to a private copy of another program's database, which may be made to hurt.

A view or a virtual table under a table's name can go on for ever, so only real tables are asked; what a question may take
of time, rows and bytes is bounded, and an answer is whole or none: half a list of models would make orphans of the rest.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Sequence
from typing import NamedTuple

from model_manager.base.messages import figure, said, told_by
from model_manager.base.units import Figure

Rows = list[tuple[object, ...]]
MOST_ROWS = 100_000
MOST_BYTES = 16 << 20
"""Of texts and blobs in one answer: InvokeAI's record of a model has 1 to 2 KB."""
SECONDS = 10.0
"""For all questions to one database. 100,000 images with metadata of 2 KB take 2.2 s for the two that read them all."""
_LONGEST = 4 << 20
_STEPS = 10_000
_AT_ONCE = 200


class BoundedQuery(NamedTuple):
    """One SELECT over these tables, in which each must be a real one."""

    sql: str
    tables: tuple[str, ...]


class Unanswered(Exception):
    """The database cannot be asked, or its answer is beyond our limits: why, in words."""


def answers(path: str, questions: Sequence[BoundedQuery]) -> list[Rows | str]:
    """The rows of each question, none where a table is not there, or why it has no answer."""
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            _bind(connection)
            until = time.monotonic() + SECONDS
            connection.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS)
            return [_answer(connection, one, until) for one in questions]
    except sqlite3.Error as error:
        return [_unreadable(error)] * len(questions)


def _unreadable(error: sqlite3.Error) -> str:
    return said("cannot be read: {0}", told_by(error, 200))


def _answer(connection: sqlite3.Connection, question: BoundedQuery, until: float) -> Rows | str:
    try:
        return _rows(connection, question, until)
    except Unanswered as error:
        return told_by(error)
    except sqlite3.Error as error:
        return _unreadable(error)


def _bind(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")


def _rows(connection: sqlite3.Connection, question: BoundedQuery, until: float) -> Rows:
    for table in question.tables:
        found = connection.execute("SELECT type, rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        if found is None:
            return []
        if found[0] != "table" or not found[1]:
            raise Unanswered(said("its {0} is no table: it is not the database that it is taken for", table))
    rows: Rows = []
    size = 0
    try:
        cursor = connection.execute(question.sql)
        while part := cursor.fetchmany(_AT_ONCE):
            rows += part
            size += sum(len(value) for row in part for value in row if isinstance(value, str | bytes))
            if len(rows) > MOST_ROWS or size > MOST_BYTES:
                raise Unanswered(
                    said("it answers with more than {0} rows or {1} bytes", figure(MOST_ROWS), figure(MOST_BYTES))
                )
    except sqlite3.OperationalError as error:
        if time.monotonic() > until:
            raise Unanswered(said("it did not answer within {0} seconds", Figure(f"{SECONDS:.0f}"))) from None
        raise error
    return rows
