"""When the disk is looked at again: one scan at a time, none lost, and after a while."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from model_manager.controllers import scanning
from model_manager.controllers.messages import LookAgain, ScanWanted
from model_manager.controllers.scanning import Scanning
from model_manager.jobs import Job, JobChanged, State


class Jobs:
    """Jobs that end when the test says so."""

    def __init__(self) -> None:
        self.started: list[Job] = []

    def start(self, title: str, lane: str, work: Any, then: Any = None, otherwise: Any = None) -> Job:
        self.started.append(Job(len(self.started), title, lane, work, state="running", then=then, otherwise=otherwise))
        return self.started[-1]

    def end(self, state: State = "done") -> None:
        self.started[-1].state = state
        JobChanged(self.started[-1], state).tell()


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def found(jobs: Jobs) -> Scanning:
    values = SimpleNamespace(rescan_after_minutes=5)
    return Scanning(SimpleNamespace(jobs=jobs, scanner=None, settings=SimpleNamespace(values=values)))  # type: ignore[arg-type]


def test_one_scan_at_a_time(found: Scanning, jobs: Jobs) -> None:
    found.scan()
    found.scan()
    assert len(jobs.started) == 1 and found.is_running
    jobs.end()
    assert not found.is_running and len(jobs.started) == 1
    found.scan()
    assert len(jobs.started) == 2


def test_a_change_during_a_scan_starts_one_more(found: Scanning, jobs: Jobs) -> None:
    found.scan()
    for _time in range(3):
        found.handle(ScanWanted())
    assert len(jobs.started) == 1
    jobs.end("failed")
    assert len(jobs.started) == 2, "one for all three"
    jobs.end()
    assert len(jobs.started) == 2


def test_who_comes_back_after_a_while_sees_the_disk_of_now(
    found: Scanning, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(scanning.time, "time", lambda: now)
    found.came_back()
    assert jobs.started == [], "the first scan is begun by the start"
    found.scan()
    jobs.end()
    now += 299
    found.came_back()
    assert len(jobs.started) == 1
    now += 2
    found.came_back()
    assert len(jobs.started) == 2
    jobs.end()
    found._app.settings.values.rescan_after_minutes = 0
    now += 10_000
    found.came_back()
    assert len(jobs.started) == 2, "0 turns it off"


def test_folders_that_are_to_be_looked_at_wait_together(
    found: Scanning, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []
    monkeypatch.setattr(scanning.scanning, "look", lambda app, roots, progress, notify: looked.append(roots))
    found._app.jobs.post = None  # type: ignore[method-assign,assignment]
    for roots in ({1}, {2, 3}, {1}):
        found.handle(LookAgain(frozenset(roots)))
    assert len(jobs.started) == 1
    jobs.started[0].work(None)
    assert looked == [{1, 2, 3}]
    found.handle(LookAgain(frozenset({4})))
    assert len(jobs.started) == 2, "what comes afterwards is looked at too"
