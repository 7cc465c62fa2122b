"""A model by any of its names, one that is gone, what has something wrong."""

from __future__ import annotations

import os
import sqlite3

from shelf import Shelf

from model_manager.catalog import models, place_names, places, totals

STRANGE = os.fsdecode(b"/m/caf\xe9.gguf")


def test_a_model_by_whatever_a_person_calls_it(tx: sqlite3.Connection, shelf: Shelf) -> None:
    one, strange = shelf.put("llama:8b", 10), shelf.put("café", 20, STRANGE)
    called = {place.model: (place.name, place.title) for place in place_names.every(tx)}
    assert called[one] == ("llama:8b", "the llama:8b") and models.titles(tx)[one] == "own llama:8b"
    assert models.by_path(tx, STRANGE) == [strange] and models.by_path(tx, "/m") == []
    assert models.is_there(tx, one) and not models.is_there(tx, 99)


def test_a_model_that_is_gone_is_not_found_but_remembered(tx: sqlite3.Connection, shelf: Shelf) -> None:
    one = shelf.put("a", 10)
    (place,) = (row.id for row in places.of_root(tx, shelf.root).values())
    assert places.remove(tx, [place, 99]) == {one}
    assert places.mark_gone(tx, ()) == {one}
    assert place_names.every(tx) == [] and not models.is_there(tx, one) and models.record(tx, one) is not None
    assert totals.verdicts(tx) == {} and list(models.records(tx, [one])) == []


def test_what_has_something_to_look_at(tx: sqlite3.Connection, shelf: Shelf) -> None:
    good, cut, code = shelf.put("a", 1), shelf.put("café", 2, STRANGE), shelf.put("c", 3)
    models.derive(tx, good, {"verdict": "good"})
    models.derive(tx, cut, {"verdict": "truncated", "health_detail": "half \ud83d"})
    models.derive(tx, code, {"verdict": "good", "code": ["os.system"]})
    found = {row[0]: row for row in models.sick(tx)}
    assert set(found) == {cut, code} and totals.verdicts(tx) == {"good": 2, "truncated": 1}
    assert found[cut][2:] == ("truncated", r"half \ud83d", [], 2, STRANGE)
    assert found[code][4] == ["os.system"]
