"""Models that became one, one after another, and come apart in any order."""

from __future__ import annotations

import itertools
import sqlite3

import pytest
from shelf import Shelf

from model_manager.catalog import merged_models
from model_manager.catalog.merged_models import UserLabels


def put(tx: sqlite3.Connection, shelf: Shelf, name: str) -> int:
    id_ = shelf.put(name, ord(name))
    merged_models.give(tx, id_, UserLabels("llm", f"note {name}", int(name == "b"), frozenset({name}), ord(name)))
    return id_


@pytest.mark.parametrize("order", itertools.permutations(range(3)))
def test_three_in_one_come_apart_in_any_order(order: tuple[int, ...], tx: sqlite3.Connection, shelf: Shelf) -> None:
    one, *others = [put(tx, shelf, name) for name in "abcd"]
    before = {id_: merged_models.words_of(tx, id_) for id_ in (one, *others)}
    for other in others:
        merged_models.unite_for_now(tx, other, one)
    assert merged_models.words_of(tx, one) == UserLabels(
        "llm", "note a\nnote b\nnote c\nnote d", 1, frozenset("abcd"), ord("a")
    )
    assert merged_models.parts_of(tx, one) == set(others) and merged_models.now_in(tx, others[0]) == one
    for place in order:
        merged_models.come_apart(tx, one, others[place], "w", "")
    assert {id_: merged_models.words_of(tx, id_) for id_ in before} == before
    assert not merged_models.parts_of(tx, one) and merged_models.now_in(tx, others[0]) is None


def test_one_that_was_one_of_two_already(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a, b, c = [put(tx, shelf, name) for name in "abc"]
    before = {id_: merged_models.words_of(tx, id_) for id_ in (a, b, c)}
    merged_models.unite_for_now(tx, b, a)
    both = merged_models.words_of(tx, a)
    merged_models.unite_for_now(tx, a, c)
    merged_models.come_apart(tx, c, a, "w", "")
    assert merged_models.words_of(tx, a) == both and merged_models.words_of(tx, c) == before[c]
    merged_models.come_apart(tx, a, b, "w", "")
    assert {id_: merged_models.words_of(tx, id_) for id_ in before} == before


def test_what_was_said_of_one_of_three_goes_with_each(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a, b, c = [put(tx, shelf, name) for name in "abc"]
    merged_models.unite_for_now(tx, b, a)
    merged_models.unite_for_now(tx, c, a)
    now = merged_models.words_of(tx, a)
    merged_models.give(tx, a, now._replace(pinned=0, tags=now.tags - {"a"} | {"new"}))
    merged_models.come_apart(tx, a, c, "w", "")
    merged_models.come_apart(tx, a, b, "w", "")
    told = [merged_models.words_of(tx, id_) for id_ in (a, b, c)]
    assert [words.tags for words in told] == [{"new"}, {"b", "new"}, {"c", "new"}]
    assert [words.pinned for words in told] == [0, 0, 0] and [words.note for words in told] == [
        "note a",
        "note b",
        "note c",
    ]
