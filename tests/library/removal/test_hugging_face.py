"""A model leaves a Hugging Face cache: what lies on the disk then, what is listed, and what `clean` offers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conformance import aged
from factory import gguf_bytes, hub_repo
from removing import apply, known, offers, places_in, plan, records, scan, undo

from model_manager.app import App

SMALL, LARGE = gguf_bytes(seed=61), gguf_bytes(seed=62, keys={"general.file_type": 7})
A = "a" * 40
QUANTS = {"m-Q4_K_M.gguf": SMALL, "m-Q8_0.gguf": LARGE}


def cache_of(home: Path) -> Path:
    return home / ".cache/huggingface/hub"


def bytes_in(cache: Path) -> list[bytes]:
    """The contents of all weights in a cache, each file once; notes and cards left out."""
    found = {os.stat(path).st_ino: path.read_bytes() for path in cache.rglob("*") if path.is_file()}
    return sorted(data for data in found.values() if data.startswith(b"GGUF"))


def names(app: App) -> dict[str, object]:
    """Each model by its name, with its verdict."""
    return {str(model["name"]): model["health"] for model in records(app).values()}


def id_of(app: App, ending: str) -> str:
    (found,) = [id_ for id_, files in known(app).items() if any(path.endswith(ending) for path in files)]
    return found


@pytest.mark.parametrize("is_shared", [False, True], ids=["own blobs", "shared blobs"])
def test_one_quant_of_a_repository(is_shared: bool, app: App, home: Path) -> None:
    cache = cache_of(home)
    base = hub_repo(cache, "org/m", {**QUANTS, "README.md": b"# card", "config.json": b"{}"}, shared=is_shared)
    aged(home)
    scan(app)
    before, verdicts = known(app), names(app)
    done = apply(app, plan(app, id_of(app, "m-Q4_K_M.gguf")))
    assert bytes_in(cache) == [LARGE]
    assert sorted(os.listdir(base / "snapshots" / A)) == ["README.md", "config.json", "m-Q8_0.gguf"]
    assert all(os.path.exists(path) for path in (base / "snapshots" / A).iterdir()), "every link leads somewhere"
    assert (base / "refs/main").read_text() == A
    scan(app)
    (left,) = names(app)
    assert "Q8_0" in left and names(app)[left] == verdicts[left] and not offers(app), "nothing of it is left over"
    undo(app, done)
    scan(app)
    assert known(app) == before and names(app) == verdicts and bytes_in(cache) == sorted(QUANTS.values())


@pytest.mark.parametrize("is_shared", [False, True], ids=["own blobs", "shared blobs"])
def test_both_quants_take_the_repository(is_shared: bool, app: App, home: Path) -> None:
    cache = cache_of(home)
    base = hub_repo(cache, "org/m", {**QUANTS, "README.md": b"# card"}, shared=is_shared)
    aged(home)
    scan(app)
    done = apply(app, plan(app, *known(app)))
    scan(app)
    assert not base.exists() and bytes_in(cache) == [] and known(app) == {}
    undo(app, done)
    scan(app)
    assert len(known(app)) == 2 and bytes_in(cache) == sorted(QUANTS.values()) and not offers(app)


def test_bytes_that_two_repositories_share_go_with_the_last(app: App, home: Path) -> None:
    cache = cache_of(home)
    first = hub_repo(cache, "org/first", {"m-Q4_K_M.gguf": SMALL}, shared=True)
    second = hub_repo(cache, "org/second", {"n-Q4_K_M.gguf": SMALL}, shared=True)
    aged(home)
    scan(app)
    before = {path for files in known(app).values() for path in files}
    done = apply(app, plan(app, *known(app), places=places_in(app, "org/first")))
    assert not first.exists() and second.exists() and bytes_in(cache) == [SMALL]
    scan(app)
    assert len(known(app)) == 1 and not offers(app)
    last = apply(app, plan(app, *known(app)))
    assert bytes_in(cache) == [] and not second.exists()
    undo(app, last)
    undo(app, done)
    scan(app)
    assert {path for files in known(app).values() for path in files} == before
