"""How a root ends: what went is gone, what cannot be read is not, and a folder that was left behind is offered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.app import App
from model_manager.catalog import roots
from model_manager.jobs import Progress
from model_manager.library.scan import watch


def test_what_went_leaves_its_empty_folder(app: App, home: Path) -> None:
    path = write(home / "AI/publisher/name/one.gguf", gguf_bytes(seed=1))
    write(home / "AI/two.gguf", gguf_bytes(seed=2))
    watch.add_root(app.database, str(home / "AI"))
    assert app.scanner().run(Progress()).models == 2
    path.unlink()
    assert app.scanner().run(Progress()).models == 1
    with app.database.read() as tx:
        left = [(kind, os.fsdecode(path)) for kind, path in tx.execute("SELECT kind, path FROM leftover")]
    assert left == [("empty-folder", str(home / "AI/publisher/name"))]


def test_a_folder_that_cannot_be_listed_keeps_its_models(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home / "AI/shut/one.gguf", gguf_bytes(seed=1))
    root = watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())
    write(home / "AI/shut/one.json", "{}")
    plain = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return plain(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = app.scanner().run(Progress())
    assert report.models == 1 and [problem.path for problem in report.problems] == [str(home / "AI/shut")]
    with app.database.read() as tx:
        assert next(row for row in roots.every(tx) if row.id == root.id).state == "online"
