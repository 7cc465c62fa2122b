"""Nothing costs more than its input: what is read of a store does not grow with the number of questions about it."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model, sha256

from model_manager.app import App
from model_manager.jobs import Progress
from model_manager.library.clean.candidate import library_of
from model_manager.library.clean.memory import this_machine
from model_manager.library.clean.offers import offered
from model_manager.library.clean.rules import candidates
from model_manager.library.listing.status import status
from model_manager.stores.ollama import removal as ollama_removal
from model_manager.stores.walk import under_way

MODELS, ORPHANS = 6, 12


def test_a_manifest_is_not_read_for_each_orphan(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = home / ".ollama/models"
    for number in range(MODELS):
        ollama_model(store, f"registry.ollama.ai/library/m{number}/latest", {"model": gguf_bytes(seed=number)})
    for number in range(ORPHANS):
        body = gguf_bytes(seed=100 + number)
        path = store / f"blobs/sha256-{sha256(body)}"
        path.write_bytes(body)
        os.utime(path, (10**9, 10**9))
    app.scanner().run(Progress())
    asked: Counter[str] = Counter()
    digests, locks = ollama_removal.digests, under_way.Locks.__init__

    def read(path: str) -> object:
        asked[path] += 1
        return digests(path)

    def listed(self: under_way.Locks) -> None:
        asked["locks"] += 1
        locks(self)

    monkeypatch.setattr(ollama_removal, "digests", read)
    monkeypatch.setattr(under_way.Locks, "__init__", listed)
    assert status(app.database, app.volumes, app.env()).leftovers["orphan"] > 0
    assert set(asked.values()) == {1} and len(asked) == MODELS + 1
    asked.clear()
    library = library_of(app.database, this_machine())
    found = offered(app.database, app.volumes, app.env(), library, candidates(library))
    assert sum(one.rule == "orphan" for one in found) == ORPHANS
    assert set(asked.values()) == {1}
