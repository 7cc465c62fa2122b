"""Which files have the same bytes, as far as is known without reading any."""

from __future__ import annotations

import itertools
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf import Shelf

from model_manager.catalog import copies, hashes
from model_manager.catalog.copies import FLOOR, all_differ, same_bytes
from model_manager.catalog.hashes import Known
from model_manager.catalog.mount_aliases import AliasGroup, replace

File = tuple[str, Known, str | None]
"""Its name, what was read of it, what a tool says."""


def parts(*files: File) -> list[str]:
    found = same_bytes(files, lambda one: one[1], lambda one: one[2])
    return sorted("".join(sorted(one[0] for one in part)) for part in found)


def read(name: str, sha256: str, sample: str | None = None) -> File:
    return name, Known(sha256=sha256, sample=sample), None


def pieces(name: str, sample: str, apart: str | None = None, told: str | None = None) -> File:
    return name, Known(sample=sample, apart=apart), told


def test_of_nothing_that_is_known_nothing_is_the_same() -> None:
    assert parts() == parts(("a", Known(), None), ("b", Known(), None)) == parts(read("a", "x")) == []


def test_what_was_read_stands_above_what_a_tool_says() -> None:
    assert parts(read("a", "x"), ("b", Known(), "x"), read("c", "y"), ("d", Known(sha256="y"), "x")) == ["ab", "cd"]


def test_pieces_decide_where_no_hash_is_known() -> None:
    assert parts(pieces("a", "p"), pieces("b", "p"), pieces("c", "q")) == ["ab"]
    assert parts(read("a", "x", "p"), pieces("b", "p"), pieces("c", "q")) == ["ab"]
    assert parts(read("a", "x", "p"), read("b", "x", "p"), pieces("c", "p")) == ["abc"]
    assert parts(pieces("a", "p"), ("b", Known(), None), pieces("c", "p")) == ["ac"], "of b nothing is known"


def test_what_a_comparison_told_apart_stays_apart() -> None:
    assert parts(pieces("a", "p", "1:0"), pieces("b", "p", "1:1"), pieces("c", "p", "1:0")) == ["ac"]
    assert parts(pieces("a", "p", "1:0"), pieces("b", "p", "2:1")) == ["ab"], (
        "two comparisons say nothing of each other"
    )
    assert parts(pieces("a", "p"), pieces("b", "p", "1:0"), pieces("c", "p", "1:1")) in (["ab"], ["ac"])


@pytest.mark.parametrize(
    ("one", "other", "enough"),
    [
        (Known(), Known(), False), (Known(sha256="x"), Known(sha256="y"), True), (Known(sha256="x"), Known(sha256="x"), True),
        (Known(sha256="x", apart="1:0"), Known(sha256="x", apart="1:1"), True), (Known(sha256="x"), Known(apart="1:1"), False),
        (Known(apart="1:0"), Known(apart="1:1"), True), (Known(apart="1:0"), Known(apart="1:0"), False),
        (Known(apart="1:0"), Known(apart="2:1"), False), (Known(sha256="x", apart="1:0"), Known(apart="1:1"), True),
    ],
)  # fmt: skip
def test_what_needs_no_more_reading(one: Known, other: Known, enough: bool) -> None:
    assert all_differ([one, other]) is all_differ([other, one]) is enough


def differ(one: Known, other: Known) -> bool:
    """The rule in its plainest form: other hashes, or told apart by the same comparison."""
    if one.sha256 and other.sha256:
        return one.sha256 != other.sha256
    first, second = one.apart or "", other.apart or ""
    return first != second and bool(first) and first.split(":")[0] == second.split(":")[0]


FILES = st.builds(
    Known,
    st.sampled_from([None, "p", "q"]),
    st.sampled_from([None, "x", "y"]),
    apart=st.sampled_from([None, "1:0", "1:1"]),
)


@settings(max_examples=40)
@given(st.lists(st.tuples(FILES, st.sampled_from([None, "x", "y"])), max_size=6))
def test_no_two_of_a_group_are_known_to_differ_and_none_is_in_two(files: list[tuple[Known, str | None]]) -> None:
    numbered = list(enumerate(files))
    groups = same_bytes(numbered, lambda one: one[1][0], lambda one: one[1][1])
    members = [one[0] for group in groups for one in group]
    assert len(members) == len(set(members)) and all(len(group) > 1 for group in groups)
    for group in groups:
        for one, other in itertools.combinations(group, 2):
            assert not (one[1][0].sha256 and other[1][0].sha256 and one[1][0].sha256 != other[1][0].sha256)
            if not any(known.sha256 or told for _number, (known, told) in group):
                assert not differ(one[1][0], other[1][0])


def named(tx: sqlite3.Connection) -> list[list[str]]:
    return sorted(sorted(one.path for one in group) for group in copies.groups(tx))


def test_models_with_the_same_file_are_told(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a, b, c = shelf.put("a", 100, sha256="x"), shelf.put("b", 100, sha256="x"), shelf.put("c", 100, sha256="y")
    shelf.put("d", 200, sha256="x")
    assert named(tx) == [["/m/a", "/m/b"]] and copies.of_models(tx) == {a: 2, b: 2} and c not in copies.of_models(tx)
    (group,) = copies.groups(tx)
    assert {(one.size, one.bytes, one.told, one.is_read) for one in group} == {(100, 100, "x", False)}


def test_what_was_read_of_this_very_file_counts(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a, b = shelf.put("a", 100), shelf.put("b", 100)
    assert copies.of_models(tx) == {}
    ids = [tuple(row) for row in tx.execute("SELECT 'uuid:1', key, size, mtime_ns, ctime_ns FROM file ORDER BY id")]
    from model_manager.base.identity import FileId

    for one in ids:
        hashes.keep(tx, FileId(*one), Known(sample="p", sha256="x"))
    assert copies.of_models(tx) == {a: 2, b: 2} and all(one.is_read for group in copies.groups(tx) for one in group)
    tx.execute("UPDATE file SET mtime_ns = mtime_ns + 1 WHERE key = ?", (ids[0][1],))
    assert copies.of_models(tx) == {}, "it was changed since"


def test_what_is_away_or_seen_twice_is_no_copy(tx: sqlite3.Connection, shelf: Shelf) -> None:
    for name in "ab":
        shelf.put(name, 100, sha256="x")
    replace(tx, {2: AliasGroup(1, True)})
    assert named(tx) == [], "the same file by a second way"
    replace(tx, {})
    tx.execute("UPDATE root SET state = 'offline'")
    assert named(tx) == []


def test_small_files_count_only_where_they_are_all_the_weights(tx: sqlite3.Connection, shelf: Shelf) -> None:
    a, b = shelf.put("a", 100, sha256="x"), shelf.put("b", 100, sha256="x")
    tx.execute("UPDATE member SET role = 'config' WHERE file = 1")
    assert copies.of_models(tx) == {}, "of one model it is no weight at all"
    tx.execute("UPDATE file SET size = ?", (FLOOR,))
    assert copies.of_models(tx) == {a: 2, b: 2}, "a large one counts whatever it is"
    tx.execute("UPDATE file SET size = ?", (FLOOR - 1,))
    assert copies.of_models(tx) == {}


def test_one_of_several_small_weights_is_not_all_of_them(tx: sqlite3.Connection, shelf: Shelf) -> None:
    shelf.put("a", 100, sha256="x")
    b, c = shelf.put("b", 100, sha256="x"), shelf.put("c", 100, sha256="x")
    shelf.put("more", 70)
    tx.execute("UPDATE member SET place = 1, role = 'adapter' WHERE name = 'more'")
    assert copies.of_models(tx) == {b: 3, c: 3}


def test_what_lies_beside_the_weights_and_where_models_are(tx: sqlite3.Connection, shelf: Shelf) -> None:
    one = shelf.put("a", 10)
    (place,) = copies.online_places(tx).values()
    assert (place.model, place.tool, place.path) == (one, "ollama", "/m/a") and copies.beside_weights(tx) == {}
    (file,) = tx.execute("SELECT file FROM member").fetchone()
    for name in ("z.json", "b.txt"):
        row = (place.id, file, f"/m/{name}".encode(), "config", name)
        tx.execute("INSERT INTO member (place, file, path, role, name) VALUES (?, ?, ?, ?, ?)", row)
    assert copies.beside_weights(tx) == {place.id: ("/m/b.txt", "/m/z.json")}
    tx.execute("UPDATE root SET state = 'offline'")
    assert copies.online_places(tx) == {}
