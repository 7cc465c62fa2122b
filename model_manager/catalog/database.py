"""The catalogue's file: connections, transactions, migrations, and what happens when it is damaged or cannot be written.

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
from collections.abc import Container, Iterator
from pathlib import Path

from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.catalog import damage, label_backup, read_only
from model_manager.catalog.damage import CatalogueDamaged, Damage, Damages
from model_manager.catalog.label_file import LabelFile
from model_manager.catalog.migrations import MIGRATIONS, NEWEST, add_columns, lacks_columns

log = logging.getLogger(__name__)

_BUSY_MS = 30_000
_WORDS_SINCE = 6  # the schema from which on the catalogue knows which words it has


class Database:
    """Opens (and where needed creates, migrates) the catalogue. Use `read()` and `write()` from any thread.

    `untouched`: why nothing may be written to its folder at all (it is another's); it is then looked at only.
    """

    def __init__(self, path: Path, network: bool = False, untouched: str = "") -> None:
        self.path = path
        self.read_only = False
        """True when a newer program wrote this catalogue: it can be looked at, not changed."""
        self.looking_only = ""
        """Why the catalogue is only a copy in memory, in the system's words; empty as a rule."""
        self.happened: list[Damage] = []
        """What was damaged and has been begun anew since this was opened."""
        self.unsaved = ""
        """Why the user's words could not be kept in their own file, in the system's words."""
        self.words = LabelFile(path.parent)
        self.damages = Damages(path.parent)
        self._journal = "DELETE" if network else "WAL"
        self._address = ""
        self._local = threading.local()
        self.connections: list[sqlite3.Connection] = []
        self._lock = threading.RLock()
        self._which: tuple[int, int] | None = None
        """Which file is open, by device and inode."""
        self.writes = 0
        """How often this process has committed a change."""
        self._has_words = False
        if untouched:
            self._look_only(untouched)
        else:
            self._start()

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection to ask; every statement sees what is committed then."""
        try:
            yield self._connection()
        except Exception as error:
            self._tell_of(error)
            raise

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        if self.read_only:
            raise ModelManagerError(said("change the catalogue"), str(self.path), said("a newer Model Manager wrote it"),
                                    said("update this program"))  # fmt: skip
        try:
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.DatabaseError as error:
            self._tell_of(error)
            raise
        self._local.words = frozenset()
        try:
            yield connection
            waiting = getattr(self._local, "waiting", None)
            if waiting is not None:
                waiting |= self._local.words
            elif self._has_words and (self._local.words or self.unsaved):
                self._keep_words(connection, self._local.words)
            connection.execute("COMMIT")
            self.writes += 1
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):  # so damaged that it cannot even go back
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            if isinstance(error, Exception):
                self._tell_of(error)
            raise

    @contextlib.contextmanager
    def write_words(self) -> Iterator[sqlite3.Connection]:
        """A transaction for what the user says: refused where it could not be kept."""
        if self.looking_only:
            raise ModelManagerError(said("keep what you say"), str(self.path.parent), self.looking_only,
                                    read_only.way_out(self.path.parent, self.looking_only))  # fmt: skip
        with self.write() as tx:
            yield tx

    @property
    def way_out(self) -> str:
        """What to do where the catalogue is only looked at."""
        return read_only.way_out(self.path.parent, self.looking_only)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """The words of many transactions of this thread go into their file once, at the end."""
        if self.looking_only or self.read_only or not self._has_words:
            yield
            return
        with self.write() as tx:  # ahead of the file: killed in between, the next start writes it
            tx.execute("UPDATE revision SET number = number + 1")
        self._local.waiting = set()
        try:
            yield
        finally:
            changed, self._local.waiting = self._local.waiting, None
            with self.write() as tx:
                self._keep_words(tx, changed)

    def integrity(self) -> str:
        """SQLite's own quick check: `ok`, or what is wrong. What fails it is kept aside and begun anew."""
        try:
            answer = damage.checked(self._connection())
        except sqlite3.OperationalError as error:
            raise self._cannot(error) from error
        if answer != "ok" and not self.read_only and not self.looking_only:
            self._renew(answer)
        return answer

    def close(self) -> None:
        with self._lock:
            # The newest first: one whose file was replaced under it takes away the log of what has its name now.
            for connection in reversed(self.connections):
                connection.close()
            self.connections.clear()
            self._local = threading.local()
            if self._address:
                read_only.let_go(self._address)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None and (connection.in_transaction or self._local.which == self._which == self._seen()):
            return connection
        with self._lock:
            if self._which is not None and self._which != self._seen():
                self._start()  # another file lies there now, or none: what is open here reaches nobody
                return self._local.connection  # type: ignore[no-any-return]
            return self._connect()

    def _seen(self) -> tuple[int, int] | None:
        """Which file lies at the catalogue's path now."""
        if self._address:
            return self._which
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._address or self.path, uri=bool(self._address), timeout=_BUSY_MS / 1000, isolation_level=None,
            check_same_thread=False,
        )  # fmt: skip
        self.connections.append(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        if self._has_words:
            connection.create_function("words_changed", 1, self._note_words)
            label_backup.watch(connection)
        self._local.connection, self._local.which = connection, self._which
        return connection

    def _note_words(self, model: int) -> None:
        self._local.words = {*getattr(self._local, "words", ()), model}

    def _start(self) -> None:
        """Opens the file as it lies there; what is no catalogue is set aside, what cannot be written looked at."""
        with self._lock:
            self._which, self.read_only = None, False
            seen = self._seen()
            try:
                if why := damage.no_file(self.path):
                    self._begin_anew(why, seen)
                else:
                    self._open()
            except sqlite3.DatabaseError as error:
                if damage.is_damage(error):
                    self._begin_anew(reason_of(error), seen)
                    return
                why = self._why_not_opened()
                if damage.is_busy(error) or not why:
                    raise self._cannot(error) from error
                self._look_only(why)
            except OSError as error:
                self._look_only(reason_of(error))

    def _why_not_opened(self) -> str:
        if self.path.exists() and not os.access(self.path, os.R_OK | os.W_OK):
            return later("the catalogue's file may not be read and written")
        return read_only.why_not_written(self.path.parent)

    def _open(self, after_damage: bool = False) -> None:
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        damage.make_ours(self.path)
        is_new = not self.path.exists() or self.path.stat().st_size == 0
        known = self.words.revision() if is_new else None
        self._has_words = False
        connection = self._connect()
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > NEWEST:
            self._open_newer(connection, version)
            return
        connection.execute(f"PRAGMA journal_mode = {self._journal}")
        os.chmod(self.path, 0o600)
        if version < NEWEST or lacks_columns(connection):
            self._migrate(connection)
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        self._opened(connection)
        if is_new and known is not None and not after_damage:
            self._tell(Damage(int(time.time()), later("it was gone or empty"), "", True))

    def _open_newer(self, connection: sqlite3.Connection, version: int) -> None:
        """To look only; unless the number that says so is itself the damage."""
        if str(connection.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError("database disk image is malformed")
        self.read_only = True
        connection.execute("PRAGMA query_only = ON")
        self._which = self._seen()
        self._local.which = self._which
        log.info("the catalogue has schema %d, this program knows %d: opened to look only", version, NEWEST)

    def _opened(self, connection: sqlite3.Connection) -> None:
        """What is open is what lies there; from now on changes of words are noticed."""
        self._which = self._local.which = self._seen()
        self._has_words = NEWEST >= _WORDS_SINCE
        if self._has_words:
            connection.create_function("words_changed", 1, self._note_words)
            label_backup.watch(connection)
            self._agree_on_words(connection)

    def _agree_on_words(self, connection: sqlite3.Connection) -> None:
        """The catalogue may have lost its last changes (a damaged log of them), or the file of words its own."""
        (known,) = connection.execute("SELECT number FROM revision").fetchone()
        kept = self.words.revision()
        if kept == known and kept is not None:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            (known,) = connection.execute("SELECT number FROM revision").fetchone()
            found = self.words.read()
            if found is not None and found.revision > known:
                count = label_backup.restore(connection, found.body)
                connection.execute("UPDATE revision SET number = ?", (found.revision,))
                log.info("the words on %d models were taken back from %s", count, self.words.path)
            elif found is None or found.revision < known or self.words.problem():
                self._keep_words(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _keep_words(self, connection: sqlite3.Connection, changed: Container[int] = range(1 << 62)) -> None:
        """Before the transaction is committed: whoever has the lock writes, so the file is never behind."""
        if self._address:
            return
        body = label_backup.collect(connection, changed)
        (known,) = connection.execute("SELECT number FROM revision").fetchone()
        try:
            written = self.words.write(known, body)
            self.unsaved = ""
        except OSError as error:
            self.unsaved, written = reason_of(error), True
            log.info("the words could not be kept in %s: %s", self.words.path, error)
        if written:
            connection.execute("UPDATE revision SET number = ?", (known + 1,))

    def _migrate(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if 0 < version < NEWEST and not self._address:
                damage.back_up(self.path, version)
            for number in range(version, NEWEST):
                MIGRATIONS[number](connection)
            add_columns(connection)
            connection.execute(f"PRAGMA user_version = {NEWEST}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _begin_anew(self, why: str, seen: tuple[int, int] | None) -> None:
        """Moves aside what is no catalogue, and begins one with the words that are kept. Raises OSError.

        `seen`: what lay there when it was found damaged; another process may have moved it by now.
        """
        while self.connections:
            self.connections.pop().close()
        self._local = threading.local()
        with damage.alone(self.path):
            if seen is None or self._seen() == seen:
                if self.words.read() is None:
                    self._salvage()
                had_words = self.words.read() is not None
                aside = damage.set_aside(self.path)
                log.warning("the catalogue could not be read (%s); set aside as %s", why, aside.name)
                self._tell(Damage(int(time.time()), why, aside.name, had_words))
            self._open(after_damage=True)

    def _renew(self, why: str) -> None:
        """Begins the catalogue anew in its place, so that whoever has it open goes on; a copy of what it was is kept.

        Raises OSError and sqlite3.Error; then the next start moves it aside.
        """
        with self._lock, damage.alone(self.path):
            had_words = self.words.read() is not None
            try:
                if not had_words:
                    self._salvage()
                    had_words = self.words.read() is not None
                aside = damage.copy_aside(self.path)
                with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
                    self._migrate(fresh)
                    if (found := self.words.read()) is not None:
                        label_backup.restore(fresh, found.body)
                        fresh.execute("UPDATE revision SET number = ?", (found.revision,))
                    with contextlib.closing(sqlite3.connect(self.path, timeout=5, isolation_level=None)) as target:
                        fresh.backup(target)
            except (OSError, sqlite3.Error):
                damage.mark(self.path)
                raise
            log.warning("the catalogue was damaged (%s); a copy is kept as %s", why, aside.name)
            self._tell(Damage(int(time.time()), why, aside.name, had_words))

    def _salvage(self) -> None:
        """Keeps the words of a damaged catalogue from before they had a file of their own, where they can be read."""
        with (
            contextlib.suppress(sqlite3.Error, OSError, ValueError),
            contextlib.closing(read_only.anyhow(self.path)) as source,
        ):
            source.execute("CREATE TEMP TABLE trace (model INTEGER PRIMARY KEY, files TEXT NOT NULL)")
            self.words.write(0, label_backup.collect(source))

    def _tell(self, happened: Damage) -> None:
        self.happened.append(happened)
        self.damages.add(happened)

    def _look_only(self, why: str) -> None:
        """Goes on with a copy in memory: what a scan learns is forgotten at the end, what the user says is refused."""
        log.info("the catalogue %s cannot be written (%s): looked at only", self.path, why)
        self._address = read_only.in_memory(self.path)
        self.looking_only, self._has_words, self._which = why, False, (0, 0)
        connection = self._connect()
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > NEWEST:
            self.read_only = True
        elif version < NEWEST or lacks_columns(connection):
            self._migrate(connection)
            if version == 0 and (found := self.words.read()) is not None:
                label_backup.restore(connection, found.body)

    def _tell_of(self, error: Exception) -> None:
        """Raises what a person may read instead; a damaged catalogue has been begun anew by then."""
        if not isinstance(error, sqlite3.Error | ValueError | TypeError | LookupError):
            return
        if not self.looking_only and not self.read_only and (damage.is_damage(error) or self._is_malformed(error)):
            try:
                self._renew(reason_of(error))
            except (OSError, sqlite3.Error) as worse:
                raise ModelManagerError(said("use the catalogue"), str(self.path), reason_of(worse),
                                        said("it is damaged; end every Model Manager and start it again")) from error  # fmt: skip
            raise CatalogueDamaged(said("use the catalogue"), str(self.path), said("it was damaged and is begun anew"),
                                   said("scan again: your own words are kept")) from error  # fmt: skip
        if isinstance(error, sqlite3.OperationalError):
            raise self._cannot(error) from error

    def _is_malformed(self, error: Exception) -> bool:
        """Whether the catalogue itself is what something unexpected broke at."""
        return not isinstance(error, sqlite3.Error) and damage.checked(self._connection()) != "ok"

    def _cannot(self, error: sqlite3.Error) -> ModelManagerError:
        why = "" if damage.is_busy(error) else read_only.why_not_written(self.path.parent)
        if why:
            return ModelManagerError(
                said("write the catalogue"), str(self.path), why, read_only.way_out(self.path.parent, why)
            )
        return ModelManagerError(said("use the catalogue"), str(self.path), reason_of(error),
                                 said("check that its folder can be written and that the disk is not full"))  # fmt: skip
