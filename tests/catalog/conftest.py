"""A catalogue to put models into."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from shelf import Shelf

from model_manager.catalog import Database


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    database = Database(tmp_path / "c.sqlite3")
    with database.write() as connection:
        yield connection
    database.close()


@pytest.fixture
def shelf(tx: sqlite3.Connection, tmp_path: Path) -> Shelf:
    (tmp_path / "shelf").mkdir()
    return Shelf(tx, tmp_path / "shelf")
