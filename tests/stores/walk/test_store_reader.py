"""Looking at the disk: what cannot be read is a problem and never an end, and nothing forbidden is entered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conformance import facts
from factory import tree

from model_manager.base.facts import Facts
from model_manager.stores.discovered import Problem
from model_manager.stores.walk import store_reader as module
from model_manager.stores.walk.store_reader import (
    FORBIDDEN,
    StoreReader,
    files_below,
    forbidden,
    is_folder,
    is_link,
    lies_below,
)


def problems(reader: StoreReader) -> list[tuple[str, str, str]]:
    return [(one.path, one.kind, one.why) for one in reader.problems]


def entry(folder: Path, name: str) -> os.DirEntry[str]:
    return next(one for one in os.scandir(folder) if one.name == name)


@pytest.mark.parametrize("name", [*FORBIDDEN, ".Trash-1000"])
def test_trashes_and_snapshots_are_forbidden(name: str) -> None:
    assert forbidden(name) and not forbidden("x" + name)
    assert forbidden(name + "s") is name.startswith(".Trash-")


def test_folders_and_links(home: Path) -> None:
    tree(home, {"folder/a": b"", "file": b""})
    for name, target in (("way", "folder"), ("loop", "loop"), ("dead", "gone")):
        (home / name).symlink_to(target)
    assert [is_folder(entry(home, name)) for name in ("folder", "way", "file", "loop", "dead")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert not is_folder(entry(home, "way"), links=False) and is_folder(entry(home, "folder"), links=False)
    assert [is_link(entry(home, name)) for name in ("way", "loop", "dead", "folder", "file")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_what_lies_below_folders() -> None:
    assert lies_below("/a/b/c", {"/a"}) and lies_below("/a/b", {"/x", "/a"}) and lies_below("/a", {"/"})
    assert not lies_below("/a", {"/a"}) and not lies_below("/ab/c", {"/a"}) and not lies_below("/a/b", ())


def test_entries_by_name_and_none_of_a_folder_that_is_gone(home: Path) -> None:
    tree(home, dict.fromkeys(("c", "a", "B"), b""))
    reader = StoreReader(facts)
    assert [one.name for one in reader.entries(str(home))] == ["B", "a", "c"]
    assert {one.name for one in reader.listing(str(home))} == {"a", "B", "c"}
    assert reader.entries(str(home / "gone")) == [] and not reader.problems and not reader.unread


def test_a_folder_that_cannot_be_read_is_a_problem_and_unread(home: Path) -> None:
    (home / "file").write_text("")
    reader = StoreReader(facts)
    assert reader.entries(str(home / "file")) == []
    assert [(one.path, one.kind) for one in reader.problems] == [(str(home / "file"), "folder")] and reader.unread == [
        str(home / "file")
    ]


def test_more_names_than_are_looked_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NAMES", 3)
    tree(home, dict.fromkeys("abc", b""))
    reader = StoreReader(facts)
    assert len(reader.entries(str(home))) == 3 and not reader.problems
    (home / "d").touch()
    assert reader.entries(str(home)) == [] and reader.unread == [str(home)]
    assert problems(reader) == [(str(home), "folder", "has more than 3 names: not looked into")]


def test_a_link_to_a_drive_that_does_not_answer_is_left_out_and_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(home, {"a": b"", "b/c": b""})
    (home / "way").symlink_to("b")
    monkeypatch.setattr("model_manager.base.passable.silent_or_kernels", lambda path: ("/mnt/nas", False))
    reader = StoreReader(facts)
    assert [one.name for one in reader.entries(str(home))] == ["a", "b"]
    assert problems(reader) == [(str(home / "way"), "link", "the drive or share at /mnt/nas does not answer")]
    assert reader.unread == [str(home / "way")]


def test_what_the_kernel_shows_of_itself_is_left_out_silently(home: Path) -> None:
    (home / "root").symlink_to("/proc/self")
    (home / "model").symlink_to(".")
    reader = StoreReader(facts)
    assert [one.name for one in reader.entries(str(home))] == ["model"] and not reader.problems


def test_stat_is_of_regular_files_alone(home: Path) -> None:
    tree(home, {"a": b"12345", "folder/x": b""})
    (home / "way").symlink_to("a")
    (home / "dead").symlink_to("gone")
    os.mkfifo(home / "pipe")
    reader = StoreReader(facts)
    sizes = {
        name: found and found.st_size
        for name in ("a", "way", "dead", "gone", "folder", "pipe")
        for found in [reader.stat(str(home / name))]
    }
    assert sizes == {"a": 5, "way": 5, "dead": None, "gone": None, "folder": None, "pipe": None} and not reader.problems
    (home / "loop").symlink_to("loop")
    assert reader.stat(str(home / "loop")) is None and [one.kind for one in reader.problems] == ["file"]


def test_small_files(home: Path) -> None:
    tree(home, {"a": b"12345"})
    reader = StoreReader(facts)
    assert (
        reader.small(str(home / "a")) == b"12345"
        and reader.small(str(home / "gone")) is None
        and reader.small(str(home / "a/b")) is None
    )
    assert (
        not reader.problems
        and reader.small(str(home / "a"), 4) is None
        and [one.kind for one in reader.problems] == ["file"]
    )


@pytest.mark.parametrize(
    ("text", "found", "why"),
    [(b'{"a": [1]}', {"a": [1]}, ""), (b"[]", [], ""), (b"{", None, "is not valid JSON: "), (b"\xff", None, "is not valid JSON: "),
     (b"[" * 100_000, None, "is not "), (b"7", 7, "")],
)  # fmt: skip
def test_json(text: bytes, found: object, why: str, home: Path) -> None:
    tree(home, {"a.json": text})
    reader = StoreReader(facts)
    assert reader.json(str(home / "a.json")) == found and reader.json(str(home / "gone.json")) is None
    if why:
        ((path, kind, words),) = problems(reader)
        assert (path, kind) == (str(home / "a.json"), "json") and words.startswith(why)
    else:
        assert not reader.problems


@pytest.mark.parametrize(
    ("text", "found", "told"), [(b"a: 1\n", {"a": 1}, 0), (b"- a\n", {}, 1), (b"a: [\n", {}, 1), (b"", {}, 1)]
)
def test_yaml(text: bytes, found: object, told: int, home: Path) -> None:
    tree(home, {"a.yaml": text})
    reader = StoreReader(facts)
    assert reader.yaml(str(home / "a.yaml")) == found and [one.kind for one in reader.problems] == ["yaml"] * told
    assert reader.yaml(str(home / "gone.yaml")) == {} and len(reader.problems) == told


def test_problems_are_kept_up_to_a_number_and_the_others_counted() -> None:
    reader = StoreReader(facts)
    for number in range(module.MOST_PROBLEMS):
        reader.problem(f"/{number}", "file", "x" * 700)
    assert reader.told("/") == reader.problems and {len(one.why) for one in reader.problems} == {501}
    reader.problem("/more", "file", "")
    assert reader.told("/r")[-1] == Problem("/r", "more", "1 more problem in this folder is not listed")
    reader.problem("/more", "file", "")
    assert (
        reader.told("/r")[-1].why == "2 more problems in this folder are not listed"
        and len(reader.problems) == module.MOST_PROBLEMS
    )


def test_files_below_without_following_links_and_with_a_step_for_each_folder(home: Path) -> None:
    tree(home / "top", {"a": b"", "b/c": b"", "b/d/e": b""})
    (home / "top/way").symlink_to("b")
    steps: list[int] = []
    reader = StoreReader(lambda path, stat: Facts("unknown"), step=lambda: steps.append(1))
    found = {os.path.relpath(one.path, home / "top") for one in files_below(str(home / "top"), reader)}
    assert found == {"a", "b/c", "b/d/e", "way"} and len(steps) == 3
