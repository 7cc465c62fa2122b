"""A data folder on a network file system gets a rollback journal; nothing of a scan needs shared memory there."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.app import build
from model_manager.base import volumes
from model_manager.base.volumes import NETWORK, Mount
from model_manager.jobs import Progress
from model_manager.library.scan import watch


def mounted(monkeypatch: pytest.MonkeyPatch, point: Path, kind: str) -> None:
    """As if a file system of this kind were mounted there."""
    real = volumes.read_mounts()
    extra = Mount(point.stat().st_dev, str(point), kind, "server:/share", False)
    monkeypatch.setattr(volumes, "read_mounts", lambda: [*real, extra])


def journal_of(data: Path) -> str:
    with contextlib.closing(sqlite3.connect(data / "catalogue.sqlite3")) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


@pytest.mark.parametrize("linked", [False, True], ids=["there", "by a link"])
@pytest.mark.parametrize("kind", sorted(NETWORK))
def test_the_journal_fits_the_file_system(
    kind: str, linked: bool, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    data = share / "own"
    if linked:
        data.mkdir()
        (tmp_path / "link").symlink_to(data)
    mounted(monkeypatch, share, kind)
    write(home / "AI/a.gguf", gguf_bytes())
    app = build(str(tmp_path / "link" if linked else data))
    try:
        watch.add_root(app.database, str(home / "AI"))
        assert app.scanner().run(Progress()).models == 1
        assert not [name for name in os.listdir(share / "own") if name.endswith(("-wal", "-shm"))]
    finally:
        app.close()
    assert journal_of(data) == "delete"


def test_elsewhere_it_is_the_faster_one(tmp_path: Path) -> None:
    build(str(tmp_path / "own")).close()
    assert journal_of(tmp_path / "own") == "wal"


def test_one_that_moves_to_a_share_changes_its_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share = tmp_path / "share"
    build(str(share / "own")).close()
    assert journal_of(share / "own") == "wal"
    mounted(monkeypatch, share, "nfs4")
    build(str(share / "own")).close()
    assert journal_of(share / "own") == "delete"
