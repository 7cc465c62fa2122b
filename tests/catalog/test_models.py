"""What people ask of the catalogue: a model by any of its names, the user's categories, what is wrong, what takes room."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_manager.catalog import Database, files, leftovers, models, places, roots
from model_manager.catalog.places import Entry

STRANGE = os.fsdecode(b"/m/caf\xe9.gguf")


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    database = Database(tmp_path / "c.sqlite3")
    with database.write() as connection:
        yield connection
    database.close()


class Shelf:
    """Stores models of one file each, some of them in two places."""

    def __init__(self, tx: sqlite3.Connection, folder: Path) -> None:
        self.tx, self.folder = tx, folder
        self.root = roots.add(tx, "ollama", "/m", "default", {})
        self.volume = roots.volume_id(tx, "uuid:1", "ext4", "/")

    def put(self, name: str, size: int, path: str = "", sha256: str | None = None) -> int:
        """The model's id."""
        real = self.folder / f"{name.replace('/', '-')}-{size}"
        real.write_bytes(bytes(size))
        stat = os.stat(real)
        file = files.add(
            self.tx, files.FileKey(self.volume, f"i{stat.st_ino}"), stat, size, None, None, sha256, sha256 and "read"
        )
        assert file is not None
        path = path or f"/m/{name}"
        entry = Entry(
            self.root, "ollama", name, f"the {name}", path, b"f", "{}", f"w{file}", "", size,
            ((file, path, "weights", name),),
        )  # fmt: skip
        (model,) = places.put(self.tx, entry)
        models.derive(self.tx, model, {"name": f"own {name}", "size": size, "bytes": size, "category": "llm"})
        return model


@pytest.fixture
def shelf(tx: sqlite3.Connection, tmp_path: Path) -> Shelf:
    (tmp_path / "shelf").mkdir()
    return Shelf(tx, tmp_path / "shelf")


def test_a_model_by_whatever_a_person_calls_it(tx: sqlite3.Connection, shelf: Shelf) -> None:
    one, strange = shelf.put("llama:8b", 10), shelf.put("café", 20, STRANGE)
    for name in ("llama:8b", "LLAMA:8B", "own llama:8b", "the llama:8b"):
        assert models.by_name(tx, name) == [one]
    assert models.by_name(tx, "llama") == []
    assert models.by_path(tx, STRANGE) == [strange] and models.by_path(tx, "/m") == []
    assert models.is_there(tx, one) and not models.is_there(tx, 99)


def test_a_model_that_is_gone_is_not_found_but_remembered(tx: sqlite3.Connection, shelf: Shelf) -> None:
    one = shelf.put("a", 10)
    (place,) = (row.id for row in places.of_root(tx, shelf.root).values())
    assert places.remove(tx, [place, 99]) == {one}
    assert places.mark_gone(tx, ()) == {one}
    assert models.by_name(tx, "own a") == [] and not models.is_there(tx, one) and models.record(tx, one) is not None
    assert models.verdicts(tx) == {} and list(models.records(tx, [one])) == []


def test_the_users_categories(tx: sqlite3.Connection, shelf: Shelf) -> None:
    """A category that goes takes nobody's choice along unasked: its models go where they are told."""
    one, two = shelf.put("a", 10), shelf.put("b", 20)
    for slug in ("mine/poems", "mine/code", "mine/poems"):
        models.add_category(tx, slug)
    models.set_words(tx, one, user_category="mine/poems")
    assert models.categories(tx) == ["mine/code", "mine/poems"]
    assert models.choices(tx, [one, two]) == {one: "mine/poems", two: None}
    assert models.move_category(tx, "mine/poems", "mine/code") == [one]
    models.remove_category(tx, "mine/poems")
    assert models.categories(tx) == ["mine/code"] and models.choices(tx, [one])[one] == "mine/code"
    assert models.move_category(tx, "mine/code", None) == [one] and models.choices(tx, [one])[one] is None
    assert models.bytes_by(tx, "category") == {"llm": (2, 30)}


def test_what_has_something_to_look_at(tx: sqlite3.Connection, shelf: Shelf) -> None:
    good, cut, code = shelf.put("a", 1), shelf.put("café", 2, STRANGE), shelf.put("c", 3)
    models.derive(tx, good, {"verdict": "good"})
    models.derive(tx, cut, {"verdict": "truncated", "health_detail": "half \ud83d"})
    models.derive(tx, code, {"verdict": "good", "code": ["os.system"]})
    found = {row[0]: row for row in models.sick(tx)}
    assert set(found) == {cut, code} and models.verdicts(tx) == {"good": 2, "truncated": 1}
    assert found[cut][2:] == ("truncated", r"half \ud83d", [], 2, STRANGE)
    assert found[code][4] == ["os.system"]


def test_room_is_counted_once_for_each_inode(tx: sqlite3.Connection, shelf: Shelf) -> None:
    shelf.put("a", 100, sha256="x")
    shelf.put("b", 100, sha256="x")
    shelf.put("c", 50)
    assert models.totals(tx) == (250, 250) and models.copied_bytes(tx) == 100
    assert models.bytes_by(tx, "tool") == {"ollama": (3, 250)} and roots.figures(tx) == {shelf.root: (3, 250)}
    leftovers.replace(tx, shelf.root, "ollama", [("orphan", STRANGE, 30, 40, "")])
    assert models.totals(tx) == (290, 280)
    assert [(row.kind, row.path, row.size, row.bytes) for row in leftovers.every(tx)] == [("orphan", STRANGE, 30, 40)]


def test_what_could_not_be_read_is_kept_for_its_root_until_the_next_scan(tx: sqlite3.Connection, shelf: Shelf) -> None:
    other = roots.add(tx, "folder", "/other", "user", {})
    leftovers.replace_problems(tx, shelf.root, [(STRANGE, "unreadable", "permission denied")])
    leftovers.replace_problems(tx, other, [("/other/x", "loop", "leads to itself")])
    assert leftovers.problems(tx) == [
        (STRANGE, "unreadable", "permission denied"), ("/other/x", "loop", "leads to itself")
    ]  # fmt: skip
    leftovers.replace_problems(tx, shelf.root, [])
    assert leftovers.problems(tx) == [("/other/x", "loop", "leads to itself")]
    roots.remove(tx, other)
    assert leftovers.problems(tx) == []


def test_a_root_that_moves_keeps_its_models(tx: sqlite3.Connection, shelf: Shelf) -> None:
    one = shelf.put("a", 10)
    roots.update(tx, shelf.root, path=STRANGE, also=("lm-studio", "jan"), state="offline")
    (row,) = roots.every(tx)
    assert (row.path, row.also, row.state) == (STRANGE, ("jan", "lm-studio"), "offline")
    assert roots.add(tx, "folder", STRANGE, "user", {"a": "b"}) == shelf.root
    assert roots.remove(tx, shelf.root) == [one]
    assert roots.volume_name(tx, shelf.volume) == "uuid:1" and roots.volume_name(tx, None) == ""
    assert roots.volume_row(tx, "uuid:1") == shelf.volume and roots.volume_row(tx, "uuid:2") is None
