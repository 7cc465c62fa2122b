"""A file that goes and is seen by another way goes from there too: which that is, is found and said."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from catalogued import file_view, place_view
from factory import write

from model_manager.app import App
from model_manager.base.volumes import Volumes
from model_manager.library.removal import seen_elsewhere as module
from model_manager.library.removal.seen_elsewhere import seen_elsewhere
from model_manager.library.removal.shelf import Shelf


def shelf(*paths: Path) -> Shelf:
    files = {n: [file_view(1, n, n, str(path), size=os.stat(path).st_size)] for n, path in enumerate(paths)}
    return Shelf({}, [place_view(n, 1, 1, str(path)) for n, path in enumerate(paths)], files, {}, (), {}, frozenset())


@pytest.fixture
def stacked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Paths that are taken to lie on a file system that shows files of another one. What they show cannot be told."""
    found: set[str] = set()
    monkeypatch.setattr(module, "may_show_others", lambda path, _volumes: path in found)
    monkeypatch.setattr(module, "sameness", lambda one, other, _volumes: "two" if "other" in one + other else "unknown")
    return found


def pairs(going: Iterable[Path], known: Shelf, app: App) -> list[tuple[str, str]]:
    volumes: Volumes = app.volumes
    return sorted(seen_elsewhere((str(path) for path in going), known, volumes))


def test_an_ordinary_disk_has_no_second_ways(tmp_path: Path, app: App) -> None:
    a, b = write(tmp_path / "a", b"x" * 9), write(tmp_path / "b", b"x" * 9)
    assert pairs([a], shelf(a, b), app) == [], "a copy is a file of its own"


def test_where_a_file_system_shows_others_it_is_asked(tmp_path: Path, app: App, stacked: set[str]) -> None:
    a, b, other = (write(tmp_path / name, b"x" * 9) for name in ("a", "b", "other"))
    small = write(tmp_path / "small", b"x")
    known = shelf(a, b, other, small)
    assert pairs([a], known, app) == []
    stacked.add(str(a))
    assert pairs([a], known, app) == [(str(a), str(b))], "not what is shown to be another, nor what is of another size"
    stacked.clear()
    stacked.add(str(b))
    assert pairs([a], known, app) == [(str(a), str(b))], "by the way that stays as well"
    assert pairs([a, b], known, app) == [], "it goes anyhow"
    assert pairs([a, tmp_path / "gone"], known, app) == [(str(a), str(b))]


def test_of_several_that_go_each_is_told(tmp_path: Path, app: App, stacked: set[str]) -> None:
    a, b, way = (write(tmp_path / name, b"x" * 9) for name in ("a", "b", "way"))
    stacked.add(str(way))
    assert pairs([a, b], shelf(a, b, way), app) == [(str(a), str(way)), (str(b), str(way))]


def test_links_empty_files_and_what_is_gone_are_nobodys_second_way(tmp_path: Path, app: App, stacked: set[str]) -> None:
    a, b = write(tmp_path / "a", b"x" * 9), write(tmp_path / "b", b"x" * 9)
    empty, void = write(tmp_path / "empty"), write(tmp_path / "void")
    known = shelf(a, b, empty, void)
    stacked |= {str(path) for path in (a, b, empty, void)}
    assert pairs([empty], known, app) == []
    os.unlink(b)
    assert pairs([a], known, app) == []
    os.symlink(a, b)
    assert pairs([a], known, app) == [], "a link is not what it leads to"
    long = tmp_path / "long"
    os.symlink("aaaaaaaaa"[: len("b" * 9)], long)  # a link whose own size is that of the files
    os.unlink(b)
    write(b, b"x" * 9)
    assert pairs([long], known, app) == []
