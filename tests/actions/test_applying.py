"""What was applied is looked at again, also where it failed; who shows models hears before why they go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, write

from model_manager.actions import applying, listing, removal, roots, scanning, undoing
from model_manager.actions.scanning import ScansElsewhere
from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import ModelsChanged
from model_manager.jobs import Progress
from model_manager.library.scan.turns import Turn
from model_manager.operations import Plan


def nobody(busy: ScansElsewhere) -> None:
    raise AssertionError(busy)


@pytest.fixture
def plan(app: App, home: Path) -> Plan:
    """One of two models goes."""
    for seed, name in enumerate(("goes", "stays")):
        write(home / f"mine/{name}.gguf", gguf_bytes(seed=seed))
    roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())
    return removal.plan_named(app, ["goes"]).plan


def names(app: App) -> list[str]:
    return sorted(row.name for row in listing.rows(app))


def test_applied_and_put_back(app: App, plan: Plan) -> None:
    order: list[Any] = []
    gone = listing.id_of(app, "goes")
    applied = applying.apply(app, plan, nobody, None, order.append, order.append)
    assert applied.operation.state == "applied" and applied.gone == {gone} and names(app) == ["stays"]
    changed = next(at for at, one in enumerate(order) if isinstance(one, ModelsChanged))
    assert order.index(applied) < changed, "why they go is known before that they went"
    assert undoing.no_longer_so(app, [plan.id]) == set()
    assert undoing.undo(app, plan.id, nobody).state == "undone" and names(app) == ["goes", "stays"]
    assert undoing.no_longer_so(app, [plan.id]) == {plan.id}


def test_where_it_fails_the_folders_are_looked_at_all_the_same(
    app: App, home: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window did, the command did not: what was done before the failure stayed listed."""

    def fails(plan: Plan, progress: object = None) -> None:
        (home / "mine/goes.gguf").unlink()
        raise ModelManagerError("apply", "", "the journal is full")

    monkeypatch.setattr(app.operations, "apply", fails)
    with pytest.raises(ModelManagerError, match="journal is full"):
        applying.apply(app, plan, nobody)
    assert names(app) == ["stays"]


def test_undo_that_fails_is_looked_at_too(app: App, home: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    applying.apply(app, plan, nobody)

    def fails(id_: str, units: object = None, progress: object = None) -> None:
        write(home / "mine/goes.gguf", gguf_bytes(seed=0))
        raise ModelManagerError("undo", "", "the disk is full")

    monkeypatch.setattr(app.operations, "undo", fails)
    with pytest.raises(ModelManagerError, match="disk is full"):
        undoing.undo(app, plan.id, nobody)
    assert names(app) == ["goes", "stays"]


def test_while_another_process_scans_the_change_is_made_and_that_is_said(
    app: App, home: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning.look, "__defaults__", (*(scanning.look.__defaults__ or ())[:-1], 0.1))
    other = Turn(str(app.paths.data))
    assert other.taken()
    said: list[ScansElsewhere] = []
    assert applying.apply(app, plan, said.append).operation.state == "applied"
    assert len(said) == 1 and not (home / "mine/goes.gguf").exists()
    other.drop()
    scanning.scan(app, Progress())
    assert names(app) == ["stays"]
