"""A file system that does not answer keeps nobody waiting, and nothing on it is taken for gone."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.app import App
from model_manager.base.volumes import Mount, Volumes
from model_manager.catalog import roots
from model_manager.catalog.rows import read_rows
from model_manager.jobs import Progress
from model_manager.library.scan import watch
from model_manager.stores.walk.store_reader import StoreReader

GGUF = [gguf_bytes(seed=seed) for seed in (71, 72, 73, 74)]


@pytest.fixture
def share(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that passes for a mounted network share."""
    path = home / "share"
    plain = Volumes.mount_of

    def mount_of(volumes: Volumes, asked: str) -> Mount | None:
        inside = asked == str(path) or asked.startswith(f"{path}/")
        return Mount(0, str(path), "nfs4", "nas:/share", False) if inside else plain(volumes, asked)

    monkeypatch.setattr(Volumes, "mount_of", mount_of)
    monkeypatch.setattr("model_manager.library.scan.volume_lanes.SILENT_WITHIN", 0.3)
    monkeypatch.setattr("model_manager.library.scan.watch.ANSWER_WITHIN", 0.3)
    return path


def names(app: App) -> set[str]:
    with app.database.read() as tx:
        return {row.name for row in read_rows(tx)}


def states(app: App) -> dict[str, str]:
    with app.database.read() as tx:
        return {os.path.basename(root.path): root.state for root in roots.every(tx)}


def test_a_share_is_read_like_any_folder(app: App, home: Path, share: Path) -> None:
    write(share / "far.gguf", GGUF[0])
    write(home / "AI/near.gguf", GGUF[1])
    for path in (share, home / "AI"):
        watch.add_root(app.database, str(path))
    report = app.scanner().run(Progress())
    assert names(app) == {"far", "near"} and report.models == 2 and report.read_bytes > len(GGUF[0])
    assert states(app) == {"share": "online", "AI": "online"}
    (share / "far.gguf").unlink()
    app.scanner().run(Progress())
    assert names(app) == {"near"}


def test_a_share_that_hangs_delays_nobody_and_loses_nothing(
    app: App, home: Path, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(share / "far.gguf", GGUF[0])
    write(share / "deep/other.gguf", GGUF[3])
    write(home / "AI/near.gguf", GGUF[1])
    for path in (share, share / "deep", home / "AI"):
        watch.add_root(app.database, str(path))
    app.scanner().run(Progress())
    write(home / "AI/new.gguf", GGUF[2])
    (share / "far.gguf").unlink()

    answers, ended = threading.Event(), threading.Event()
    plain = StoreReader.listing

    def listing(reader: StoreReader, folder: str) -> list[os.DirEntry[str]]:
        if not folder.startswith(str(share)):
            return plain(reader, folder)
        answers.wait(20)
        try:
            return plain(reader, folder)
        finally:
            ended.set()

    monkeypatch.setattr(StoreReader, "listing", listing)
    start = time.monotonic()
    report = app.scanner().run(Progress())
    assert time.monotonic() - start < 10 and not report.cancelled
    assert states(app) == {"share": "not-answering", "deep": "not-answering", "AI": "online"}
    assert names(app) == {"far", "other", "near", "new"}

    answers.set()  # what was left behind ends without a word
    assert ended.wait(10)
    for thread in threading.enumerate():
        if thread.name.startswith("reading "):
            thread.join(10)
            assert not thread.is_alive()
    assert names(app) == {"far", "other", "near", "new"} and states(app)["share"] == "not-answering"
    app.scanner().run(Progress())
    assert names(app) == {"other", "near", "new"}
    assert set(states(app).values()) == {"online"}


def test_a_share_that_does_not_even_answer_first(
    app: App, home: Path, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(share / "far.gguf", GGUF[0])
    write(home / "AI/near.gguf", GGUF[1])
    for path in (share, home / "AI"):
        watch.add_root(app.database, str(path))
    app.scanner().run(Progress())
    answers = threading.Event()
    plain = os.listdir
    monkeypatch.setattr(
        os, "listdir", lambda path=".": (answers.wait(20) if path == str(share) else None, plain(path))[1]
    )
    app.scanner().run(Progress())
    answers.set()
    assert states(app) == {"share": "not-answering", "AI": "online"} and names(app) == {"far", "near"}


def test_cancelling_while_a_share_hangs(app: App, home: Path, share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(share / "far.gguf", GGUF[0])
    watch.add_root(app.database, str(share))
    app.scanner().run(Progress())
    monkeypatch.setattr("model_manager.library.scan.volume_lanes.SILENT_WITHIN", 60)
    answers, met = threading.Event(), threading.Event()
    plain = StoreReader.listing
    monkeypatch.setattr(
        StoreReader, "listing", lambda reader, folder: (met.set(), answers.wait(20), plain(reader, folder))[2]
    )
    progress = Progress()
    threading.Thread(target=lambda: (met.wait(10), progress.cancel())).start()
    start = time.monotonic()
    assert app.scanner().run(progress).cancelled
    assert time.monotonic() - start < 5
    answers.set()
    assert names(app) == {"far"}
