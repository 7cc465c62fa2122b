"""Rows are read, ordered and read again; only the newest reading is shown."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from factory import gguf_bytes, write
from taken import taken

from model_manager.app import App
from model_manager.base.events import ModelsChanged
from model_manager.controllers.library import LibraryController
from model_manager.jobs import Progress
from model_manager.library.scan import watch


def load(app: App, library: LibraryController, models: int) -> None:
    while len(library.rows) != models:
        library.handle(taken(app))


@pytest.fixture
def held(app: App) -> Iterator[threading.Event]:
    """The lane of questions stands still until this is set: what is asked meanwhile waits there."""
    go = threading.Event()
    app.jobs.start("holding", "query", lambda progress: go.wait(20))
    yield go
    go.set()


def rest(app: App, library: LibraryController) -> None:
    """Until nothing is under way and nothing waits."""
    while app.jobs.live() or not app.jobs.messages.empty():
        library.handle(taken(app))


def test_sorting_while_rows_are_loading_brings_no_old_rows_back(
    app: App, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for name, size in (("b", 2000), ("c", 1000), ("a", 3000)):
        write(tmp_path / f"mine/{name}.gguf", gguf_bytes(seed=size) + bytes(size))
    watch.add_root(app.database, str(tmp_path / "mine"))
    app.scanner().run(Progress())
    view = MagicMock()
    library = LibraryController(app, view)
    library.start()
    load(app, library, 3)
    rest(app, library)
    os.unlink(tmp_path / "mine/c.gguf")
    write(tmp_path / "mine/d.gguf", gguf_bytes(seed=4000) + bytes(4000))
    told: list[object] = []
    app.scanner(told.append).run(Progress())
    go = request.getfixturevalue("held")
    library._rows._not_before = 0.0
    for message in told:
        if isinstance(message, ModelsChanged):
            library.handle(message)
    assert any("Loading" in job.title for job in app.jobs.live()), "the rows are being read"
    library.sort_by("name", False)
    go.set()
    rest(app, library)
    assert [row.name for row in library.rows] == ["a", "b", "d"]
    assert [row.name for row in view.show_rows.call_args[0][0]] == ["a", "b", "d"]
    shown = [[row.name for row in call[0][0]] for call in view.show_rows.call_args_list]
    assert all("c" not in names for names in shown[shown.index(["a", "b", "d"]) :])


def test_of_two_orders_the_last_one_is_shown(app: App, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for number, name in enumerate("abc"):
        write(tmp_path / f"mine/{name}.gguf", gguf_bytes(seed=number))
    watch.add_root(app.database, str(tmp_path / "mine"))
    app.scanner().run(Progress())
    view = MagicMock()
    library = LibraryController(app, view)
    library.start()
    load(app, library, 3)
    rest(app, library)
    view.reset_mock()
    go = request.getfixturevalue("held")
    library.sort_by("name", True)
    library.sort_by("name", False)
    go.set()
    rest(app, library)
    assert [[row.name for row in call[0][0]] for call in view.show_rows.call_args_list] == [["a", "b", "c"]]


def test_the_rows_of_a_reading_that_failed_are_read_again(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", "model_manager.jobs")
    write(tmp_path / "mine/one.gguf", gguf_bytes(seed=1))
    watch.add_root(app.database, str(tmp_path / "mine"))
    app.scanner().run(Progress())
    library = LibraryController(app, MagicMock())
    monkeypatch.setattr("model_manager.controllers.library_rows._LATER", 0.05)
    with monkeypatch.context() as broken:
        broken.setattr("model_manager.actions.listing.read_rows", lambda *rest: 1 / 0)
        library.start()
        rest(app, library)
    library.tick()
    assert library.rows == [] and not app.jobs.live(), "not at once"
    time.sleep(0.06)
    library.tick()
    load(app, library, 1)
