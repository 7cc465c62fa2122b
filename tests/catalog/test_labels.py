"""The user's categories."""

from __future__ import annotations

import sqlite3

from shelf import Shelf

from model_manager.catalog import labels, totals


def test_the_users_categories(tx: sqlite3.Connection, shelf: Shelf) -> None:
    """A category that goes takes nobody's choice along unasked: its models go where they are told."""
    one, two = shelf.put("a", 10), shelf.put("b", 20)
    for slug in ("mine/poems", "mine/code", "mine/poems"):
        labels.add_category(tx, slug)
    labels.set_words(tx, one, user_category="mine/poems")
    assert labels.categories(tx) == ["mine/code", "mine/poems"]
    assert labels.choices(tx, [one, two]) == {one: "mine/poems", two: None}
    assert labels.move_category(tx, "mine/poems", "mine/code") == [one]
    labels.remove_category(tx, "mine/poems")
    assert labels.categories(tx) == ["mine/code"] and labels.choices(tx, [one])[one] == "mine/code"
    assert labels.move_category(tx, "mine/code", None) == [one] and labels.choices(tx, [one])[one] is None
    assert totals.bytes_by(tx, "category") == {"llm": (2, 30)}


def test_pins_tags_and_notes_are_the_models_alone(tx: sqlite3.Connection, shelf: Shelf) -> None:
    one, two = shelf.put("a", 10), shelf.put("b", 20)
    assert labels.pinned(tx) == frozenset()
    labels.set_words(tx, two, pinned=1, note="mine")
    assert labels.pinned(tx) == {two}
    labels.tag(tx, one, ["zebra", "ape", "ape"], [])
    labels.tag(tx, two, ["cow"], [])
    assert labels.user_tags(tx, None) == {one: ["ape", "zebra"], two: ["cow"]}
    assert labels.user_tags(tx, [two]) == {two: ["cow"]}
    labels.tag(tx, one, ["dog"], ["zebra", "none"])
    assert labels.user_tags(tx, [one]) == {one: ["ape", "dog"]}
    assert dict(tx.execute("SELECT id, note FROM model")) == {one: "", two: "mine"}
