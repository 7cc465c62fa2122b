"""Facts of files: read once, asked of the catalogue while they hold, and never an error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, tree, write

from model_manager.base.facts import GOOD
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database
from model_manager.library.scan import headers as module
from model_manager.library.scan.headers import Headers

GGUF = gguf_bytes(seed=81)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "c.sqlite3")
    yield found
    found.close()


@pytest.fixture
def headers(database: Database) -> Headers:
    return Headers(database, Volumes())


def test_a_header_is_read_once_whatever_its_name(headers: Headers, home: Path) -> None:
    path = write(home / "a.gguf", GGUF)
    os.link(path, home / "b.gguf")
    first = headers.facts(str(path), path.stat())
    assert first.format == "gguf" and first.health == GOOD and headers.read_files == 1
    assert headers.facts(str(home / "b.gguf"), (home / "b.gguf").stat()) is first and headers.read_files == 1
    assert 0 < headers.count.bytes <= len(GGUF) * 2 and headers.read_at.keys() == {str(path)}


def test_a_file_that_changed_is_read_again(headers: Headers, home: Path) -> None:
    path = write(home / "a.gguf", GGUF)
    headers.facts(str(path), path.stat())
    path.write_bytes(b"words")
    assert headers.facts(str(path), path.stat()).health.verdict == "corrupt" and headers.read_files == 2


def test_what_cannot_be_read_is_unknown_with_the_reason(headers: Headers, home: Path) -> None:
    path = write(home / "a.gguf", GGUF)
    stat = path.stat()
    path.unlink()
    found = headers.facts(str(path), stat)
    assert found.health.verdict == "unknown" and found.health.detail.startswith("cannot be read: ")
    assert str(path) not in headers.read_at


def test_a_file_that_changes_while_it_is_looked_at(headers: Headers, home: Path) -> None:
    path = write(home / "a.gguf", GGUF)
    stat = path.stat()
    os.utime(path, (1, 1))
    assert headers.facts(str(path), stat).health.detail == "it changed while it was looked at: scan again"


@pytest.mark.logs
def test_a_readers_mistake_is_this_files_alone(headers: Headers, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*args: object) -> None:
        raise KeyError("odd")

    path = write(home / "a.gguf", GGUF)
    monkeypatch.setattr(module, "facts_of", mistaken)
    found = headers.facts(str(path), path.stat())
    assert (found.format, found.health.verdict) == ("unknown", "unknown") and found.health.detail.startswith(
        "cannot be understood: "
    )


def test_what_adapters_wondered_about_is_kept_for_the_next_scan(
    headers: Headers, database: Database, home: Path
) -> None:
    path = write(home / "x.bin", b"no model of anybody's")
    first = headers.asked(str(path), path.stat())
    with database.write() as tx:
        headers.keep_asked(tx)
    later = Headers(database, Volumes())
    assert later.facts(str(path), path.stat()) == first and later.read_files == 0
    path.write_bytes(GGUF)
    assert later.facts(str(path), path.stat()).format == "gguf" and later.read_files == 1


def test_only_regular_files_have_a_stat(headers: Headers, home: Path) -> None:
    path = write(home / "a", b"123")
    (home / "way").symlink_to("a")
    (home / "dead").symlink_to("gone")
    sizes = [
        one and one.st_size for one in map(headers.stat, (str(path), str(home / "way"), str(home / "dead"), str(home)))
    ]
    assert sizes == [3, 3, None, None]


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../b", "x/../../b", "..\\b", "a\0b", "way/b"])
def test_a_companion_elsewhere_is_none(name: str, headers: Headers, home: Path) -> None:
    tree(home, {"m/a.onnx": b"", "b": b"", "other/b": b""})
    (home / "m/way").symlink_to("../other")
    assert headers.beside(str(home / "m/a.onnx"), name) is None


def test_a_companion_in_its_folder_and_links_only_beside_links(headers: Headers, home: Path) -> None:
    tree(home, {"m/a.onnx": b"", "m/w.data": b"", "m/x/w.data": b"", "blob": b""})
    (home / "m/link.data").symlink_to("../blob")
    (home / "m/link.onnx").symlink_to("../blob")
    model, linked = str(home / "m/a.onnx"), str(home / "m/link.onnx")
    assert headers.beside(model, "w.data") == str(home / "m/w.data") and headers.beside(model, "x/w.data") == str(
        home / "m/x/w.data"
    )
    assert headers.beside(model, "link.data") is None and headers.beside(linked, "link.data") == str(
        home / "m/link.data"
    )


def test_a_file_without_a_header_lacks_nothing_where_all_of_it_is_there(headers: Headers, home: Path) -> None:
    path = write(home / "w.data", b"x" * 100_000)
    assert headers.lack(str(path), path.stat()) == GOOD
    stat = path.stat()
    path.unlink()
    assert headers.lack(str(path), stat) == GOOD
