"""Folders that models left behind are offered; a person's own folders are not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from factory import gguf_bytes, tree, write

from model_manager.app import App
from model_manager.catalog import leftovers
from model_manager.jobs import Progress
from model_manager.library.clean.candidate import library_of
from model_manager.library.clean.memory import Machine
from model_manager.library.clean.offers import wanted_of
from model_manager.library.clean.rules import candidates
from model_manager.library.removal.planning import plan_removal
from model_manager.library.scan import empty_folders, watch
from model_manager.library.scan.empty_folders import is_empty


def scanned(app: App) -> list[tuple[str, str]]:
    """(path, words) of the empty folders that a scan leaves known."""
    app.scanner().run(Progress())
    with app.database.read() as tx:
        return [(row.path, row.of) for row in leftovers.every(tx) if row.kind == "empty-folder"]


def test_what_somebody_emptied_is_offered_and_goes(app: App, home: Path) -> None:
    top = tree(home / ".lmstudio/models", {"org/some-GGUF/some-Q4_0.gguf": gguf_bytes(seed=1),
               "org/other-GGUF/other-Q4_0.gguf": gguf_bytes(seed=2)})  # fmt: skip
    (top / "mine/for later").mkdir(parents=True)
    assert scanned(app) == []
    (top / "org/some-GGUF/some-Q4_0.gguf").unlink()
    emptied = [(str(top / "org/some-GGUF"), "of org/some-GGUF/some-Q4_0, which is gone")]
    assert scanned(app) == emptied
    assert scanned(app) == emptied  # as long as it is there
    library = library_of(app.database, Machine(64 << 30))
    (one,) = candidates(library, ["empty-folder"])
    assert one.confidence == "certain" and one.frees == 0
    plan = plan_removal(app.database, app.volumes, app.env(), wanted_of(library, [one]))
    assert app.operations.apply(plan).state == "applied"
    assert not (top / "org/some-GGUF").exists() and (top / "mine/for later").is_dir()
    assert scanned(app) == []


def test_with_anything_in_it_it_is_nobodys_business(app: App, home: Path) -> None:
    top = tree(
        home / "own", {"a/b/m.gguf": gguf_bytes(seed=1), "a/c/n.gguf": gguf_bytes(seed=2), "d.gguf": gguf_bytes(seed=3)}
    )
    watch.add_root(app.database, str(top))
    scanned(app)
    for name in ("a/b/m.gguf", "a/c/n.gguf", "d.gguf"):
        (top / name).unlink()
    (top / "a/c/link").symlink_to("nowhere")
    assert scanned(app) == [(str(top / "a/b"), "of a/b/m, which is gone")]
    write(top / "a/b/notes.txt", "mine")
    assert scanned(app) == []


def test_the_highest_empty_one_below_a_root_s_children(app: App, home: Path) -> None:
    top = tree(home / "own", {"llm/org/some/m.gguf": gguf_bytes(seed=1)})
    watch.add_root(app.database, str(top))
    scanned(app)
    (top / "llm/org/some/m.gguf").unlink()
    assert scanned(app) == [(str(top / "llm/org"), "of llm/org/some/m, which is gone")]
    shutil.rmtree(top / "llm")
    assert scanned(app) == []


def test_empty_means_no_file_and_no_link(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    assert is_empty(str(tmp_path / "a")) and not is_empty(str(tmp_path / "gone"))
    (tmp_path / "l").symlink_to(tmp_path / "a")
    assert not is_empty(str(tmp_path / "l"))
    write(tmp_path / "a/b/c/.hidden")
    assert not is_empty(str(tmp_path / "a"))


def test_the_place_of_a_drive_is_not_empty(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks empty is a mount point whose drive is not connected."""
    place = home / "models/org/on my drive"
    place.mkdir(parents=True)
    assert is_empty(str(place)) and is_empty(str(place.parent))
    table = write(
        tmp_path / "fstab",
        f"# comment\nUUID=1 / ext4 defaults 0 1\nUUID=2 {str(place).replace(' ', chr(92) + '040')} ext4 noauto 0 2\n",
    )
    monkeypatch.setattr(empty_folders, "FSTAB", str(table))
    assert not is_empty(str(place)) and not is_empty(str(place.parent))
