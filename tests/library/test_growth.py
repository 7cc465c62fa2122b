"""Nothing costs more than its input: what is read of a store does not grow with the number of questions about it."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model, sha256, tree
from removing import known, plan

from model_manager.app import App
from model_manager.base import reach
from model_manager.jobs import Progress
from model_manager.library.clean.candidate import library_of
from model_manager.library.clean.memory import this_machine
from model_manager.library.clean.offers import offered
from model_manager.library.clean.rules import candidates
from model_manager.library.listing.status import status
from model_manager.library.scan import watch
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


@pytest.mark.parametrize("count", [4, 40])
def test_a_plan_looks_at_each_file_as_often_however_many_are_as_large(
    app: App, home: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """LoRAs of one training are all of one size: each was asked whether it is a link for each of the others."""
    for number in range(count):
        tree(home / f"AI/m{number}", {f"m{number}.gguf": gguf_bytes(seed=number)})
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())
    asked: Counter[str] = Counter()
    look = reach.lstat

    def counted(path: str) -> os.stat_result:
        asked[path] += 1
        return look(path)

    monkeypatch.setattr(reach, "lstat", counted)
    plan(app, *known(app))
    assert max(count for path, count in asked.items() if path.endswith(".gguf")) <= 6


def test_the_files_of_one_model_are_not_compared_with_each_other(app: App, home: Path) -> None:
    """8,000 of them took 23 s: a list was searched for each."""
    count, compared = 300, 0
    names = {f"m-{number:05}-of-{count:05}.gguf": gguf_bytes(seed=number) for number in range(1, count + 1)}
    tree(home / "AI/m", names)
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())

    def tracer(frame: object, event: str, _value: object) -> None:
        nonlocal compared
        compared += event == "call" and frame.f_code.co_name == "__eq__"  # type: ignore[attr-defined]

    sys.setprofile(tracer)
    try:
        made = plan(app, *known(app))
    finally:
        sys.setprofile(None)
    assert len(made.steps) in (1, count) and compared < 20 * count
