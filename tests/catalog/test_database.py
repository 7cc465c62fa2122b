"""The catalogue's file: many writers, older and newer schemas, and what is no database."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from pathlib import Path

import pytest

from model_manager.base.errors import ModelManagerError
from model_manager.catalog import Database, listings, migrations, roots
from model_manager.catalog.hashes import OF_FILE
from model_manager.catalog.listings import Listing


def add_note(database: Database, name: str) -> None:
    with database.write() as tx:
        tx.execute("INSERT INTO model (weights, name, added) VALUES (?, ?, 0)", (name, name))


def names(database: Database) -> set[str]:
    with database.read() as tx:
        return {row[0] for row in tx.execute("SELECT name FROM model")}


def test_two_programs_and_many_threads_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    database = Database(path)

    def work(number: int) -> None:
        for step in range(75):
            add_note(database, f"{number}-{step}")

    children = []
    for number in (10, 11):
        child = os.fork()
        if child == 0:
            try:
                other = Database(path)
                for step in range(75):
                    add_note(other, f"{number}-{step}")
            finally:
                os._exit(0)
        children.append(child)
    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    assert len(names(database)) == 4 * 75


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "c.sqlite3")
    with pytest.raises(RuntimeError), database.write() as tx:
        tx.execute("INSERT INTO model (weights, added) VALUES ('x', 0)")
        raise RuntimeError
    assert names(database) == set()
    assert os.stat(tmp_path / "c.sqlite3").st_mode & 0o777 == 0o600


def test_a_newer_catalogue_opens_to_look_only(tmp_path: Path) -> None:
    database = Database(tmp_path / "c.sqlite3")
    add_note(database, "kept")
    with database.write() as tx:
        tx.execute(f"PRAGMA user_version = {migrations.NEWEST + 1}")
    database.close()
    newer = Database(tmp_path / "c.sqlite3")
    assert newer.read_only and names(newer) == {"kept"}
    with pytest.raises(ModelManagerError, match="newer Model Manager"):
        add_note(newer, "not")


@pytest.mark.logs
def test_what_is_no_database_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite3").write_bytes(b"not a database at all, but long enough to be read as one" * 40)
    database = Database(tmp_path / "c.sqlite3")
    add_note(database, "new")
    (aside,) = tmp_path.glob("c.corrupt-*")
    assert aside.read_bytes().startswith(b"not a database")


def test_a_kill_at_each_statement_of_a_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older catalogue opens with every row, whenever the migration was killed; a backup lies beside it."""

    def to_next(tx: sqlite3.Connection) -> None:
        tx.execute("ALTER TABLE model ADD COLUMN fresh TEXT")
        tick()
        tx.execute("UPDATE model SET fresh = name")
        tick()
        tx.execute("CREATE TABLE later (id INTEGER)")
        tick()

    count = 0

    def tick() -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("model_manager.catalog.database.MIGRATIONS", (*migrations.MIGRATIONS, to_next))
    for at in range(1, 5):
        path = tmp_path / f"{at}.sqlite3"
        monkeypatch.setattr("model_manager.catalog.database.NEWEST", migrations.NEWEST)
        old = Database(path)
        add_note(old, "kept")
        old.close()
        monkeypatch.setattr("model_manager.catalog.database.NEWEST", migrations.NEWEST + 1)
        count = 0
        child = os.fork()
        if child == 0:
            Database(path)
            os._exit(0)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1]) == (at < 4)
        at = 0
        opened = Database(path)
        with opened.read() as tx:
            assert tx.execute("SELECT name, fresh FROM model").fetchall() == [("kept", "kept")]
        assert list(tmp_path.glob(f"*.schema-{migrations.NEWEST}.backup"))


def test_a_network_folder_gets_a_rollback_journal(tmp_path: Path) -> None:
    database = Database(tmp_path / "c.sqlite3", network=True)
    with database.read() as tx:
        assert tx.execute("PRAGMA journal_mode").fetchone()[0] == "delete"


def test_a_catalogue_from_before_folders_were_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.sqlite3"
    monkeypatch.setattr("model_manager.catalog.database.NEWEST", 2)
    old = Database(path)
    add_note(old, "kept")
    old.close()
    monkeypatch.undo()
    opened = Database(path)
    with opened.write() as tx:
        listings.put(tx, roots.add(tx, "folder", "/m", "user", {}), {"/m": Listing("a\0b", b"s", b"p")}, ())
    with opened.read() as tx:
        assert listings.of_root(tx, 1) == {"/m": Listing("a\0b", b"s", b"p")}
        assert tx.execute("SELECT name FROM model").fetchall() == [("kept",)]
    with opened.write() as tx:
        roots.remove(tx, 1)
    with opened.read() as tx:
        assert listings.of_root(tx, 1) == {}


@pytest.mark.logs
def test_a_folder_in_its_place_is_kept(tmp_path: Path) -> None:
    """Set aside with all that is in it: it may be somebody's."""
    (tmp_path / "c.sqlite3").mkdir()
    (tmp_path / "c.sqlite3/letter").write_text("dear")
    database = Database(tmp_path / "c.sqlite3")
    add_note(database, "new")
    (aside,) = tmp_path.glob("c.corrupt-*")
    assert (aside / "letter").read_text() == "dear" and names(database) == {"new"}


def test_another_program_that_holds_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_manager.catalog.database._BUSY_MS", 20)
    database, other = Database(tmp_path / "c.sqlite3"), Database(tmp_path / "c.sqlite3")
    with database.write() as tx:
        tx.execute("INSERT INTO model (weights, name, added) VALUES ('w', 'mine', 0)")
        with pytest.raises(ModelManagerError, match="database is locked"):
            add_note(other, "theirs")
    assert names(database) == {"mine"}
    add_note(other, "theirs")
    assert names(database) == {"mine", "theirs"}


def test_a_question_that_fails_is_told_and_what_was_begun_goes_back(tmp_path: Path) -> None:
    database = Database(tmp_path / "c.sqlite3")
    with pytest.raises(ModelManagerError, match="no such table: nowhere"), database.read() as tx:
        tx.execute("SELECT * FROM nowhere")
    with pytest.raises(ModelManagerError, match="no such table: nowhere"), database.write() as tx:
        tx.execute("INSERT INTO model (weights, name, added) VALUES ('w', 'half', 0)")
        tx.execute("INSERT INTO nowhere VALUES (1)")
    assert names(database) == set()
    with pytest.raises(ModelManagerError), database.write() as tx:
        tx.execute("INSERT INTO model (weights, name, added) VALUES ('w', 'half', 0)")
        tx.execute("ROLLBACK")  # as SQLite itself does when the disk is full
        raise sqlite3.OperationalError("database or disk is full")
    assert names(database) == set()


def test_a_migration_that_fails_leaves_the_old_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is half changed, nothing set aside; an older program opens it still."""

    def to_next(tx: sqlite3.Connection) -> None:
        tx.execute("ALTER TABLE model ADD COLUMN fresh TEXT")
        raise sqlite3.OperationalError("database or disk is full")

    path = tmp_path / "c.sqlite3"
    old = Database(path)
    add_note(old, "kept")
    old.close()
    with monkeypatch.context() as newer:
        newer.setattr("model_manager.catalog.database.MIGRATIONS", (*migrations.MIGRATIONS, to_next))
        newer.setattr("model_manager.catalog.database.NEWEST", migrations.NEWEST + 1)
        with pytest.raises(ModelManagerError, match="disk is full"):
            Database(path)
    opened = Database(path)
    with opened.read() as tx:
        assert "fresh" not in [row[1] for row in tx.execute("PRAGMA table_info(model)")]
    assert names(opened) == {"kept"} and opened.integrity() == "ok" and not list(tmp_path.glob("*.corrupt-*"))


@pytest.mark.logs
def test_a_damaged_page_is_told_by_the_check(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    database = Database(path, network=True)
    for number in range(300):
        add_note(database, f"{number}" * 30)
    database.close()
    with open(path, "r+b") as file:
        file.seek(-4096, os.SEEK_END)
        file.write(b"\xff" * 4096)
    wrong = path.read_bytes()
    opened = Database(path, network=True)
    assert opened.integrity() != "ok"
    (kept,) = tmp_path.glob("c.corrupt-*")
    assert kept.read_bytes() == wrong and opened.integrity() == "ok" and names(opened) == set()


def test_an_older_catalogue_keeps_its_verdicts_where_inode_numbers_do_not_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to schema 6 a file's path, size and time were its key there, and two rows could be of one path."""
    path = tmp_path / "c.sqlite3"
    plain, other = "/media/stick/a:1.gguf", "/media/stick/\u00e9.gguf"
    with monkeypatch.context() as older:
        older.setattr("model_manager.catalog.database.NEWEST", 6)
        old = Database(path)
        with old.write() as tx:
            tx.execute("INSERT INTO volume (id, name, kind, mount) VALUES (1, 'uuid:1', 'exfat', '/media/stick')")
            for id_, key in enumerate((f"p{plain}:10:5", f"p{plain}:20:6", f"p{other.encode().hex()}:30:7", "i77"), 1):
                size = 10 * id_
                tx.execute(
                    "INSERT INTO file (id, volume, key, inode, size, bytes, mtime_ns, ctime_ns, atime_ns, links)"
                    " VALUES (?, 1, ?, 9, ?, ?, ?, 123, 0, 1)",
                    (id_, key, size, size, 4 + id_),
                )
            for name, size, mtime_ns in ((plain, 20, 6), (other, 30, 7)):
                tx.execute(
                    "INSERT INTO hash (volume, key, size, mtime_ns, ctime_ns, verdict) VALUES ('uuid:1', ?, ?, ?, 456, 'corrupt')",
                    ("p" + name.encode().hex(), size, mtime_ns),
                )
        old.close()
    with Database(path).read() as tx:
        keys = dict(tx.execute("SELECT id, key FROM file"))
        joined = f"SELECT file.id FROM file JOIN volume ON volume.id = file.volume JOIN hash ON {OF_FILE}"
        held = {row[0] for row in tx.execute(f"{joined} AND hash.ctime_ns = file.ctime_ns")}
        (untouched,) = tx.execute("SELECT ctime_ns FROM file WHERE id = 4").fetchone()
    assert keys == {
        1: f"p{plain.encode().hex()}~1",
        2: f"p{plain.encode().hex()}",
        3: f"p{other.encode().hex()}",
        4: "i77",
    }
    assert held == {2, 3} and untouched == 123


def test_its_folder_is_made_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "share" / "model-manager" / "c.sqlite3"
    Database(path).close()
    assert path.parent.stat().st_mode & 0o777 == 0o700 and path.stat().st_mode & 0o777 == 0o600


def test_words_that_cannot_be_taken_back_are_told_and_nothing_is_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.sqlite3"
    database = Database(path)
    with database.write() as tx:
        tx.execute("INSERT INTO model (weights, name, added) VALUES ('w', 'a', 0)")
        tx.execute("UPDATE model SET note = 'mine'")
    database.close()
    path.unlink()
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)

    def fails(*_arguments: object) -> int:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("model_manager.catalog.label_backup.restore", fails)
        with pytest.raises(MemoryError):
            Database(path)
    assert "mine" in Database(path).words.path.read_text(), "the next start has them still"


def test_many_words_at_once_are_in_their_file_at_the_end_or_after_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    database = Database(path)
    with database.write() as tx:
        tx.execute("INSERT INTO model (weights, name, added) VALUES ('w', 'a', 0)")
        tx.execute("UPDATE model SET note = 'first'")
    with database.together():
        for note in ("second", "third"):
            with database.write() as tx:
                tx.execute("UPDATE model SET note = ?", (note,))
        assert "first" in database.words.path.read_text()
        Database(path).close()  # as after a kill right here
        assert "third" in database.words.path.read_text()
        with database.write() as tx:
            tx.execute("UPDATE model SET note = 'last'")
    assert "last" in database.words.path.read_text()
    database.close()
