"""Reminded of what was cleared away long ago: once per start, once a week, and nothing is ever emptied."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, write
from taken import taken

from model_manager.app import App, build
from model_manager.base.events import ScanFinished
from model_manager.controllers.reminder import Due, ReminderController, due
from model_manager.jobs import Progress
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.selection import wanted_of
from model_manager.library.scan import watch
from model_manager.operations.trashed import Trashed, trashed

DAY = 86_400
DONE = ScanFinished(1, 1, 0.1, 0, False)
NOW = 2e9


def thing(days: float, where: str = "trash", frees: int = 100, unit: int = 1) -> Trashed:
    return Trashed("o", unit, "m", "/m", "/t/m", "/t/m.info", 100, frees, NOW - days * DAY, where)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("items", "expected"),
    [([], None), ([thing(29)], None), ([thing(30)], Due(1, 100, 30)), ([thing(40, "restored"), thing(40, "gone")], None),
     ([thing(40, frees=0)], None), ([thing(40), thing(40), thing(90, unit=2), thing(1, unit=3)], Due(2, 300, 30))],
)  # fmt: skip
def test_what_is_due(items: list[Trashed], expected: Due | None) -> None:
    assert due(items, 30, NOW) == expected


class View:
    def __init__(self) -> None:
        self.told: list[str] = []

    def remind(self, text: str) -> None:
        self.told.append(text)


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    """A model was moved to the trash forty days ago."""
    found = build()
    write(home / "AI/m.gguf", gguf_bytes())
    watch.add_root(found.database, str(home / "AI"))
    found.scanner().run(Progress())
    plan = plan_removal(found.database, found.volumes, found.env(), wanted_of(found.database, ["m"]))
    assert found.operations.apply(plan).state == "applied"
    yield found
    found.close()


@pytest.fixture
def later(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("model_manager.controllers.reminder.time.time", lambda: now + 40 * DAY)


def started(app: App, *messages: object) -> list[str]:
    view = View()
    reminder = ReminderController(app, view)
    for message in messages or (DONE,):
        reminder.handle(message)
    while app.jobs.live() or not app.jobs.messages.empty():
        reminder.handle(taken(app, 10))
    return view.told


@pytest.mark.usefixtures("later")
def test_once_per_start_and_once_a_week(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = started(app, DONE, DONE)
    assert "1 thing" in told and "30 days" in told
    assert started(app) == [], "it was said a moment ago"
    app.settings.values.reminded_at -= 8 * DAY
    assert len(started(app)) == 1
    app.settings.values.reminded_at += 1000 * DAY
    assert len(started(app)) == 1, "a clock that went wrong does not silence it"
    (item,) = trashed(app.operations.history()[0], app.volumes)
    assert item.where == "trash" and os.path.exists(item.kept)
    assert build(str(app.paths.data)).settings.values.reminded_at > 0


@pytest.mark.usefixtures("later")
def test_never(app: App) -> None:
    app.settings.values.remind_after_days = 0
    assert started(app) == []


def test_what_was_cleared_away_lately(app: App) -> None:
    assert started(app) == [] and app.settings.values.reminded_at == 0


@pytest.mark.usefixtures("later")
def test_before_a_scan_has_ended_and_after_a_restore(app: App) -> None:
    assert started(app, "something else") == []
    app.operations.undo(app.operations.history()[0][0].id)
    assert started(app) == []


def test_a_program_that_changed_nothing(home: Path) -> None:
    app = build()
    assert started(app) == [] and not app.paths.journal.exists()
    app.close()
