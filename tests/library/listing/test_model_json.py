"""The JSON of models."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, tree

from model_manager.app import App
from model_manager.catalog import models
from model_manager.jobs import Progress
from model_manager.library.labels import user_labels
from model_manager.library.listing import model_json
from model_manager.library.listing.model_json import models_json
from model_manager.library.scan import watch


@pytest.fixture
def ids(app: App, home: Path) -> list[int]:
    """Five models, the largest first."""
    files = {f"{name}.gguf": gguf_bytes(seed=seed) + bytes(64 * seed) for seed, name in enumerate("abcde")}
    watch.add_root(app.database, str(tree(home / "AI", files)))
    app.scanner().run(Progress())
    with app.database.read() as tx:
        return models.largest_first(tx)


@pytest.mark.parametrize("at_once", [1, 2, 5, 500])
def test_models_come_whole_and_in_the_order_that_is_asked_for(
    app: App, ids: list[int], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_json, "_AT_ONCE", at_once)
    found = list(models_json(app.database, [*ids, 999]))
    assert [model["name"] for model in found] == ["e", "d", "c", "b", "a"]
    assert [model["files"][0]["path"][-6:] for model in found] == [f"{name}.gguf" for name in "edcba"]
    assert list(models_json(app.database, reversed(ids))) == found[::-1]


def test_only_a_few_are_in_memory_at_a_time(app: App, ids: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of a later model while the first ones are printed stands in the document: it was not read yet."""
    monkeypatch.setattr(model_json, "_AT_ONCE", 2)
    found = models_json(app.database, ids)
    next(found)
    user_labels.set_note(app.database, ids[-1], "said meanwhile")
    assert [model["note"] for model in found] == ["", "", "", "said meanwhile"]
