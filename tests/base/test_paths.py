"""Where our own files lie, and that nobody else may look into them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from model_manager.base.paths import OwnPaths, own_paths


def test_the_folder_that_was_given_wins_then_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_MANAGER_DATA", str(tmp_path / "variable"))
    assert own_paths(str(tmp_path / "given")).data == tmp_path / "given"
    assert own_paths().data == own_paths("").data == tmp_path / "variable"


def test_without_either_it_is_the_systems_place(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODEL_MANAGER_DATA")
    found = own_paths().data
    assert found.is_relative_to(home) and found.name == "model-manager"


def test_a_place_is_absolute_and_in_the_users_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert own_paths("~/here").data == home / "here"
    assert own_paths("beside").data == tmp_path / "beside"


def test_everything_lies_below_it_under_names_of_its_own(tmp_path: Path) -> None:
    own = OwnPaths(tmp_path)
    places = [own.catalogue, own.settings, own.journal, own.log, own.scratch]
    assert [place.parent for place in places] == [tmp_path] * 5
    assert [place.name for place in places] == [
        "catalogue.sqlite3", "settings.json", "journal", "model-manager.log", "scratch",
    ]  # fmt: skip


def test_the_folder_is_made_for_its_owner_alone_and_kept_as_it_is(tmp_path: Path) -> None:
    own = OwnPaths(tmp_path / "deep/data")
    before = os.umask(0)
    try:
        own.create()
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(own.data).st_mode) == 0o700
    own.catalogue.write_text("x")
    own.create()
    assert own.catalogue.read_text() == "x"


def test_a_file_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    with pytest.raises(FileExistsError):
        OwnPaths(tmp_path / "data").create()
    assert (tmp_path / "data").read_text() == "mine"
