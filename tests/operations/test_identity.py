"""What was seen when a plan was made is known again, and anything else is not taken for it."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from scenes import VOLUMES, put

from model_manager.operations.identity import (
    Identity,
    identity_from_record,
    identity_of,
    identity_to_record,
    is_as_left,
    is_named_by_content,
    whole_tree,
)

FILE, FOLDER = Identity("disk", 7, 10, 20), Identity("disk", 7)


def seen(path: Path) -> Identity:
    return identity_of(str(path), os.lstat(path), VOLUMES)


def test_a_file_has_its_number_size_and_time_a_folder_its_number_alone(tmp_path: Path) -> None:
    details = os.lstat(put(tmp_path / "a", b"four"))
    volume = VOLUMES.of(str(tmp_path), details.st_dev).name
    assert seen(tmp_path / "a") == Identity(volume, details.st_ino, 4, details.st_mtime_ns)
    assert seen(tmp_path) == Identity(volume, os.lstat(tmp_path).st_ino)


def test_the_same_thing_by_number_whatever_became_of_it() -> None:
    assert FILE.is_same_thing(replace(FILE, size=11, mtime_ns=21)) and not FILE.is_same_thing(None)
    assert not FILE.is_same_thing(replace(FILE, inode=8)) and not FILE.is_same_thing(replace(FILE, volume="other"))


def test_where_numbers_do_not_last_size_and_time_tell() -> None:
    nameless = replace(FILE, inode=0)
    assert nameless.is_same_thing(replace(nameless))
    assert not nameless.is_same_thing(replace(nameless, size=11))
    assert not nameless.is_same_thing(replace(nameless, mtime_ns=21))


def test_as_left_is_the_same_to_its_time_unless_that_was_set() -> None:
    assert is_as_left(FILE, "/m", FILE) and not is_as_left(FILE, "/m", replace(FILE, mtime_ns=21))
    assert is_as_left(FILE, "/m", replace(FILE, mtime_ns=21), timeless=True)
    assert not is_as_left(FILE, "/m", replace(FILE, size=11, mtime_ns=21), timeless=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "m/a", b"1234")
    put(tmp_path / "m/sub/b", b"5678")
    os.symlink("a", tmp_path / "m/link")
    return tmp_path / "m"


def test_a_folder_is_as_left_with_all_that_it_holds(folder: Path) -> None:
    left = whole_tree(str(folder), seen(folder))
    assert left.tree is not None and left == whole_tree(str(folder), seen(folder))
    assert is_as_left(left, str(folder), seen(folder))
    assert not is_as_left(left, str(folder), replace(seen(folder), inode=1))


@pytest.mark.parametrize("change", [
    lambda m: (m / "new").touch(), lambda m: (m / "a").unlink(), lambda m: (m / "a").rename(m / "z"),
    lambda m: (m / "sub/b").write_bytes(b"56789"), lambda m: os.utime(m / "sub/b", ns=(1, 1)),
    lambda m: (m / "sub/new").mkdir(), lambda m: ((m / "link").unlink(), os.symlink("sub", m / "link")),
    lambda m: (m / "sub").rename(m / "bus"),
])  # fmt: skip
def test_a_folder_with_anything_else_in_it_is_not_as_left(change: object, folder: Path) -> None:
    left = whole_tree(str(folder), seen(folder))
    change(folder)  # type: ignore[operator]
    assert not is_as_left(left, str(folder), seen(folder))


def test_another_file_with_the_same_looks_is_seen_in_a_folder_by_its_number(folder: Path) -> None:
    left = whole_tree(str(folder), seen(folder))
    nameless = whole_tree(str(folder), replace(seen(folder), inode=0))
    times = os.lstat(folder / "a").st_mtime_ns
    (folder / "a").rename(folder.parent / "kept")
    (folder / "a").write_bytes(b"4321")
    os.utime(folder / "a", ns=(times, times))
    assert whole_tree(str(folder), seen(folder)) != left
    assert whole_tree(str(folder), replace(seen(folder), inode=0)) == nameless  # there numbers are made up


def test_a_file_is_not_a_folder_of_its_name(folder: Path) -> None:
    (folder / "sub/b").unlink()
    marks = set()
    for kind in (lambda path: path.mkdir(), lambda path: os.mkfifo(path), lambda path: path.touch()):
        kind(folder / "sub/b")
        times = (1, 1)
        os.utime(folder / "sub/b", ns=times)
        marks.add(whole_tree(str(folder), replace(seen(folder), inode=0)).tree)
        details = os.lstat(folder / "sub/b")
        (folder / "sub/b").rmdir() if stat.S_ISDIR(details.st_mode) else (folder / "sub/b").unlink()
    assert len(marks) == 3


def test_a_folder_that_cannot_be_read_through_cannot_go_whole(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        whole_tree(str(tmp_path / "gone"), FOLDER)


@pytest.mark.parametrize("name, is_content", [
    ("a" * 40, True), ("a" * 64, True), ("sha256-" + "0" * 64, True), ("a" * 39, False), ("a" * 65, False),
    ("a" * 64 + ".gguf", False), ("x" + "a" * 40, False), ("g" * 40, False), ("model.gguf", False),
])  # fmt: skip
def test_names_that_are_the_hash_of_what_they_hold(name: str, is_content: bool) -> None:
    assert is_named_by_content(f"/m/{name}") is is_content


@pytest.mark.parametrize("identity", [FILE, FOLDER, replace(FOLDER, tree="mark"), Identity("disk", 0, 0, 0)])
def test_the_journal_gives_back_the_same(identity: Identity) -> None:
    assert identity_from_record(identity_to_record(identity)) == identity


def test_a_folder_has_no_figures_in_the_journal() -> None:
    assert identity_to_record(FOLDER) == {"volume": "disk", "inode": 7}


@pytest.mark.parametrize("bad", [
    None, [], "x", {}, {"volume": "disk"}, {"inode": 7}, {"volume": 1, "inode": 7}, {"volume": "disk", "inode": "7"},
    {"volume": "disk", "inode": 7, "size": "1"}, {"volume": "disk", "inode": 7, "size": 1, "mtime_ns": 1.5},
    {"volume": "disk", "inode": 7, "tree": 3},
])  # fmt: skip
def test_nothing_else_is_taken_for_an_identity(bad: object) -> None:
    with pytest.raises(ValueError):
        identity_from_record(bad)
