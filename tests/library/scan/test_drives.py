"""Whether watched folders are still there: each change is told once, and a folder that stays costs a `stat`."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from removing import scan

from model_manager.app import App
from model_manager.library.scan import watch
from model_manager.library.scan.drives import Drives, Moved


@pytest.fixture
def drives(app: App, home: Path) -> Drives:
    tree(home / "AI", {"a.gguf": gguf_bytes(seed=3)})
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    return Drives(app.database)


def look(drives: Drives, home: Path, slow_too: bool = True) -> list[str]:
    """The new state of the folder, as far as it is told of."""
    found = drives.look(slow_too)
    assert all(isinstance(one, Moved) and one.path == str(home / "AI") for one in found)
    return [one.state for one in found]


def test_what_stays_is_not_told_and_not_looked_into(
    drives: Drives, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look(drives, home) == []
    monkeypatch.setattr(watch, "state_of", lambda *args: pytest.fail("asked more than a stat"))
    assert look(drives, home) == []


def test_what_went_and_came_back_is_told_once_each(drives: Drives, app: App, home: Path) -> None:
    assert look(drives, home) == []
    (home / "AI").rename(home / "away")
    assert look(drives, home) == ["offline"] and look(drives, home) == []
    scan(app)
    assert look(drives, home) == []
    (home / "away").rename(home / "AI")
    assert look(drives, home) == ["online"] and look(drives, home) == []


def test_what_came_back_before_anybody_scanned_is_as_it_was(drives: Drives, home: Path) -> None:
    (home / "AI").rename(home / "away")
    assert look(drives, home) == ["offline"]
    (home / "away").rename(home / "AI")
    assert look(drives, home) == []
    (home / "AI").rename(home / "away")
    assert look(drives, home) == ["offline"]


def test_network_drives_are_asked_only_where_that_is_wanted(
    drives: Drives, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "is_slow", lambda path, volumes: True)
    (home / "AI").rename(home / "away")
    assert look(drives, home, slow_too=False) == [] and look(drives, home) == ["offline"]


def test_a_folder_that_was_never_scanned_or_is_ignored_is_not_told(app: App, home: Path) -> None:
    (home / "AI").mkdir()
    watch.add_root(app.database, str(home / "AI"))
    (home / "AI").rmdir()
    assert Drives(app.database).look(True) == []
