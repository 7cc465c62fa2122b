"""Messages reach their handlers on Tk's thread, a little at a time, whatever a handler does."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

import pytest

from model_manager.jobs import Job, JobChanged
from model_manager.views import pump as module
from model_manager.views.pump import Pump

pytestmark = pytest.mark.gui
Until = Callable[..., None]


class Rows:
    def __init__(self, number: int) -> None:
        self.number = number


@pytest.fixture
def messages() -> queue.SimpleQueue[object]:
    return queue.SimpleQueue()


def test_the_newest_report_of_a_job_wins(root: Any, frame: Any, messages: queue.SimpleQueue[object]) -> None:
    pump, seen = Pump(root, messages), []
    pump.on(JobChanged, lambda message: seen.append(message.job.id))
    for _turn in range(200):
        for id_ in (1, 2):
            messages.put(JobChanged(Job(id_, f"job {id_}", "query", lambda progress: None), "waiting"))
    while not messages.empty():
        pump.drain()
    assert sorted(set(seen)) == [1, 2] and len(seen) < 40


def test_an_end_is_told_once(root: Any, frame: Any, messages: queue.SimpleQueue[object]) -> None:
    """Though the beginning may be read when the job has ended already."""
    pump, seen = Pump(root, messages), []
    pump.on(JobChanged, lambda message: seen.append(message.state))
    job = Job(1, "plan", "query", lambda progress: None)
    messages.put(JobChanged(job, "running"))
    job.state = "done"
    pump.drain()
    messages.put(JobChanged(job, "done"))
    pump.drain()
    assert seen == ["running", "done"]


def test_a_turn_keeps_its_budget_and_loses_nothing(root: Any, frame: Any, messages: queue.SimpleQueue[object]) -> None:
    pump, seen = Pump(root, messages), []

    def slow(message: Rows) -> None:
        seen.append(message.number)
        time.sleep(module.BUDGET_S / 2)

    pump.on(Rows, slow)
    for number in range(12):
        messages.put(Rows(number))
    pump.drain()
    assert 1 <= len(seen) <= 3
    while not messages.empty():
        pump.drain()
    assert seen == list(range(12))


def test_a_failing_handler_stops_nothing(
    root: Any, frame: Any, messages: queue.SimpleQueue[object], until: Until
) -> None:
    pump, seen = Pump(root, messages), []
    pump.on(Rows, lambda message: 1 // message.number)
    pump.on(Rows, lambda message: seen.append(message.number))
    pump.start()
    messages.put(Rows(0))
    until(lambda: seen == [0])
    messages.put(Rows(7))
    until(lambda: seen == [0, 7])
    pump.stop()
    assert [failure[0] for failure in root.failures] == [ZeroDivisionError]
    root.failures.clear()


def test_nothing_is_handled_after_stop(
    root: Any, frame: Any, messages: queue.SimpleQueue[object], until: Until
) -> None:
    pump, seen = Pump(root, messages), []

    def stop(message: Rows) -> None:
        seen.append(message.number)
        pump.stop()

    pump.on(Rows, stop)
    pump.start()
    for number in range(3):
        messages.put(Rows(number))
    until(lambda: seen == [0])
    until()
    assert seen == [0]
