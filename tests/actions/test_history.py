"""What was done, what of it lies in the trash, and plans to delete that."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.actions import applying, history, removal, roots, scanning
from model_manager.app import App
from model_manager.base.errors import UsageError
from model_manager.jobs import Progress


@pytest.fixture
def ids(app: App, home: Path) -> list[str]:
    """Two models in the trash by an operation each, and a plan that was only stored."""
    for seed, name in enumerate(("one", "two", "three")):
        write(home / f"mine/{name}.gguf", gguf_bytes(seed=seed))
    roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())
    applying.store(app, removal.plan_named(app, ["three"]).plan)
    plans = [removal.plan_named(app, [name]).plan for name in ("one", "two")]
    return [applying.apply(app, plan, lambda busy: None).operation.id for plan in plans]


def test_what_was_only_stored_was_not_done(app: App, ids: list[str]) -> None:
    past = history.history(app)
    assert len(past.operations) == 3 and [one.id for one in past.done] == ids[::-1] and past.problems == ()


def test_what_lies_there_of_all_of_these_and_for_so_long(app: App, home: Path, ids: list[str]) -> None:
    assert [item.operation for item in history.in_trash(app, ids[:1])] == ids[:1]
    assert history.in_trash(app, days=1) == []
    with pytest.raises(UsageError, match="there is no operation of this id"):
        history.in_trash(app, ["nonsense"])
    items = history.with_room(app, history.in_trash(app))
    assert len(items) == 2 and all(item.frees > 0 for item in items)


def test_emptying_takes_what_was_named_alone(app: App, ids: list[str]) -> None:
    plan = history.plan_emptying_of(app, ids[0])
    assert applying.apply(app, plan, lambda busy: None).operation.state == "applied"
    left = [item.operation for item in history.in_trash(app) if item.where == "trash"]
    assert left == ids[1:]
