"""The catalogue's file: connections, transactions, migrations.

One connection per thread. Writing is `BEGIN IMMEDIATE` (with plain BEGIN, 418 of 1,200 concurrent transactions
failed). WAL, but a rollback journal where the data folder is on a network file system.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.catalog.migrations import MIGRATIONS, NEWEST

log = logging.getLogger(__name__)

_BUSY_MS = 30_000


class Database:
    """Opens (and where needed creates, migrates) the catalogue. Use `read()` and `write()` from any thread."""

    def __init__(self, path: Path, network: bool = False) -> None:
        self.path = path
        self.read_only = False
        """True when a newer program wrote this catalogue: it can be looked at, not changed."""
        self._journal = "DELETE" if network else "WAL"
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise self._cannot(error) from error
            self._set_aside(error)
            self._open()

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection to ask; every statement sees what is committed then."""
        try:
            yield self._connection()
        except sqlite3.OperationalError as error:
            raise self._cannot(error) from error

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        if self.read_only:
            raise ModelManagerError("change the catalogue", str(self.path), "a newer Model Manager wrote it",
                                    "update this program")  # fmt: skip
        connection = self._connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise self._cannot(error) from error
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise self._cannot(error) from error
            raise

    def integrity(self) -> str:
        """SQLite's own quick check: `ok`, or what is wrong."""
        try:
            with self.read() as tx:
                return str(tx.execute("PRAGMA quick_check").fetchone()[0])
        except sqlite3.DatabaseError as error:  # so damaged that the check itself stops
            return reason_of(error)

    def close(self) -> None:
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
            self._local.connection = connection
            with self._lock:
                self._all.append(connection)
        return connection

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = self._connection()
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > NEWEST:
            self.read_only = True
            connection.execute("PRAGMA query_only = ON")
            log.info("the catalogue has schema %d, this program knows %d: opened to look only", version, NEWEST)
            return
        connection.execute(f"PRAGMA journal_mode = {self._journal}")
        os.chmod(self.path, 0o600)
        if version < NEWEST:
            self._migrate(connection)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if 0 < version < NEWEST:
                self._back_up(version)
            for number in range(version, NEWEST):
                MIGRATIONS[number](connection)
            connection.execute(f"PRAGMA user_version = {NEWEST}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _back_up(self, version: int) -> None:
        """A copy beside the catalogue, named by the schema that it has, before that schema changes."""
        target = self.path.with_suffix(f".schema-{version}.backup")
        with (
            contextlib.closing(sqlite3.connect(self.path)) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        """A file that is no database is moved aside, never deleted: scanning builds a new one."""
        self.close()
        aside = self.path.with_suffix(f".corrupt-{int(time.time())}")
        log.warning("the catalogue could not be read (%s); set aside as %s", error, aside.name)
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.replace(str(self.path) + ending, str(aside) + ending)

    def _cannot(self, error: sqlite3.OperationalError) -> ModelManagerError:
        return ModelManagerError("use the catalogue", str(self.path), reason_of(error),
                                 "check that its folder can be written and that the disk is not full")  # fmt: skip
