"""Files that are another file by a second way: figures count them once, and those that it matters to are told."""

from __future__ import annotations

import os
import sqlite3

import pytest
from shelf import Shelf

from model_manager.catalog import mount_aliases, roots
from model_manager.catalog.mount_aliases import AliasGroup

STRANGE = os.fsdecode(b"/m/caf\xe9")


@pytest.fixture
def four(shelf: Shelf) -> list[int]:
    """Models 1 to 4, whose files 1 to 4 have 10, 20, 30 and 40 bytes."""
    return [shelf.put(name, 10 * (number + 1), STRANGE if number == 0 else "") for number, name in enumerate("abcd")]


def test_files_are_told_by_one_of_their_paths(tx: sqlite3.Connection, shelf: Shelf, four: list[int]) -> None:
    shelf.put("empty", 0)
    found = mount_aliases.files(tx)
    assert [(one.file, one.path, one.volume, one.kind, one.size) for one in found] == [
        (1, STRANGE, "uuid:1", "ext4", 10), (2, "/m/b", "uuid:1", "ext4", 20), (3, "/m/c", "uuid:1", "ext4", 30), (4, "/m/d", "uuid:1", "ext4", 40),
    ]  # fmt: skip
    real = os.stat(shelf.folder / "a-10")
    assert (found[0].inode, found[0].mtime_ns) == (real.st_ino, real.st_mtime_ns) and mount_aliases.kinds(tx) == {
        "ext4"
    }
    assert mount_aliases.is_known(tx, "uuid:1", real.st_ino) and not mount_aliases.is_known(tx, "uuid:2", real.st_ino)
    assert not mount_aliases.is_known(tx, "uuid:1", 1)
    roots.update(tx, shelf.root, state="offline")
    assert mount_aliases.files(tx) == [] and not mount_aliases.is_known(tx, "uuid:1", real.st_ino)


def test_what_changes_is_told_by_the_models_that_it_matters_to(tx: sqlite3.Connection, four: list[int]) -> None:
    a, b, c, d = four
    assert mount_aliases.replace(tx, {2: AliasGroup(1, True)}) == {a, b}
    assert (
        mount_aliases.every(tx) == {2: AliasGroup(1, True)}
        and mount_aliases.replace(tx, {2: AliasGroup(1, True)}) == set()
    )
    assert mount_aliases.replace(tx, {2: AliasGroup(1, True), 4: AliasGroup(3, False)}) == {c, d}
    assert mount_aliases.replace(tx, {2: AliasGroup(1, False), 4: AliasGroup(3, False)}) == {a, b}, (
        "how sure it is, is a change too"
    )
    assert mount_aliases.replace(tx, {4: AliasGroup(3, False)}) == {a, b} and mount_aliases.every(tx) == {
        4: AliasGroup(3, False)
    }
    mount_aliases.replace(tx, {4: AliasGroup(99, True)})
    assert mount_aliases.every(tx) == {}, "a file that is not in the catalogue stands for none"


def test_what_counts_once_is_told_by_how_sure_it_is(tx: sqlite3.Connection, shelf: Shelf, four: list[int]) -> None:
    assert mount_aliases.counted_once(tx) == (0, 0)
    mount_aliases.replace(tx, {2: AliasGroup(1, True), 3: AliasGroup(1, True), 4: AliasGroup(1, False)})
    assert mount_aliases.counted_once(tx) == (50, 40)
    other = roots.add(tx, "plain", "/n", "user", {})
    tx.execute("UPDATE place SET root = ? WHERE model = ?", (other, four[3]))
    roots.update(tx, other, state="offline")
    assert mount_aliases.counted_once(tx) == (50, 0), "what was unplugged weighs nothing here"
    tx.execute("UPDATE place SET root = ? WHERE model = ?", (other, four[0]))
    assert mount_aliases.counted_once(tx) == (0, 0), "the one that stands for them is away: they weigh for themselves"


def test_twice_is_what_one_group_has_by_both_ways(tx: sqlite3.Connection, four: list[int]) -> None:
    mount_aliases.replace(tx, {2: AliasGroup(1, True), 4: AliasGroup(3, True)})
    assert mount_aliases.twice_in(tx, "place.root") == {1: 60} and mount_aliases.twice_in(tx, "place.model") == {}
    tx.execute("UPDATE place SET tool = 'plain' WHERE model = ?", (four[1],))
    assert mount_aliases.twice_in(tx, "place.tool") == {"ollama": 40}


def test_partners_are_found_by_whichever_way(tx: sqlite3.Connection, four: list[int]) -> None:
    a, b, c, d = four
    assert mount_aliases.partners(tx, [a]) == {a} and mount_aliases.partners(tx, []) == set()
    mount_aliases.replace(tx, {2: AliasGroup(1, True), 3: AliasGroup(1, True)})
    assert (
        mount_aliases.partners(tx, [a])
        == mount_aliases.partners(tx, [b])
        == mount_aliases.partners(tx, [c])
        == {a, b, c}
    )
    assert mount_aliases.partners(tx, [d]) == {d}
    tx.execute("UPDATE member SET file = 4 WHERE file = 3")
    assert mount_aliases.partners(tx, [d]) == {c, d}, "the very same file"


def test_what_is_shared_is_told_under_the_one_that_stands_for_it(tx: sqlite3.Connection, four: list[int]) -> None:
    a, b, c, d = four
    assert mount_aliases.shared(tx) == {}
    mount_aliases.replace(tx, {2: AliasGroup(1, True)})
    assert mount_aliases.shared(tx) == mount_aliases.shared(tx, four) == {a: ((1, 10, 10),), b: ((1, 20, 20),)}
    mount_aliases.replace(tx, {})
    tx.execute("UPDATE member SET file = 4 WHERE file = 3")
    assert mount_aliases.shared(tx) == {c: ((4, 40, 40),), d: ((4, 40, 40),)}
    assert mount_aliases.shared(tx, [c]) == {c: ((4, 40, 40),)} and mount_aliases.shared(tx, [a]) == {}
