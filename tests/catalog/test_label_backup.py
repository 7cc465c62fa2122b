"""The user's words out of one catalogue and back into another: to the model they were said of, never to another one."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable

import pytest
from shelf import Shelf

from model_manager.catalog import label_backup, labels, merged_models, models, roots
from model_manager.catalog.merged_models import UserLabels

Json = dict[str, object]


def said(tx: sqlite3.Connection, model: int) -> tuple[str | None, str, int, frozenset[str]]:
    words = merged_models.words_of(tx, model)
    return words.category, words.note, words.pinned, words.tags


MINE = ("tts", "a note", 1, frozenset({"one", "two"}))


def say(tx: sqlite3.Connection, model: int) -> None:
    merged_models.give(tx, model, UserLabels("tts", "a note", 1, frozenset({"one", "two"}), 7))


@pytest.fixture
def body(tx: sqlite3.Connection, shelf: Shelf) -> Json:
    """What was kept of a catalogue with two models, of one of which something was said."""
    a = shelf.put("a", 10)
    shelf.put("b", 20)
    say(tx, a)
    labels.add_category(tx, "own")
    roots.add(tx, "plain", "/n", "user", {"x": "y"})
    roots.update(tx, roots.add(tx, "plain", "/ignored", "default", {}), ignored=True)
    return json.loads(json.dumps(label_backup.collect(tx)))  # type: ignore[no-any-return]


@pytest.fixture
def anew(tx: sqlite3.Connection) -> Callable[[], None]:
    """Empties the catalogue, as one that was lost."""

    def empty() -> None:
        for table in ("trace", "user_tag", "member", "place", "model", "file", "root", "category", "united", "earlier"):
            tx.execute(f"DELETE FROM {table}")
        tx.execute("DELETE FROM sqlite_sequence")

    return empty


def test_what_was_said_is_collected_and_what_was_not_is_left_out(body: Json, tx: sqlite3.Connection) -> None:
    (model,) = body["models"]  # type: ignore[misc]
    assert (model["id"], model["category"], model["note"], model["pinned"], model["tags"]) == (
        1,
        "tts",
        "a note",
        1,
        ["one", "two"],
    )  # type: ignore[index]
    (file,) = model["files"]  # type: ignore[index]
    assert (file["path"], file["size"], file["volume"], file["sha256"]) == ("/m/a", 10, "uuid:1", None)  # type: ignore[index]
    assert body["categories"] == ["own"]
    assert body["roots"] == [
        {"path": "/ignored", "tool": "plain", "found_by": "default", "ignored": 1, "details": "{}"},
        {"path": "/n", "tool": "plain", "found_by": "user", "ignored": 0, "details": '{"x":"y"}'},
    ]


def test_files_of_others_than_the_changed_are_those_noted_before(tx: sqlite3.Connection, body: Json) -> None:
    tx.execute("UPDATE member SET path = ? WHERE file = 1", (b"/m/moved",))
    assert label_backup.collect(tx, ())["models"][0]["files"][0]["path"] == "/m/a"
    assert label_backup.collect(tx, {1})["models"][0]["files"][0]["path"] == "/m/moved"
    assert label_backup.collect(tx, ())["models"][0]["files"][0]["path"] == "/m/moved", "and noted again"


def test_a_model_that_is_gone_is_known_by_what_was_noted(tx: sqlite3.Connection, body: Json) -> None:
    tx.execute("DELETE FROM place")
    assert label_backup.collect(tx)["models"] == body["models"]


def test_roots_and_categories_are_back_at_once(tx: sqlite3.Connection, body: Json, anew: Callable[[], None]) -> None:
    anew()
    assert label_backup.restore(tx, body) == 1
    assert {(one.path, one.found_by, one.ignored, one.state) for one in roots.every(tx)} == {
        ("/n", "user", False, "online"), ("/ignored", "default", True, "ignored"),
    }  # fmt: skip
    assert labels.categories(tx) == ["own"] and list(models.records(tx, [1])) == [], "the model waits unseen"


@pytest.mark.parametrize("change", ["nothing", "inode", "path", "time", "path and time"])
def test_words_come_back_to_their_model_by_whatever_is_left(
    tx: sqlite3.Connection, shelf: Shelf, body: Json, anew: Callable[[], None], change: str
) -> None:
    anew()
    label_backup.restore(tx, body)
    shelf.root = roots.add(tx, "ollama", "/m", "default", {})
    roots.update(tx, shelf.root, scanned_at=1)
    roots.update(tx, 1, scanned_at=1)
    roots.update(tx, 2, scanned_at=1)
    found = shelf.put("other", 20)
    met = shelf.put("a", 10, "/m/deep/a" if "path" in change else "")
    if change == "inode":
        tx.execute("UPDATE file SET key = 'i1' WHERE size = 10")
    if "time" in change:
        tx.execute("UPDATE file SET key = 'i1', mtime_ns = 5 WHERE size = 10")
    assert label_backup.give_back(tx) == {1, met}
    assert said(tx, 1) == MINE and models.is_there(tx, 1) and not models.is_there(tx, met) and said(tx, found)[1] == ""
    assert label_backup.give_back(tx) == set()


def test_by_name_and_size_alone_only_where_one_fits(
    tx: sqlite3.Connection, shelf: Shelf, body: Json, anew: Callable[[], None]
) -> None:
    anew()
    label_backup.restore(tx, body | {"roots": []})
    shelf.root = roots.add(tx, "ollama", "/m", "default", {})
    roots.update(tx, shelf.root, scanned_at=1)
    for folder in ("x", "y"):
        shelf.put(f"{folder}-a", 10, f"/m/{folder}/a")
    tx.execute("UPDATE file SET mtime_ns = id, key = 'k' || id")
    assert label_backup.give_back(tx) == set(), "nobody knows which of the two it was"


def test_a_folder_that_was_not_read_yet_is_waited_for(
    tx: sqlite3.Connection, shelf: Shelf, body: Json, anew: Callable[[], None]
) -> None:
    anew()
    label_backup.restore(tx, body | {"roots": []})
    shelf.root = roots.add(tx, "ollama", "/m", "default", {})
    other = roots.add(tx, "plain", "/n", "user", {})
    roots.update(tx, other, scanned_at=1)
    shelf.put("a", 10, "/n/a")
    tx.execute("UPDATE place SET root = ?", (other,))
    tx.execute("UPDATE file SET key = 'i1'")
    assert label_backup.give_back(tx) == set(), "a copy is not the model while its own folder may still come"
    roots.update(tx, shelf.root, scanned_at=1)
    assert label_backup.give_back(tx) != set() and said(tx, 1) == MINE


def test_the_same_hash_is_the_same_model(
    tx: sqlite3.Connection, shelf: Shelf, body: Json, anew: Callable[[], None]
) -> None:
    body["models"][0]["files"][0] |= {"sha256": "x", "key": "gone", "path": "/m/old name"}  # type: ignore[index]
    anew()
    label_backup.restore(tx, body | {"roots": []})
    shelf.root = roots.add(tx, "ollama", "/m", "default", {})
    roots.update(tx, shelf.root, scanned_at=1)
    shelf.put("new name", 10, sha256="y")
    assert label_backup.give_back(tx) == set()
    tx.execute("UPDATE file SET sha256 = 'x', sha256_source = 'read'")
    assert label_backup.give_back(tx) != set() and said(tx, 1) == MINE


def test_what_was_said_since_stands_above_what_was_kept(
    tx: sqlite3.Connection, shelf: Shelf, body: Json, anew: Callable[[], None]
) -> None:
    anew()
    label_backup.restore(tx, body | {"roots": []})
    shelf.root = roots.add(tx, "ollama", "/m", "default", {})
    roots.update(tx, shelf.root, scanned_at=1)
    labels.set_words(tx, shelf.put("a", 10), user_category="llm", note="new")
    label_backup.give_back(tx)
    category, note, pinned, tags = said(tx, 1)
    assert (category, pinned, tags) == ("llm", 1, MINE[3]) and set(note.split("\n")) == {"new", "a note"}


def test_a_catalogue_that_lost_its_last_changes_alone_takes_them_at_once(tx: sqlite3.Connection, body: Json) -> None:
    labels.set_words(tx, 1, note="", user_category=None, pinned=0)
    labels.tag(tx, 1, ["lost"], ["one", "two"])
    assert label_backup.restore(tx, body) == 1 and said(tx, 1) == MINE and models.is_there(tx, 1)


def test_an_id_that_another_model_has_is_not_taken_for_it(
    tx: sqlite3.Connection, shelf: Shelf, body: Json, anew: Callable[[], None]
) -> None:
    anew()
    shelf.root = roots.add(tx, "ollama", "/m", "default", {})
    roots.update(tx, shelf.root, scanned_at=1)
    other = shelf.put("quite another", 99)
    assert other == 1 and label_backup.restore(tx, body | {"roots": []}) == 1
    assert said(tx, other)[1] == "" and label_backup.collect(tx)["models"][0]["id"] == 2


@pytest.mark.parametrize(
    "nonsense",
    [
        {}, {"roots": 5, "models": "x", "categories": {}}, {"models": [None, 5, {}, {"id": "1"}, {"id": 0}, {"id": 1 << 53}, {"id": True and -1}]},
        {"roots": [{"path": 5}, {"path": "/x"}, {"path": "/x", "tool": "t", "found_by": None}], "categories": [5, None]},
    ],
)  # fmt: skip
def test_what_this_program_did_not_write_is_left_out(tx: sqlite3.Connection, nonsense: Json) -> None:
    assert label_backup.restore(tx, nonsense) == 0
    assert roots.every(tx) == [] and labels.categories(tx) == [] and label_backup.collect(tx)["models"] == []


def test_values_of_another_kind_do_no_harm(tx: sqlite3.Connection) -> None:
    record = {
        "id": 7,
        "name": None,
        "added": "x",
        "category": 5,
        "note": [],
        "pinned": "yes",
        "tags": [1, "ok"],
        "files": [5, {"path": 1}],
    }
    assert (
        label_backup.restore(
            tx, {"models": [record], "roots": [{"path": "/x", "tool": "t", "found_by": "user", "details": "[1"}]}
        )
        == 1
    )
    assert said(tx, 7) == (None, "", 1, frozenset({"ok"})) and label_backup.give_back(tx) == set()
    assert roots.every(tx)[0].details == {}


def test_names_of_any_bytes_come_through(tx: sqlite3.Connection, shelf: Shelf, anew: Callable[[], None]) -> None:
    path = os.fsdecode(b"/m/caf\xe9")
    say(tx, shelf.put("a", 10, path))
    body = json.loads(json.dumps(label_backup.collect(tx)))
    assert body["models"][0]["files"][0]["path"] == path


def test_each_change_of_words_is_told_with_its_model(tx: sqlite3.Connection, shelf: Shelf) -> None:
    told: list[int] = []
    a, b = shelf.put("a", 10), shelf.put("b", 20)
    tx.create_function("words_changed", 1, told.append)
    for name in ("tag_added", "words_set", "files_moved", "root_changed", "root_added", "root_removed", "category_added", "category_removed",
                 "tag_removed", "tag_moved", "model_gone"):  # fmt: skip
        tx.execute(f"DROP TRIGGER IF EXISTS {name}")
    label_backup.watch(tx)

    def of(act: Callable[[], object]) -> list[int]:
        told.clear()
        act()
        return list(told)

    assert of(lambda: labels.set_words(tx, a, note="x")) == [a] and of(lambda: labels.tag(tx, b, ["t"], [])) == [b]
    assert of(lambda: labels.tag(tx, b, [], ["t"])) == [b] and of(lambda: models.derive(tx, a, {"size": 9})) == []
    assert of(lambda: labels.add_category(tx, "own")) == [0] == of(lambda: labels.remove_category(tx, "own"))
    assert of(lambda: tx.execute("UPDATE model SET weights = 'n' WHERE id = ?", (a,))) == [a]
    assert of(lambda: tx.execute("UPDATE model SET weights = 'n' WHERE id = ?", (b,))) == [], (
        "of that one nothing was said"
    )
    assert of(lambda: roots.add(tx, "x", "/default", "default", {})) == []
    assert of(lambda: roots.add(tx, "x", "/user", "user", {})) == [0] and of(
        lambda: roots.update(tx, 3, ignored=True)
    ) == [0]
    assert of(lambda: roots.update(tx, shelf.root, scanned_at=5)) == []


def test_unless_it_is_said_which_changed_all_are_looked_up(tx: sqlite3.Connection, body: Json) -> None:
    tx.execute("UPDATE member SET path = ? WHERE file = 1", (b"/m/moved",))
    assert label_backup.collect(tx)["models"][0]["files"][0]["path"] == "/m/moved"
