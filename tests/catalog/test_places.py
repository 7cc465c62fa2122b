"""Which model a place belongs to: what people said of a model stays with it when its files move, come back or are shared."""

from __future__ import annotations

import os
import sqlite3

import pytest
from shelf import Shelf

from model_manager.catalog import labels, merged_models, models, places
from model_manager.catalog.places import PlaceEntry, PlaceRow

STRANGE = os.fsdecode(b"/m/caf\xe9")


@pytest.fixture
def put(tx: sqlite3.Connection, shelf: Shelf):  # type: ignore[no-untyped-def]
    """Stores a place as a scan does, and what is understood of its model."""

    def store(path: str, weights: str, likeness: str = "", size: int = 10, name: str = "n", **more: object) -> set[int]:
        entry = PlaceEntry(shelf.root, "ollama", name, f"t {weights}", path, weights.encode(), "{}", weights, likeness or f"like {weights}", size, (), **more)  # type: ignore[arg-type]  # fmt: skip
        touched = places.put(tx, entry)
        for one in touched:
            models.derive(tx, one, {"size": size})
        return touched

    return store


def model_at(tx: sqlite3.Connection, root: int, path: str, name: str = "n") -> int:
    return places.of_root(tx, root)[(path, name)].model


def forget(tx: sqlite3.Connection, root: int, *paths: str) -> set[int]:
    return places.remove(tx, [row.id for (path, _name), row in places.of_root(tx, root).items() if path in paths])


def test_a_place_is_stored_with_all_of_it_and_brought_up_to_date(tx: sqlite3.Connection, shelf: Shelf, put) -> None:  # type: ignore[no-untyped-def]
    file = shelf.put("file", 5) and 1
    entry = PlaceEntry(
        shelf.root,
        "plain",
        "a",
        "A",
        STRANGE,
        b"one",
        '{"x": 1}',
        "w",
        "l",
        5,
        ((file, STRANGE + "/f", "weights", "f"),),
    )
    (model,) = places.put(tx, entry)
    assert places.of_root(tx, shelf.root)[(STRANGE, "a")] == PlaceRow(2, model, b"one")
    assert places.put(
        tx,
        entry._replace(
            title="B", fingerprint=b"two", found="{}", tool="ollama", members=((file, "/m/g", "config", "g"),)
        ),
    ) == {model}
    (view,) = models.places(tx, [model])
    assert (view.id, view.tool, view.title, view.path, view.found) == (2, "ollama", "B", STRANGE, {})
    assert [(one.path, one.role, one.name) for one in models.files(tx, [model])] == [("/m/g", "config", "g")]
    assert places.fingerprints(tx, shelf.root) == {b"two", b"f"} and places.fingerprints(tx, 99) == frozenset()


def test_two_places_with_the_same_weights_are_one_model(tx: sqlite3.Connection, put) -> None:  # type: ignore[no-untyped-def]
    (one,) = put("/m/a", "w")
    assert put("/m/b", "w") == {one} and put("/m/c", "other") != {one}
    assert put("/m/d", "w", fresh=True) != {one}, "of files never met nobody asks"


def test_what_lies_in_the_place_of_a_model_is_that_model_changed(tx: sqlite3.Connection, shelf: Shelf, put) -> None:  # type: ignore[no-untyped-def]
    (one,) = put("/m/a", "w1")
    labels.set_words(tx, one, note="mine")
    assert put("/m/a", "w2") == {one} and merged_models.words_of(tx, one).note == "mine"
    assert put("/m/b", "w2") == {one}, "it is known by its new weights"


def test_one_of_two_places_that_changes_is_another_model(tx: sqlite3.Connection, shelf: Shelf, put) -> None:  # type: ignore[no-untyped-def]
    (one,) = put("/m/a", "w")
    put("/m/b", "w")
    touched = put("/m/b", "new", size=99)
    assert (
        len(touched) == 2
        and one in touched
        and model_at(tx, shelf.root, "/m/b") != one == model_at(tx, shelf.root, "/m/a")
    )


def test_words_unite_when_a_copy_becomes_a_link(tx: sqlite3.Connection, shelf: Shelf, put) -> None:  # type: ignore[no-untyped-def]
    (one,), (other,) = put("/m/a", "w1"), put("/m/b", "w2")
    labels.set_words(tx, other, note="of b")
    assert put("/m/b", "w1") == {one, other}
    assert merged_models.words_of(tx, one).note == "of b" and merged_models.parts_of(tx, one) == {other}
    assert put("/m/b", "w3") == {one, other} and model_at(tx, shelf.root, "/m/b") == other, "and come apart with them"
    assert merged_models.words_of(tx, other).note == "of b" and merged_models.words_of(tx, one).note == ""


def test_of_another_size_it_was_replaced_and_not_shared(tx: sqlite3.Connection, put) -> None:  # type: ignore[no-untyped-def]
    (one,), (other,) = put("/m/a", "w1", size=10), put("/m/b", "w2", size=20)
    labels.set_words(tx, other, note="of b")
    put("/m/b", "w1", size=10)
    assert merged_models.words_of(tx, one).note == "" and merged_models.parts_of(tx, one) == set()


def test_a_place_that_comes_back_is_its_model_again(tx: sqlite3.Connection, shelf: Shelf, put) -> None:  # type: ignore[no-untyped-def]
    (one,) = put("/m/a", "w1")
    assert (
        forget(tx, shelf.root, "/m/a") == {one} and places.mark_gone(tx, ()) == {one} and not models.is_there(tx, one)
    )
    assert put("/m/a", "w2", likeness="other") == {one} and models.is_there(tx, one)
    forget(tx, shelf.root, "/m/a")
    places.mark_gone(tx, ())
    assert put("/m/a", "w3", likeness="third", size=11) != {one}, "of another size it is another"


def test_a_model_that_went_and_was_alike_comes_back_elsewhere(tx: sqlite3.Connection, shelf: Shelf, put) -> None:  # type: ignore[no-untyped-def]
    (one,) = put("/m/a", "w1", likeness="alike")
    forget(tx, shelf.root, "/m/a")
    assert put("/m/b", "w2", likeness="alike") != {one}, "it is not gone yet"
    forget(tx, shelf.root, "/m/b")
    places.mark_gone(tx, ())
    tx.execute("UPDATE model SET gone_at = gone_at + 100 WHERE id = ?", (one,))
    assert put("/m/c", "w3", likeness="alike") == {one}, "of two the one that went last"


def test_a_model_that_moved_to_another_volume_stays_itself(tx: sqlite3.Connection, shelf: Shelf, put) -> None:  # type: ignore[no-untyped-def]
    (one,) = put("/m/a", "w1", likeness="alike")
    labels.set_words(tx, one, note="mine", pinned=1)
    (new,) = put("/n/a", "w2", likeness="alike")
    forget(tx, shelf.root, "/m/a")
    assert places.mark_gone(tx, [new]) == {one, new}
    assert model_at(tx, shelf.root, "/n/a") == one and models.is_there(tx, one) and not models.is_there(tx, new)
    assert merged_models.words_of(tx, one).note == "mine" and put("/k/a", "w2") == {one}


def test_one_that_was_there_before_takes_nobodys_place(tx: sqlite3.Connection, shelf: Shelf, put) -> None:  # type: ignore[no-untyped-def]
    (one,) = put("/m/a", "w1", likeness="alike")
    (old,) = put("/n/a", "w2", likeness="alike")
    forget(tx, shelf.root, "/m/a")
    assert places.mark_gone(tx, []) == {one} and models.is_there(tx, old) and not models.is_there(tx, one)
    assert places.mark_gone(tx, []) == set(), "told once"


def test_what_is_not_there_cannot_be_forgotten(tx: sqlite3.Connection) -> None:
    assert places.remove(tx, [99]) == places.remove(tx, []) == set()
