"""How a catalogue that cannot be used is told apart, set aside, copied and noted."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import time
from pathlib import Path

import pytest

from model_manager.base.locking import taken
from model_manager.catalog import damage
from model_manager.catalog.damage import Damage, Damages


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue with one word in it, at a moment that stands still."""
    monkeypatch.setattr(time, "strftime", lambda _form, _moment: "20261130T120000Z")
    found = tmp_path / "catalogue.sqlite3"
    with contextlib.closing(sqlite3.connect(found)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 'kept' AS word")
        connection.commit()
    return found


def word(path: Path) -> str:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT word FROM t").fetchone()[0])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_can_be_no_catalogue_says_why(path: Path, tmp_path: Path) -> None:
    assert damage.no_file(path) == "" == damage.no_file(tmp_path / "nothing yet")
    damage.mark(path)
    assert damage.is_marked(path) and damage.no_file(path) == "it was damaged when it was used last"
    assert mode(tmp_path / "catalogue.sqlite3.damaged") == 0o600
    (tmp_path / "folder").mkdir()
    assert damage.no_file(tmp_path / "folder") == "a folder lies in its place"
    os.mkfifo(tmp_path / "fifo")
    assert damage.no_file(tmp_path / "fifo") == "something that is no file lies in its place"


def test_what_is_set_aside_takes_its_journals_along_and_the_mark_goes(path: Path, tmp_path: Path) -> None:
    for ending in ("-wal", "-shm", "-journal", ".damaged"):
        Path(f"{path}{ending}").write_text(ending)
    aside = damage.set_aside(path)
    assert aside == tmp_path / "catalogue.corrupt-20261130T120000Z"
    assert {one.name.removeprefix(aside.name) for one in tmp_path.glob("cat*")} == {"", "-wal", "-shm", "-journal"}
    assert Path(f"{aside}-wal").read_text() == "-wal" and not damage.is_marked(path)


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_a_second_damage_overwrites_nothing(path: Path, tmp_path: Path, ending: str) -> None:
    first = damage.free_name(path, "corrupt")
    assert first.name == "catalogue.corrupt-20261130T120000Z"
    Path(f"{first}{ending}").write_text("of the first")
    assert damage.free_name(path, "corrupt").name == f"{first.name}-2"
    Path(f"{first}-2{ending}").write_text("of the second")
    assert damage.set_aside(path).name == f"{first.name}-3"
    assert Path(f"{first}{ending}").read_text() == "of the first"


def test_a_copy_holds_what_the_catalogue_does_and_is_private(path: Path, tmp_path: Path) -> None:
    Path(f"{path}-wal").write_bytes(b"log")
    copy = damage.copy_aside(path)
    assert copy.read_bytes() == path.read_bytes() and Path(f"{copy}-wal").read_bytes() == b"log"
    assert mode(copy) == mode(Path(f"{copy}-wal")) == 0o600
    Path(f"{path}-wal").unlink()
    assert not Path(f"{damage.copy_aside(path)}-wal").exists()


def test_no_half_of_a_copy_is_left(path: Path, tmp_path: Path) -> None:
    Path(f"{path}-wal").mkdir()
    with pytest.raises(OSError):
        damage.copy_aside(path)
    assert not [one for one in tmp_path.iterdir() if "corrupt" in one.name]


def test_before_a_schema_changes_its_rows_are_kept(path: Path, tmp_path: Path) -> None:
    damage.back_up(path, 7)
    kept = tmp_path / "catalogue.schema-7.backup"
    assert word(kept) == "kept" == word(path) and mode(kept) == 0o600


@pytest.mark.parametrize(
    ("error", "is_damage"),
    [
        (sqlite3.DatabaseError("file is not a database"), True), (sqlite3.OperationalError("Could not decode to UTF-8"), True),
        (sqlite3.OperationalError("database disk image is malformed"), True), (sqlite3.OperationalError("database is locked"), False),
        (sqlite3.OperationalError("disk I/O error"), False), (sqlite3.IntegrityError("UNIQUE"), False),
        (json.JSONDecodeError("no", "", 0), True), (UnicodeDecodeError("utf-8", b"", 0, 1, "no"), True),
        (ValueError("no"), False), (OSError("no"), False),
    ],
)  # fmt: skip
def test_what_only_damage_can_bring(error: Exception, is_damage: bool) -> None:
    assert damage.is_damage(error) == is_damage


def test_what_another_program_holds_is_busy() -> None:
    for text, busy in (("database is locked", True), ("database table is busy", True), ("disk I/O error", False)):
        assert damage.is_busy(sqlite3.OperationalError(text)) == busy


def test_a_file_that_its_owner_may_not_read_is_theirs_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.chmod(0o040)
    damage.make_ours(path)
    assert os.access(path, os.R_OK | os.W_OK)
    path.chmod(0o200)
    monkeypatch.setattr(os, "access", lambda _path, asked: asked == os.W_OK)  # as for anybody but root
    damage.make_ours(path)
    assert mode(path) == 0o600
    path.chmod(0o644)
    monkeypatch.setattr(os, "access", lambda _path, asked: True)
    damage.make_ours(path)
    assert mode(path) == 0o644, "what can be read and written is left as it is"
    damage.make_ours(path.with_name("none"))


def test_damages_are_told_oldest_first_until_the_kept_file_is_deleted(tmp_path: Path) -> None:
    damages = Damages(tmp_path)
    assert damages.every() == []
    kept, unkept = Damage(1, "a page", "old", True), Damage(2, "it was gone", "", False)
    (tmp_path / "old").touch()
    for one in (kept, unkept):
        damages.add(one)
    assert damages.every() == [kept, unkept] and mode(tmp_path / "damaged.json") == 0o600
    damages.settle_unkept()
    assert damages.every() == [kept]
    (tmp_path / "old").unlink()
    assert damages.every() == []
    assert [one.name for one in tmp_path.glob("damaged*")] == ["damaged.json"], "no draft lies about"


def test_fifty_are_kept_the_newest(tmp_path: Path) -> None:
    damages = Damages(tmp_path)
    for at in range(52):
        damages.add(Damage(at, "", "", False))
    assert [one.at for one in damages.every()] == list(range(2, 52))


@pytest.mark.parametrize(
    "text", ["", "[", "{}", "[1]", '[{"at": 1}]', '[{"at": "x", "why": "", "kept": "", "words": 1}]', "[" * 99999]
)
def test_notes_that_cannot_be_read_tell_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "damaged.json").write_text(text)
    assert Damages(tmp_path).every() == []


def test_notes_larger_than_any_are_not_read(tmp_path: Path) -> None:
    one = json.dumps([{"at": 1, "why": "w", "kept": "", "words": False}])
    (tmp_path / "damaged.json").write_text(one + " " * ((1 << 20) - len(one)))
    assert len(Damages(tmp_path).every()) == 1
    (tmp_path / "damaged.json").write_text(one + " " * ((1 << 20) - len(one) + 1))
    assert Damages(tmp_path).every() == []


def test_a_name_in_the_notes_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "outside").touch()
    Damages(tmp_path / "data").add(Damage(1, "", "../outside", False))
    assert Damages(tmp_path / "data").every() == []


def test_what_happened_in_words() -> None:
    again = "a scan finds your models again"
    kept = "Your folders, tags, notes, pins and categories are kept; "
    lost = "Of your tags, notes, pins and categories nothing was kept; "
    begin = "The catalogue could not be read (a page) and is begun anew"
    assert Damage(1, "a page", "old", True).sentence("/d") == f"{begin}; the old one is kept as /d/old. {kept}{again}"
    assert Damage(1, "a page", "", True).sentence("/d") == f"{begin}. {kept}{again}"
    assert Damage(1, "a page", "old", False).sentence("/d") == f"{begin}; the old one is kept as /d/old. {lost}{again}"


def test_one_at_a_time(path: Path) -> None:
    with damage.alone(path):
        assert path.with_name("catalogue.lock").exists()
        number = os.open(path.with_name("catalogue.lock"), os.O_RDWR)
        try:
            assert not taken(number), "another one waits"
        finally:
            os.close(number)
    number = os.open(path.with_name("catalogue.lock"), os.O_RDWR)
    try:
        assert taken(number), "and goes on after it"
    finally:
        os.close(number)
