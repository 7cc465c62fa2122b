"""The card is that of the last choice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from factory import gguf_bytes, write
from taken import taken

from model_manager.app import App
from model_manager.controllers.library import LibraryController
from model_manager.controllers.messages import StatusMessage
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


def test_only_the_card_of_the_last_choice_is_shown(app: App, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for number, name in enumerate("abc"):
        write(tmp_path / f"mine/{name}.gguf", gguf_bytes(seed=number))
    watch.add_root(app.database, str(tmp_path / "mine"))
    app.scanner().run(Progress())
    view = MagicMock()
    library = LibraryController(app, view)
    library.start()
    load(app, library, 3)
    go = request.getfixturevalue("held")
    for row in library.rows:
        library.select({row.id})
    go.set()
    rest(app, library)
    (card,) = [call[0][0] for call in view.show_details.call_args_list if call[0][0] is not None]
    assert card["model"]["name"] == library.rows[-1].name


def test_the_card_of_a_file_from_outside_stays_until_something_is_chosen(app: App, tmp_path: Path) -> None:
    """What was being read of the model chosen before does not come over it."""
    write(tmp_path / "mine/a.gguf", gguf_bytes(seed=1))
    outside = write(tmp_path / "outside.gguf", gguf_bytes(seed=2))
    watch.add_root(app.database, str(tmp_path / "mine"))
    app.scanner().run(Progress())
    view = MagicMock()
    library = LibraryController(app, view)
    library.start()
    load(app, library, 1)
    library.open_file(str(outside))
    rest(app, library)
    assert view.show_details.call_args[0][0]["model"]["id"] == "" and library.selected == set()
    library.select({library.rows[0].id})
    rest(app, library)
    assert view.show_details.call_args[0][0]["model"]["name"] == "a"


def test_a_file_that_cannot_be_opened_is_said(app: App, tmp_path: Path) -> None:
    library = LibraryController(app, MagicMock())
    library.open_file(str(tmp_path / "nothing.gguf"))
    said = []
    while app.jobs.live() or not app.jobs.messages.empty():
        message = taken(app)
        said += [message.text] if isinstance(message, StatusMessage) else []
    assert len(said) == 1 and "nothing.gguf" in said[0]
