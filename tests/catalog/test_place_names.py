"""What a person may mean: names, titles and paths, of whatever bytes."""

from __future__ import annotations

import os
import sqlite3

from shelf import Shelf

from model_manager.catalog import place_names
from model_manager.catalog.place_names import PlaceName

STRANGE = os.fsdecode(b"/m/deep/caf\xe9.gguf")


def test_places_come_in_the_order_in_which_they_were_found(tx: sqlite3.Connection, shelf: Shelf) -> None:
    b, a = shelf.put("b", 10), shelf.put("a", 20, STRANGE)
    assert place_names.every(tx) == [
        PlaceName(1, b, "ollama", "b", "the b", "/m/b"),
        PlaceName(2, a, "ollama", "a", "the a", STRANGE),
    ]


def test_a_file_is_found_by_its_very_path(tx: sqlite3.Connection, shelf: Shelf) -> None:
    shelf.put("a", 10, "/m/x.gguf")
    shelf.put("b", 20, STRANGE)
    shelf.put("c", 30, "/m/x.gguf")
    assert (
        place_names.with_file(tx, "/m/x.gguf") == {1, 3}
        and place_names.with_file(tx, STRANGE) == {2}
        and place_names.with_file(tx, "/m/x") == set()
    )


def test_a_file_is_found_by_its_last_name_whole(tx: sqlite3.Connection, shelf: Shelf) -> None:
    for name, path in (("a", "/m/one/x.gguf"), ("b", "/m/two/x.gguf"), ("c", "/m/max.gguf"), ("d", STRANGE)):
        shelf.put(name, 10 + ord(name), path)
    assert sorted(place_names.with_file_called(tx, "x.gguf")) == [(1, "/m/one/x.gguf"), (2, "/m/two/x.gguf")]
    assert place_names.with_file_called(tx, os.path.basename(STRANGE)) == [(4, STRANGE)]
    assert (
        place_names.with_file_called(tx, "gguf") == []
        and place_names.with_file_called(tx, "%.gguf") == []
        and place_names.with_file_called(tx, "X.GGUF") == []
    )
    assert sorted(place_names.files(tx)) == [
        (1, "/m/one/x.gguf"),
        (2, "/m/two/x.gguf"),
        (3, "/m/max.gguf"),
        (4, STRANGE),
    ]
