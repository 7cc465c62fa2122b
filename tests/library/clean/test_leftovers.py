"""What lies beside the models: what goes with which plan, what is not certain and why, and what it weighs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, tree, write
from opened_by import opened_by_another
from removing import scan

from model_manager.app import App
from model_manager.catalog import roots
from model_manager.catalog.leftovers import LeftoverRow
from model_manager.jobs import Cancelled, Progress
from model_manager.library.clean.leftovers import Leftovers, RemovableLeftover, called, offers, read_rests
from model_manager.library.removal.shelf import shelf_of_leftovers
from model_manager.library.scan import watch

SIZE = 9000


def orphan(store: Path, name: str = "a", data: bytes = b"x" * SIZE) -> Path:
    path = write(store / "blobs" / f"sha256-{name * 64}", data)
    os.utime(path, (10**9, 10**9))
    return path


@pytest.fixture
def store(home: Path) -> Path:
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/a", {"model": gguf_bytes()})
    return home / ".ollama/models"


def rests(app: App) -> Leftovers:
    return read_rests(app.database, app.volumes, app.env())


def offered(app: App, progress: Progress | None = None) -> list[RemovableLeftover]:
    every = rests(app).flagged + tuple(row for row, _why in rests(app).unclear)
    return offers(shelf_of_leftovers(app.database), app.volumes, app.env(), every, progress)


def on_disk(*paths: Path) -> int:
    return sum(min(path.stat().st_size, 512 * path.stat().st_blocks) for path in paths)


def test_an_orphan_goes_alone_and_weighs_what_it_does(app: App, store: Path) -> None:
    one, two = orphan(store), orphan(store, "b")
    scan(app)
    found = rests(app)
    assert {row.path for row in found.flagged} == {str(one), str(two)} and found.unclear == ()
    assert found.size == 2 * SIZE and found.bytes == on_disk(one, two) and found.there == found.flagged
    for offer in offered(app):
        assert offer.plan is not None and [step.path for step in offer.plan.steps] == [offer.row.path]
        assert offer.plan.frees == on_disk(one) and not offer.why and offer.plan.steps[0].verb == "delete"


def test_nothing_lies_beside(app: App, store: Path) -> None:
    scan(app)
    assert rests(app) == Leftovers((), ()) and offered(app) == []


def test_what_somebody_has_open_is_not_called_unused(app: App, store: Path) -> None:
    held, free = orphan(store), orphan(store, "b")
    scan(app)
    with opened_by_another(held):
        found = rests(app)
        assert [row.path for row in found.flagged] == [str(free)]
        ((row, why),) = found.unclear
        assert row.path == str(held) and why == "in use by sleep"
        offer = next(one for one in offered(app) if one.row.path == str(held))
        assert offer.plan is None and offer.why == why
    assert rests(app).unclear == ()
    assert found.size == 2 * SIZE, "it lies there all the same"


def test_a_blob_with_a_name_elsewhere_is_weighed_once(app: App, store: Path, home: Path) -> None:
    """Two names of one orphan are one; what is a file of a model by another name is none."""
    first = orphan(store)
    os.link(first, orphan(store, "b").with_name(f"sha256-{'c' * 64}"))
    models = tree(home / "models", {"m.gguf": gguf_bytes(seed=9)})
    os.link(models / "m.gguf", store / "blobs" / f"sha256-{'d' * 64}")
    os.utime(models / "m.gguf", (10**9, 10**9))
    watch.add_root(app.database, str(models))
    scan(app)
    found = rests(app)
    assert len(found.flagged) + len(found.unclear) == 2 and found.size == 2 * SIZE


def test_what_went_since_is_told_as_it_was(app: App, store: Path) -> None:
    one = orphan(store)
    scan(app)
    one.unlink()
    found = rests(app)
    assert [row.path for row in (*found.flagged, *(row for row, _why in found.unclear))] == [str(one)]


def test_what_is_away_weighs_nothing(app: App, store: Path, home: Path) -> None:
    here, away = orphan(store), home / "stick/.ollama/models"
    ollama_model(away, "registry.ollama.ai/library/m/a", {"model": gguf_bytes(seed=3)})
    gone = orphan(away, "b")
    watch.add_root(app.database, str(away), "ollama")
    scan(app)
    assert rests(app).size == 2 * SIZE
    with app.database.write() as tx:
        stick = next(root.id for root in roots.every(tx) if root.path == str(away))
        tx.execute("UPDATE root SET state = 'offline' WHERE id = ?", (stick,))
    shutil.rmtree(home / "stick")
    found = rests(app)
    assert found.size == SIZE and found.bytes == on_disk(here)
    assert [row.path for row in found.there] == [str(here)]
    assert [row.path for row, _why in found.unclear] == [str(gone)], "of what is away nothing is certain"


def test_a_download_is_no_payload_that_needs_a_reason(app: App, home: Path) -> None:
    hub = home / ".cache/huggingface/hub"
    hub_repo(hub, "org/m", {"m.gguf": gguf_bytes()})
    partial = write(hub / "models--org--m/blobs" / f"{'e' * 64}.incomplete", b"half" * 2000)
    os.utime(partial, (10**9, 10**9))
    scan(app)
    with opened_by_another(partial):
        found = rests(app)
    assert [(row.kind, row.path) for row in found.flagged] == [("partial", str(partial))] and found.unclear == ()


def test_it_can_be_stopped(app: App, store: Path) -> None:
    orphan(store)
    scan(app)
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        offered(app, progress)
    told = Progress()
    offered(app, told)
    assert (told.done, told.total) == (0, 1)


@pytest.mark.parametrize(
    ("kind", "path", "of", "name"),
    [
        ("partial", "/b/x.incomplete", "org/m:main", "org/m"), ("detached-revision", "/c/abc", "org/m", "org/m"),
        ("partial", "/b/x.part", "", "x.part"), ("partial", "/b/sha256-" + "a" * 64, "sha256:aaa", "sha256-aaaaaaaaaaaa…"),
        ("orphan", "/b/sha256-" + "f" * 64, "org/m", "sha256-ffffffffffff…"), ("archive", "/b/m.zip", "m", "m.zip"),
    ],
)  # fmt: skip
def test_what_a_person_would_call_it(kind: str, path: str, of: str, name: str) -> None:
    assert called(LeftoverRow("t", kind, path, 1, 1, of)) == name
