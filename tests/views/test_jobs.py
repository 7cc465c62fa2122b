"""The status bar: what takes a moment does not flicker there, what takes longer can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from model_manager.jobs import Job
from model_manager.views import jobs as module
from model_manager.views.jobs import JobsBar

pytestmark = pytest.mark.gui


@pytest.fixture
def bar(frame: Any) -> JobsBar:
    return JobsBar(frame)


def job(lane: str, ago: float, now: float) -> Job:
    return Job(1, "Looking what could go", lane, lambda progress: None, state="running", began=now - ago)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    return 1000.0


def test_a_list_is_shown_once_it_takes_longer(bar: JobsBar, now: float) -> None:
    bar.show_job(job("lists", 0.1, now))
    assert bar.button.cget("text") == "No jobs"
    bar.show_job(job("lists", 0.5, now))
    assert bar.button.cget("text") == "1 job" and bar.text.cget("text") == "Looking what could go"
    bar.show_job(job("query", 5.0, now))
    assert bar.button.cget("text") == "1 job", "questions of a moment are never shown"


def test_other_work_is_shown_at_once(bar: JobsBar, now: float) -> None:
    bar.show_job(job("scan", 0.0, now))
    assert bar.button.cget("text") == "1 job"


@pytest.mark.parametrize(("dropped", "lines"), [(False, ["stopped"]), (True, [])])
def test_what_nobody_waits_for_any_more_is_not_listed_as_stopped(
    bar: JobsBar, now: float, until: Callable[..., None], dropped: bool, lines: list[str]
) -> None:
    one = job("lists", 3.0, now)
    bar.show_job(one)
    one.state, one.dropped = "cancelled", dropped
    bar.show_job(one)
    assert bar.button.cget("text") == "No jobs"
    bar.toggle()
    until()
    assert bar._list is not None
    assert [line.words.cget("text") for line in bar._list._lines.values()] == lines
    bar.toggle()


@pytest.mark.parametrize(("lane", "lines"), [("lists", []), ("scan", ["done"])])
def test_a_list_that_stands_on_its_screen_leaves_no_line(
    bar: JobsBar, now: float, until: Callable[..., None], lane: str, lines: list[str]
) -> None:
    one = job(lane, 3.0, now)
    bar.show_job(one)
    one.state = "done"
    bar.show_job(one)
    bar.toggle()
    until()
    assert bar._list is not None and bar.button.cget("text") == "No jobs"
    assert [line.words.cget("text") for line in bar._list._lines.values()] == lines
    bar.toggle()
