"""Which operation comes first, what its undo would do, and giving one up."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.actions import applying, removal, roots, scanning, undoing
from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.jobs import Progress


@pytest.fixture
def ids(app: App, home: Path) -> list[str]:
    for seed, name in enumerate(("one", "two")):
        write(home / f"mine/{name}.gguf", gguf_bytes(seed=seed))
    roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())
    plans = [removal.plan_named(app, [name]).plan for name in ("one", "two")]
    return [applying.apply(app, plan, lambda busy: None).operation.id for plan in plans]


def test_the_newest_that_can_go_back_and_then_the_one_before(app: App, ids: list[str]) -> None:
    for expected in ids[::-1]:
        asked = undoing.newest(app)
        assert asked is not None and asked.operation.id == expected
        undoing.undo(app, expected, lambda busy: None)
    assert undoing.newest(app) is None


def test_what_was_tried_in_vain_comes_last(app: App, ids: list[str]) -> None:
    asked = undoing.newest(app, [ids[1]])
    assert asked is not None and asked.operation.id == ids[0]


def test_looking_first_changes_nothing(app: App, home: Path, ids: list[str]) -> None:
    asked = undoing.to_undo(app, ids[0], [1])
    assert asked.units == (1,) and [step.path for step in asked.undoing.steps] == [str(home / "mine/one.gguf")]
    told = undoing.plan_json(asked, "Undo: this")
    assert told["title"] == "Undo: this" and told["state"] == "planned" and not (home / "mine/one.gguf").exists()


def test_what_is_settled_cannot_be_given_up(app: App, ids: list[str]) -> None:
    with pytest.raises(ModelManagerError, match="nothing to give up"):
        undoing.give_up(app, ids[0])
