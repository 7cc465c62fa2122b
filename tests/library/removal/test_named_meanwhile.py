"""A tag or a revision that comes while a model is removed: its layers come back before anything goes for good."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, sha256
from removing import known, look, plan, scan

from model_manager.app import App
from model_manager.library.removal.guard import Guard
from model_manager.operations import Disk, Operation, Operations
from model_manager.operations.plan_builder import Way

GGUF, OTHER = gguf_bytes(seed=31), gguf_bytes(seed=32)
NEW = "b" * 40


def applied(app: App, way: Way, coming: Callable[[], None]) -> Operation:
    """The plan for the one model, while something comes just when its last thing lies aside or in the trash."""
    plans = [plan(app, id_, way=way) for id_ in known(app)]
    old = next(one for one in plans if any(_holds(step.path) for step in one.steps))
    takes = [step for step in old.steps if step.verb in ("delete", "trash")]

    class Late(Disk):
        renames = 0

        def rename(self, path: str, target: str) -> None:
            super().rename(path, target)
            self.renames += 1
            if self.renames == len(takes):
                coming()

    guard = Guard(app.database, app.volumes, app.env)
    return Operations(app.paths, disk=Late(), volumes=app.volumes, guard=guard, once_aside=guard.once_aside).apply(old)


def _holds(path: str) -> bool:
    """Whether the bytes of the model lie at a path or below it."""
    return any(one.is_file() and one.read_bytes() == GGUF for one in (Path(path), *Path(path).rglob("*")))


def refused(done: Operation) -> None:
    assert done.state == "refused", [(step.state, step.problem) for step in done.steps]
    assert "needed by something else" in done.steps[0].problem


@pytest.mark.parametrize("way", ["delete", "trash"])
def test_an_ollama_tag_that_comes_in_between(way: Way, app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": GGUF})
    scan(app)
    manifest = store / "manifests/registry.ollama.ai/library/m/a"
    text, before = manifest.read_bytes(), look(home)

    def tag() -> None:
        (store / "manifests/registry.ollama.ai/library/n").mkdir()
        (store / "manifests/registry.ollama.ai/library/n/latest").write_bytes(text)

    refused(applied(app, way, tag))
    shutil.rmtree(store / "manifests/registry.ollama.ai/library/n")
    assert look(home) == before


@pytest.mark.parametrize("written", [b"", b'{"layers": ['])
def test_a_manifest_that_is_being_written_may_name_it(written: bytes, app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": GGUF})
    scan(app)
    refused(applied(app, "delete", lambda: _put(store / "manifests/registry.ollama.ai/library/n/latest", written)))
    assert (store / f"blobs/sha256-{sha256(GGUF)}").read_bytes() == GGUF


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_a_tag_of_other_layers_hinders_nobody(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": GGUF})
    scan(app)
    done = applied(
        app, "delete", lambda: ollama_model(store, "registry.ollama.ai/library/m/b", {"model": OTHER}) and None
    )
    assert done.state == "applied" and not (store / f"blobs/sha256-{sha256(GGUF)}").exists()


@pytest.mark.parametrize("way", ["delete", "trash"])
@pytest.mark.parametrize("whole", [True, False], ids=["whole repository", "one revision of two"])
def test_a_revision_that_comes_in_between(whole: bool, way: Way, app: App, home: Path) -> None:
    """The library finds the blob there and makes its link only."""
    cache = home / ".cache/huggingface/hub"
    repo = hub_repo(cache, "org/m", {"model.gguf": GGUF})
    if not whole:
        other = repo / "snapshots" / ("c" * 40)
        other.mkdir()
        (repo / "blobs" / sha256(OTHER)).write_bytes(OTHER)
        (other / "other.gguf").symlink_to(f"../../blobs/{sha256(OTHER)}")
        (repo / "refs/other").write_text("c" * 40)
    scan(app)

    def revision() -> None:
        there = repo / "snapshots" / NEW
        there.mkdir(parents=True)
        (there / "model.gguf").symlink_to(f"../../blobs/{sha256(GGUF)}")

    done = applied(app, way, revision)
    if whole:  # its folder was made anew meanwhile: the old one is kept, and it is told where
        assert GGUF in _contents(home) and done.steps[0].problem
        assert done.undoable if way == "trash" else done.state == "refused"
        assert ("in the trash" if way == "trash" else "kept as") in done.steps[0].problem
    else:
        assert "needed by something else" in done.steps[0].problem and done.state == "refused"
        gone = [blob for blob in (sha256(GGUF), sha256(OTHER)) if not (repo / "blobs" / blob).exists()]
        assert gone == [] and (repo / "snapshots" / NEW / "model.gguf").read_bytes() == GGUF


def _contents(top: Path) -> set[bytes]:
    return {path.read_bytes() for path in top.rglob("*") if path.is_file() and not path.is_symlink()}


def test_an_entry_of_docker_that_comes_in_between(app: App, home: Path) -> None:
    from model_manager.stores.adapters import BY_TOOL
    from model_manager.stores.discovered import FoundRoot

    digest = "a" * 64
    _put(
        home / "s/models.json",
        json.dumps({"models": [{"id": f"sha256:{'e' * 64}", "files": [f"sha256:{digest}"]}]}).encode(),
    )
    root, blob = FoundRoot("docker-model-runner", str(home / "s"), "user"), str(home / "s/blobs/sha256" / digest)
    ask = BY_TOOL["docker-model-runner"].removal.named_now
    assert list(ask(root, [blob, str(home / "s/blobs/sha256/other")], app.env())) == [blob]
    _put(Path(blob), b"again")
    assert list(ask(root, [blob], app.env())) == [], "it was fetched again"


def test_a_record_of_localai_that_comes_in_between(app: App, home: Path) -> None:
    from model_manager.stores.adapters import BY_TOOL
    from model_manager.stores.discovered import FoundRoot

    _put(home / "s/new.yaml", b"name: new\nparameters:\n  model: w.gguf\n")
    ask = BY_TOOL["localai"].removal.named_now
    root = FoundRoot("localai", str(home / "s"), "user")
    assert list(ask(root, [str(home / "s/w.gguf"), str(home / "s/v.gguf")], app.env())) == [str(home / "s/w.gguf")]
    assert os.listdir(home / "s") == ["new.yaml"]
