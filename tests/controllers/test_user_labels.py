"""What the person says of models is noted for all of them, and the window hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, write
from taken import taken

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import ModelsChanged
from model_manager.catalog import Database
from model_manager.catalog.rows import Row, read_rows
from model_manager.controllers.messages import DetailsStale, StatusMessage
from model_manager.controllers.user_labels import LabelsController
from model_manager.jobs import Progress
from model_manager.library.labels import user_labels
from model_manager.library.listing.model_json import show_json
from model_manager.library.scan import watch


@pytest.fixture
def two(app: App, tmp_path: Path) -> list[int]:
    for number, name in enumerate("ab"):
        write(tmp_path / f"mine/{name}.gguf", gguf_bytes(seed=number))
    watch.add_root(app.database, str(tmp_path / "mine"))
    app.scanner().run(Progress())
    return [row.id for row in rows(app)]


def rows(app: App) -> list[Row]:
    with app.database.read() as tx:
        return list(read_rows(tx))


def told(app: App) -> list[object]:
    found = []
    while app.jobs.live() or not app.jobs.messages.empty():
        found.append(taken(app))
    return found


def test_each_word_is_noted_for_all_the_models_and_told(app: App, two: list[int]) -> None:
    own = LabelsController(app)
    own.set_pinned(set(two), True)
    own.tag(set(two), ["mine", "old"], [])
    own.tag({two[0]}, [], ["old"])
    own.set_category(set(two), "misc")
    own.set_note(two[1], "keep it")
    messages = told(app)
    assert next(set(one.ids) for one in messages if isinstance(one, ModelsChanged)) == set(two)
    assert sum(isinstance(one, DetailsStale) for one in messages) == 5
    assert [(row.pinned, row.category) for row in rows(app)] == [(1, "misc"), (1, "misc")]
    first, second = (show_json(app.database, id_)["model"] for id_ in two)
    assert "mine" in first["tags"] and "old" not in first["tags"] and {"mine", "old"} <= set(second["tags"])
    assert second["note"] == "keep it"


def test_why_it_could_not_be_noted_is_said_and_what_was_noted_stays(
    app: App, two: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, done = user_labels.set_pinned, []

    def failing(database: Database, id_: int, pinned: bool) -> None:
        if done:
            raise ModelManagerError("note that", "", "the disk is full")
        done.append(id_)
        real(database, id_, pinned)

    monkeypatch.setattr(user_labels, "set_pinned", failing)
    LabelsController(app).set_pinned(set(two), True)
    assert ["the disk is full" in one.text for one in told(app) if isinstance(one, StatusMessage)] == [True] and len(
        done
    ) == 1
    assert [row.id for row in rows(app) if row.pinned] == done
