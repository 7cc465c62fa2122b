"""The lines of the library: what is there, with the user's own words above what was found."""

from __future__ import annotations

import os
import sqlite3

from shelf import Shelf

from model_manager.catalog import labels, models, mount_aliases, roots, rows
from model_manager.catalog.rows import away_models, read_rows

STRANGE = os.fsdecode(b"/m/caf\xe9")


def test_the_largest_comes_first_and_those_asked_for_alone(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a, b = shelf.put("a", 10), shelf.put("b", 20)
    assert [(row.id, row.name, row.size, row.bytes, row.category) for row in read_rows(tx)] == [
        (b, "own b", 20, 20, "llm"), (a, "own a", 10, 10, "llm"),
    ]  # fmt: skip
    assert [row.id for row in read_rows(tx, [a, 99])] == [a] and read_rows(tx, []) == []


def test_a_model_that_is_gone_has_no_line(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a = shelf.put("a", 10)
    tx.execute("UPDATE model SET gone_at = 5 WHERE id = ?", (a,))
    assert read_rows(tx) == [] and read_rows(tx, [a]) == []


def test_the_users_words_stand_above_what_was_found(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a = shelf.put("a", 10)
    models.derive(tx, a, {"category": "llm", "category_from": "tensors", "tags": ["Found"]})
    (before,) = read_rows(tx)
    assert (before.category, before.category_from, before.tags, before.pinned) == ("llm", "tensors", "Found", 0)
    labels.set_words(tx, a, user_category="tts", pinned=1)
    labels.tag(tx, a, ["Mine"], [])
    (row,) = read_rows(tx)
    assert (row.category, row.category_from, row.tags, row.pinned) == ("tts", "user", "Found,Mine", 1)


def test_everything_that_can_be_searched_for_is_in_its_text(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a = shelf.put("Llama:8B", 10, STRANGE.upper())
    models.derive(tx, a, {"name": "Own", "base_model": "Base", "quant": "Q4_K_M", "tools": "ollama", "tags": ["Chat"]})
    labels.tag(tx, a, ["Mine"], [])
    (row,) = read_rows(tx)
    for word in ("own", "base", "q4_k_m", "ollama", "chat", "mine", STRANGE.upper().lower(), "llama:8b"):
        assert word in row.text, word
    assert row.text == row.text.lower()


def test_copies_are_known_only_where_all_are_read(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a, b, c = shelf.put("a", 100, sha256="x"), shelf.put("b", 100, sha256="x"), shelf.put("c", 7)
    assert {row.id: row.copies for row in read_rows(tx)} == {a: 2, b: 2, c: 0}
    assert [row.copies for row in read_rows(tx, [a])] == [0]


def test_what_is_away_says_why(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a, b = shelf.put("a", 10), shelf.put("b", 20)
    other = roots.add(tx, "plain", "/n", "user", {})
    tx.execute("UPDATE place SET root = ? WHERE model = ?", (other, b))
    roots.update(tx, other, state="offline")
    assert away_models(tx) == {b: "offline"} and {row.id: row.away for row in read_rows(tx)} == {a: "", b: "offline"}
    tx.execute(
        "INSERT INTO place (model, root, tool, name, title, path, fingerprint, found) VALUES (?, ?, '', '', '', x'00', x'', '')",
        (b, shelf.root),
    )
    assert away_models(tx) == {}, "one of its places is there"


def test_files_that_another_one_has_too_are_told(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a, b = shelf.put("a", 10), shelf.put("b", 20)
    mount_aliases.replace(tx, {2: mount_aliases.AliasGroup(1, True)})
    assert {row.id: row.shared for row in read_rows(tx)} == {a: ((1, 10, 10),), b: ((1, 20, 20),)}


def test_a_hundred_thousand_lines_share_what_they_have_in_common(tx: sqlite3.Connection, shelf: Shelf) -> None:
    for name in "ab":
        models.derive(tx, shelf.put(name, 10), {"format": "gguf" + "x" * 20, "tags": ["one", "two"]})
    first, second = read_rows(tx)
    assert first.format is second.format and first.tags is second.tags
    assert rows.Row._fields[0] == "id" and first.id != second.id
