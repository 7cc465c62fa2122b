"""Clean up, Families, Duplicates and Health load beside everything else, and what is not wanted any more stops."""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from factory import gguf_bytes, ollama_model, write
from taken import taken

from model_manager.app import App
from model_manager.base.events import OperationChanged
from model_manager.controllers.clean import CleanController
from model_manager.controllers.duplicates import DuplicatesController
from model_manager.controllers.health import HealthController
from model_manager.controllers.library import LibraryController
from model_manager.jobs import Cancelled, Progress
from model_manager.library.clean.candidate import library_of
from model_manager.library.clean.leftovers import read_rests
from model_manager.library.clean.memory import this_machine
from model_manager.library.clean.offers import offered
from model_manager.library.clean.rules import candidates
from model_manager.library.scan import watch

SCREENS = {
    "clean": (CleanController, "show_offer", "model_manager.actions.cleaning", "library_of"),
    "duplicates": (DuplicatesController, "show_groups", "model_manager.library.duplicates.search", "flag_and_recall"),
    "health": (HealthController, "show_sections", "model_manager.actions.health", "read_rests"),
}


@pytest.fixture
def two(app: App, tmp_path: Path) -> App:
    for number, name in enumerate("ab"):
        write(tmp_path / f"mine/{name}.gguf", gguf_bytes(seed=number))
    watch.add_root(app.database, str(tmp_path / "mine"))
    app.scanner().run(Progress())
    return app


class Slow:
    """Stands for the long part of a list: it goes on until `go` is set, and asks its progress meanwhile."""

    def __init__(self, real: Callable[..., Any]) -> None:
        self.real, self.go, self.runs, self.cancelled = real, threading.Event(), 0, 0

    def __call__(self, *arguments: Any) -> Any:
        self.runs += 1
        (progress,) = [one for one in arguments if isinstance(one, Progress)]
        try:
            while not self.go.wait(0.005):
                progress.step()
        except Cancelled:
            self.cancelled += 1
            raise
        return self.real(*arguments)


@pytest.fixture(params=SCREENS)
def screen(request: pytest.FixtureRequest, two: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A controller whose list is loading, its view, and what holds it up."""
    made, told, module, name = SCREENS[request.param]
    slow = Slow(getattr(importlib.import_module(module), name))
    monkeypatch.setattr(f"{module}.{name}", slow)
    view = MagicMock()
    controller = made(two, view, MagicMock())
    controller.start()
    until(two, lambda: slow.runs == 1)
    yield controller, getattr(view, told), slow
    slow.go.set()


def until(app: App, done: Callable[[], bool], handle: Callable[[object], None] = lambda message: None) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end, "it did not come to that"
        if app.jobs.messages.empty():
            time.sleep(0.002)
        else:
            handle(taken(app))


def test_a_card_is_shown_while_a_list_loads(two: App, screen: Any) -> None:
    _controller, told, slow = screen
    view = MagicMock()
    library = LibraryController(two, view)
    library.start()
    until(two, lambda: len(library.rows) == 2, library.handle)
    library.select({library.rows[0].id})
    until(two, lambda: view.show_details.called, library.handle)
    assert view.show_details.call_args[0][0]["model"]["name"] == library.rows[0].name
    assert not told.called and slow.cancelled == 0, "the list is loading still"
    slow.go.set()
    until(two, lambda: told.called)


def test_who_leaves_stops_it(two: App, screen: Any) -> None:
    controller, told, slow = screen
    controller.leave()
    until(two, lambda: not two.jobs.live() and two.jobs.messages.empty())
    assert slow.cancelled == 1 and not told.called
    slow.go.set()
    controller.start()
    until(two, lambda: told.called)


def test_a_newer_list_takes_the_place_of_the_older(two: App, screen: Any) -> None:
    controller, told, slow = screen
    if isinstance(controller, HealthController):
        controller.start()  # its screen asks; see views
    else:
        controller.handle(OperationChanged("one"))
    until(two, lambda: slow.runs == 2)
    slow.go.set()
    until(two, lambda: not two.jobs.live() and two.jobs.messages.empty())
    assert slow.cancelled == 1 and told.call_count == 1


def test_it_can_be_cancelled_as_any_job(two: App, screen: Any) -> None:
    _controller, told, slow = screen
    (job,) = [job for job in two.jobs.live() if job.lane == "lists"]
    job.cancel()
    until(two, lambda: not two.jobs.live() and two.jobs.messages.empty())
    assert slow.cancelled == 1 and not told.called and job.state == "cancelled" and not job.dropped


def test_reading_to_be_sure_goes_on_when_its_screen_is_left(two: App, monkeypatch: pytest.MonkeyPatch) -> None:
    from model_manager.library.duplicates import search

    slow = Slow(search.prove)
    monkeypatch.setattr(search, "prove", slow)
    view = MagicMock()
    controller = DuplicatesController(two, view, MagicMock())
    controller.prove()
    until(two, lambda: slow.runs == 1)
    controller.leave()
    assert view.show_busy.call_args[0] == (True,)
    controller.start()
    controller.prove()
    assert len(two.jobs.live()) == 1, "nothing is asked twice, and nothing else meanwhile"
    slow.go.set()
    until(two, lambda: view.show_groups.called)
    assert slow.cancelled == 0 and slow.runs == 1 and view.show_busy.call_args[0] == (False,)


class Stop(Progress):
    """Is cancelled at its first step with a total: amid the work, not before it."""

    def step(self, done: int | None = None, total: int | None = None, phase: str | None = None) -> None:
        if total:
            self.cancel()
        super().step(done, total, phase)


def test_each_long_part_asks_whether_to_go_on(two: App, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        library_of(two.database, this_machine(), Stop())
    write(tmp_path / "mine/broken.gguf", gguf_bytes(seed=3)[:200])
    two.scanner().run(Progress())
    library = library_of(two.database, this_machine())
    found = candidates(library)
    assert found
    with pytest.raises(Cancelled):
        offered(two.database, two.volumes, two.env(), library, found, Stop())


def test_leftovers_ask_whether_to_go_on(app: App, home: Path) -> None:
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/a/latest", {"model": gguf_bytes(seed=1)})
    blob = write(home / ".ollama/models/blobs" / ("sha256-" + "0" * 64), b"nobody names it")
    os.utime(blob, (10**9, 10**9))  # a young one may be a download
    app.scanner().run(Progress())
    with pytest.raises(Cancelled):
        read_rests(app.database, app.volumes, app.env(), Stop())
    assert read_rests(app.database, app.volumes, app.env()).flagged
