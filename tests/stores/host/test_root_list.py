"""The roots of one tool: each real folder once, in the order given, and never one that holds the home folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from looking import env_of

from model_manager.stores.discovered import FoundRoot
from model_manager.stores.host.root_list import RootList


def test_a_folder_that_is_there(home: Path) -> None:
    (home / "models").mkdir()
    (found,) = RootList("jan", env_of(home)).take(f"{home}/x/../models/", "config", layout="flat", category="")
    assert found == FoundRoot("jan", str(home / "models"), "config", {"layout": "flat"})


def test_the_first_way_to_a_folder_counts(home: Path) -> None:
    (home / "models").mkdir()
    (home / "link").symlink_to("models")
    roots = RootList("jan", env_of(home))
    ways = [(str(home / "link"), "environment"), (str(home / "models"), "default"), (str(home / "link"), "config")]
    found = [root for path, by in ways for root in roots.take(path, by)]  # type: ignore[arg-type]
    assert [(root.path, root.found_by) for root in found] == [(str(home / "link"), "environment")]


def test_what_is_missing_a_file_or_relative_is_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").write_text("")
    (home / "models").mkdir()
    monkeypatch.chdir(home)
    for path in (str(home / "gone"), str(home / "file"), "models", "./models", "", "."):
        assert list(RootList("jan", env_of(home)).take(path, "config")) == []


def test_home_and_what_holds_it_is_no_root(home: Path) -> None:
    (home / "up").symlink_to(home.parent)
    (home / "beside").mkdir()
    for path in (str(home), str(home.parent), "/", str(home / "up"), str(home / "beside" / "..")):
        assert list(RootList("jan", env_of(home)).take(path, "config")) == []
    twin = home.parent / (home.name + "-two")
    twin.mkdir()
    assert [root.path for root in RootList("jan", env_of(home)).take(str(twin), "config")] == [str(twin)]


def test_a_mount_that_does_not_answer_is_not_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "share").mkdir()
    monkeypatch.setattr("model_manager.base.reach.silent_mount", lambda path: path if path.endswith("share") else "")
    roots = RootList("jan", env_of(home))
    assert list(roots.take(str(home / "share"), "config")) == []
    monkeypatch.undo()
    assert len(list(roots.take(str(home / "share"), "config"))) == 1 and os.path.isdir(home / "share")
