"""An overlay: what lies in its lower layer is only hidden by a deletion, so nothing is promised of it."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from mounts import second_way
from removing import offers, plan, scan

from model_manager.app import App
from model_manager.base import comes_back as rule
from model_manager.base.volumes import Mount, Volumes
from model_manager.library.duplicates.search import prove
from model_manager.library.scan import watch

ONE, TWO = gguf_bytes(seed=71), gguf_bytes(seed=72)


def watched(app: App, folder: Path) -> None:
    watch.add_root(app.database, str(folder))
    scan(app)


def test_what_lies_below_frees_nothing_and_that_is_said(app: App, home: Path) -> None:
    tree(home / "lower", {"a.gguf": ONE})
    with second_way("overlay", home / "lower", home / "merged") as merged:
        tree(merged, {"b.gguf": TWO})
        watched(app, merged)
        below = plan(app, str(merged / "a.gguf"), way="delete")
        assert below.frees == 0 and [one for one in below.warnings if "nothing comes free" in one]
        above = plan(app, str(merged / "b.gguf"), way="delete")
        assert above.frees == os.stat(merged / "b.gguf").st_blocks * 512 or above.frees == len(TWO)
        assert not [one for one in above.warnings if "free" in one]
        assert app.operations.apply(below).state == "applied"
        assert not (merged / "a.gguf").exists() and (home / "lower/a.gguf").read_bytes() == ONE


def test_a_file_that_was_copied_up_frees_its_copy(app: App, home: Path) -> None:
    tree(home / "lower", {"a.gguf": ONE})
    with second_way("overlay", home / "lower", home / "merged") as merged:
        with open(merged / "a.gguf", "r+b") as file:
            file.write(ONE[:4])
        watched(app, merged)
        assert plan(app, str(merged / "a.gguf"), way="delete").frees > 0


def test_layers_that_cannot_be_seen_promise_nothing(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a container the folders of the layers have no path."""
    tree(home / "lower", {"a.gguf": ONE})
    with second_way("overlay", home / "lower", home / "merged") as merged:
        watched(app, merged)
        real = Volumes.mount_of

        def elsewhere(self: Volumes, path: str) -> Mount | None:
            mount = real(self, path)
            if mount is None or mount.kind != "overlay":
                return mount
            return dataclasses.replace(mount, options="lowerdir=/not/here,upperdir=/not/here/upper,workdir=/w")

        monkeypatch.setattr(Volumes, "mount_of", elsewhere)
        made = plan(app, str(merged / "a.gguf"), way="delete")
        assert made.frees == 0 and [one for one in made.warnings if "may not come free" in one]


def test_copies_and_suggestions_promise_nothing_of_what_lies_below(app: App, home: Path) -> None:
    tree(home / "lower", {"a.gguf": ONE, "b.gguf": ONE, "broken.gguf": TWO[:-40]})
    with second_way("overlay", home / "lower", home / "merged") as merged:
        watched(app, merged)
        assert prove(app.database, app.volumes).reclaimable == 0
        assert [one.frees for one in offers(app) if one.rule == "broken"] == [0]


def test_elsewhere_all_comes_back(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a" * 5000)
    assert rule.comes_back(str(tmp_path / "a"), 5000, Volumes()) == rule.Back(5000)
