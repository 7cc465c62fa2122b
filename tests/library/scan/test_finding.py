"""Which folders are watched: what adapters name, each folder once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model

from model_manager.app import App
from model_manager.catalog import problems
from model_manager.catalog.roots import RootRow
from model_manager.library.scan import finding
from model_manager.library.scan.finding import RootSearch
from model_manager.stores import adapters
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundRoot
from model_manager.stores.host.env import Env


def naming(store: Store, *found: FoundRoot, fails: bool = False) -> Store:
    def find(env: Env) -> Iterator[FoundRoot]:
        yield from found
        if fails:
            raise RuntimeError("a mistake")

    return replace(store, find=find)


def search(app: App) -> dict[str, RootRow]:
    rows = RootSearch(app.database, app.env(), str(app.paths.data), app.volumes).run()
    return {root.path: root for root in rows}


def test_a_folder_belongs_to_the_first_that_names_it(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, *_rest = adapters.STORES
    folder, inner = home / "AI", home / "AI/borrowed"
    inner.mkdir(parents=True)
    (home / "way").symlink_to(folder)
    app.paths.data.mkdir(parents=True, exist_ok=True)
    stores = (
        naming(one, FoundRoot(one.tool, str(folder)), FoundRoot(one.tool, str(app.paths.data))),
        naming(
            two,
            FoundRoot(two.tool, str(home / "way")),
            FoundRoot(two.tool, str(inner), details={"extra": "yes"}),
        ),
    )
    monkeypatch.setattr(adapters, "STORES", stores)
    found = search(app)
    assert list(found) == [str(folder)], "ours is never a root, nor is a folder that is only borrowed"
    assert (found[str(folder)].tool, list(found[str(folder)].also)) == (one.tool, [two.tool])


def test_an_adapter_that_fails_keeps_what_it_named(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/a/b", {"model": gguf_bytes(seed=1)})
    before = search(app)
    assert [root.tool for root in before.values()] == ["ollama"]
    broken = [naming(store, fails=True) if store.tool == "ollama" else store for store in adapters.STORES]
    monkeypatch.setattr(adapters, "STORES", broken)
    monkeypatch.setattr(finding.log, "exception", lambda *args: None)
    assert search(app) == before
    with app.database.read() as tx:
        told = dict(problems.of_search(tx))
    assert list(told) == ["ollama"] and "a mistake; the folders known before are still read" in told["ollama"]
