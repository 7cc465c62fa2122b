"""What is planned and undone from the window: what may be meant, what is told, what is asked first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from factory import gguf_bytes, ollama_model, write
from taken import taken

from model_manager.app import App
from model_manager.controllers.changes import Applied, ChangesController, Planned
from model_manager.controllers.library import LibraryController
from model_manager.jobs import Progress
from model_manager.library.duplicates import search as duplicates
from model_manager.library.duplicates.sharing import plan_sharing
from model_manager.library.removal.plan_words import action_text, final_text, things
from model_manager.library.scan import watch

ONE, TWO = gguf_bytes(seed=1), gguf_bytes(seed=2)
NAMES = ("registry.ollama.ai/library/some/7b", "registry.ollama.ai/robin/mine/latest")

SAID = ["robin/mine:latest", "some:7b"]


@pytest.fixture
def ids(app: App, home: Path) -> dict[str, int]:
    """A model of two names in Ollama, and two copies in a folder; by what holds them."""
    for name in NAMES:
        ollama_model(home / ".ollama/models", name, {"model": ONE})
    for name in ("a", "b"):
        write(home / f"mine/{name}.gguf", TWO)
    watch.add_root(app.database, str(home / "mine"))
    app.scanner().run(Progress())
    library = LibraryController(app, MagicMock())
    library.start()
    until(app, library.handle, lambda: len(library.rows) == 3)
    return {row.name if row.tools == "folder" else row.tools: row.id for row in library.rows}


def until(app: App, handle: Callable[[Any], None], done: Callable[[], bool]) -> None:
    while not done():
        handle(taken(app))


def planned(app: App, library: LibraryController, ids: tuple[int, ...], place: int | None = None) -> Planned:
    view = MagicMock()
    changes = ChangesController(app, view)
    places = () if place is None else (place,)
    changes.plan(library.removal(ids, places), ways=True, choices=lambda: library.choices(ids[0], place))
    until(app, changes.handle, lambda: view.review.called)
    found: Planned = view.review.call_args.args[0]
    return found


def test_a_model_of_two_names_says_one_number_everywhere(app: App, ids: dict[str, int]) -> None:
    shown = planned(app, LibraryController(app, MagicMock()), (ids["ollama"],))
    plan = shown.plan
    assert plan is not None and plan.title in [f"Move to the trash: {name} and 1 other name (2 items)" for name in SAID]
    assert sorted(name for name, _steps in things(plan)) == SAID
    assert sorted(step.n for _name, steps in things(plan) for step in steps) == [step.n for step in plan.steps]
    assert "2 items" in action_text(plan) and len(list(plan.units())) == 1
    assert shown.choices.now == 0 and shown.choices.all[0].text.startswith("the whole model, all 2 places: Ollama: ")
    gone = shown.make and shown.make("delete")
    assert gone and "and 1 other name (2 items)" in gone.title and final_text(gone).startswith("2 items")


def test_one_place_of_it_says_what_stays(app: App, ids: dict[str, int]) -> None:
    library = LibraryController(app, MagicMock())
    whole = library.choices(ids["ollama"])
    alone = {choice.text: choice for choice in whole.all[1:]}
    assert sorted(alone) == [f"only Ollama: {name}" for name in SAID]
    plan = alone["only Ollama: robin/mine:latest"].make("trash")
    assert plan.title == "Move to the trash: robin/mine:latest" and "1 item" in action_text(plan)
    assert "some:7b stays, it is the same model" in plan.warnings
    assert not library.choices(ids["a"]).all


def test_undo_that_copies_nothing_is_not_asked_about(app: App, ids: dict[str, int], home: Path) -> None:
    plan = LibraryController(app, MagicMock()).removal((ids["a"],))("trash")
    done = app.operations.apply(plan)
    view = MagicMock()
    changes = ChangesController(app, view)
    changes.handle(Applied(done.id, "", True))
    changes.undo(done.id)
    until(app, changes.handle, lambda: (home / "mine/a.gguf").exists())
    assert not view.ask_undo.called


def test_undo_of_shared_copies_is_asked_about_once_and_changes_nothing_before(
    app: App, ids: dict[str, int], home: Path
) -> None:
    groups = duplicates.prove(app.database, app.volumes, Progress(), ()).groups
    done = app.operations.apply(plan_sharing(app.database, app.volumes, app.env(), groups))
    assert (home / "mine/a.gguf").samefile(home / "mine/b.gguf")
    view = MagicMock()
    changes = ChangesController(app, view)
    changes.handle(Applied(done.id, "", True))
    changes.undo(done.id)
    changes.undo(done.id)
    until(app, changes.handle, lambda: view.ask_undo.called)
    (asked,) = [call.args[0] for call in view.ask_undo.call_args_list]
    assert [room.needs for room in asked.undoing.rooms] == [len(TWO)] and "are copied to" in asked.undoing.warnings[0]
    assert (home / "mine/a.gguf").samefile(home / "mine/b.gguf")
    changes.put_back(done.id, asked.units)
    until(app, changes.handle, lambda: not (home / "mine/a.gguf").samefile(home / "mine/b.gguf"))
    assert (home / "mine/a.gguf").read_bytes() == (home / "mine/b.gguf").read_bytes() == TWO
