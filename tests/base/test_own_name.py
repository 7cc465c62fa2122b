"""One name of a file is one name, by whatever folder one comes to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import write
from mounts import bind_mount

from model_manager.base import own_name
from model_manager.base.own_name import apart, name_key


def test_the_folder_is_told_by_what_it_is_and_the_name_as_it_is(tmp_path: Path) -> None:
    write(tmp_path / "a/x")
    (tmp_path / "way").symlink_to("a")
    (tmp_path / "a/link").symlink_to("x")
    assert name_key(str(tmp_path / "a/x")) == name_key(str(tmp_path / "way/x"))
    assert name_key(str(tmp_path / "a/x")) != name_key(str(tmp_path / "a/link")), "no link in the name is followed"
    assert name_key(str(tmp_path / "a/not-there")) == name_key(str(tmp_path / "way/not-there"))


def test_two_names_of_one_file_are_two(tmp_path: Path) -> None:
    os.link(write(tmp_path / "a"), tmp_path / "b")
    paths = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert apart(paths) == paths


def test_a_second_way_to_a_folder_gives_no_second_name(tmp_path: Path) -> None:
    for name in "xy":
        write(tmp_path / "a" / name)
    (tmp_path / "way").symlink_to("a")
    given = [str(tmp_path / one) for one in ("way/x", "a/x", "a/y", "way/y", "a/x")]
    assert apart(iter(given)) == [given[0], given[2]], "the first one stays"
    assert apart([]) == []


def test_a_bind_mount_gives_no_second_name(tmp_path: Path) -> None:
    write(tmp_path / "a/x")
    with bind_mount(tmp_path / "a", tmp_path / "b"):
        assert apart([str(tmp_path / "a/x"), str(tmp_path / "b/x")]) == [str(tmp_path / "a/x")]


def test_folders_that_cannot_be_asked_are_told_by_their_path(tmp_path: Path) -> None:
    paths = [str(tmp_path / "gone/x"), str(tmp_path / "gone too/x")]
    assert apart(paths) == paths and name_key(paths[0]) == (str(tmp_path / "gone"), "x")


@pytest.mark.parametrize(("inode", "believed"), [(0, False), (1, True), ((1 << 32) - 1, False), ((1 << 32) - 2, True),
                                                 (1 << 32, True), ((1 << 32) + 5, True)])  # fmt: skip
def test_numbers_that_a_driver_gives_every_folder_are_not_believed(
    inode: int, believed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_name.reach, "must_answer", lambda _path: None)
    monkeypatch.setattr(os, "stat", lambda _path: os.stat_result((0o40755, inode, 9, 1, 0, 0, 0, 0, 0, 0)))
    assert name_key("/v/x") == ((9, inode, "x") if believed else ("/v", "x"))


def test_each_folder_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(own_name.reach, "must_answer", asked.append)
    apart([str(tmp_path / str(number)) for number in range(5)])
    assert asked == [str(tmp_path)]
    name_key(str(tmp_path / "1"))
    name_key(str(tmp_path / "1"))
    assert len(asked) == 3, "without a memory each time anew"


def test_a_folder_on_a_silent_mount_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_path: str) -> None:
        raise OSError("does not answer")

    monkeypatch.setattr(own_name.reach, "must_answer", silent)
    monkeypatch.setattr(os, "stat", lambda _path: pytest.fail("touched"))
    assert name_key("/net/a/x") == ("/net/a", "x")
