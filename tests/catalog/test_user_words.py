"""The user's categories."""

from __future__ import annotations

import sqlite3

from shelf import Shelf

from model_manager.catalog import totals, user_words


def test_the_users_categories(tx: sqlite3.Connection, shelf: Shelf) -> None:
    """A category that goes takes nobody's choice along unasked: its models go where they are told."""
    one, two = shelf.put("a", 10), shelf.put("b", 20)
    for slug in ("mine/poems", "mine/code", "mine/poems"):
        user_words.add_category(tx, slug)
    user_words.set_words(tx, one, user_category="mine/poems")
    assert user_words.categories(tx) == ["mine/code", "mine/poems"]
    assert user_words.choices(tx, [one, two]) == {one: "mine/poems", two: None}
    assert user_words.move_category(tx, "mine/poems", "mine/code") == [one]
    user_words.remove_category(tx, "mine/poems")
    assert user_words.categories(tx) == ["mine/code"] and user_words.choices(tx, [one])[one] == "mine/code"
    assert user_words.move_category(tx, "mine/code", None) == [one] and user_words.choices(tx, [one])[one] is None
    assert totals.bytes_by(tx, "category") == {"llm": (2, 30)}
