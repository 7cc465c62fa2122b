"""Lanes, progress, cancelling."""

from __future__ import annotations

import queue
import threading
import time

import pytest

from model_manager.jobs import JobChanged, Jobs, Latest, Progress


def test_one_lane_runs_one_at_a_time_in_order() -> None:
    jobs, order = Jobs(), []
    running = threading.Semaphore(1)

    def work(number: int):
        def run(progress: Progress) -> int:
            assert running.acquire(blocking=False)
            time.sleep(0.01)
            order.append(number)
            running.release()
            return number

        return run

    made = [jobs.start(str(number), "files", work(number)) for number in range(5)]
    end = time.monotonic() + 5
    while jobs.live() and time.monotonic() < end:
        time.sleep(0.005)
    assert order == [0, 1, 2, 3, 4] and [job.result for job in made] == order
    assert jobs.close()


def test_cancelling_ends_a_job_at_its_next_step() -> None:
    jobs = Jobs()
    started = threading.Event()

    def run(progress: Progress) -> None:
        started.set()
        while True:
            progress.step()
            time.sleep(0.001)

    job = jobs.start("endless", "scan", run)
    assert started.wait(2)
    job.cancel()
    assert jobs.close(2) and job.state == "cancelled"


def test_a_failure_is_a_state_not_a_dead_lane(caplog) -> None:
    jobs = Jobs()
    caplog.set_level("CRITICAL", "model_manager.jobs")
    failed = jobs.start("bad", "query", lambda progress: 1 / 0)
    good = jobs.start("good", "query", lambda progress: 7)
    end = time.monotonic() + 5
    while jobs.live() and time.monotonic() < end:
        time.sleep(0.005)
    assert failed.state == "failed" and isinstance(failed.error, ZeroDivisionError) and good.result == 7
    assert any(isinstance(jobs.messages.get(), JobChanged) for _ in range(3))
    jobs.close()


def drain(jobs: Jobs) -> None:
    """Takes every message, as the window does, until nothing is under way."""
    end = time.monotonic() + 10
    while (jobs.live() or not jobs.messages.empty()) and time.monotonic() < end:
        try:
            message = jobs.messages.get(timeout=0.05)
        except queue.Empty:
            continue
        if isinstance(message, JobChanged):
            message.tell()


@pytest.mark.parametrize(("lane", "wide"), [("network", 3), ("files", 1), ("query", 1), ("lists", 1), ("hash", 1)])
def test_a_lane_is_as_wide_as_it_says(lane: str, wide: int) -> None:
    jobs, lock = Jobs(), threading.Lock()
    now, most = 0, 0

    def run(progress: Progress) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1

    made = [jobs.start(str(number), lane, run) for number in range(9)]
    drain(jobs)
    assert most == wide and all(job.state == "done" for job in made)
    assert jobs.close()


def test_one_lane_does_not_wait_for_another() -> None:
    jobs, go = Jobs(), threading.Event()
    jobs.start("long", "lists", lambda progress: go.wait(10))
    short = jobs.start("short", "query", lambda progress: 7)
    end = time.monotonic() + 5
    while short.state != "done" and time.monotonic() < end:
        time.sleep(0.002)
    assert short.state == "done" and not go.is_set()
    go.set()
    assert jobs.close()


def test_a_result_is_given_on_the_thread_that_drains_and_kept_nowhere_else() -> None:
    jobs, got = Jobs(), []
    job = jobs.start(
        "ask", "query", lambda progress: ["rows"], lambda rows: got.append((rows, threading.current_thread()))
    )
    while jobs.live():
        time.sleep(0.002)
    assert got == [], "nobody has drained yet"
    drain(jobs)
    assert got == [(["rows"], threading.main_thread())] and job.result is None
    jobs.close()


def test_a_text_is_given_and_stays_for_the_list_of_jobs() -> None:
    jobs, got = Jobs(), []
    job = jobs.start("ask", "hash", lambda progress: "3 files were read", got.append)
    drain(jobs)
    assert got == ["3 files were read"] and job.result == "3 files were read"
    jobs.close()


def test_who_asked_hears_that_there_is_no_result(caplog) -> None:
    jobs, got = Jobs(), []
    caplog.set_level("CRITICAL", "model_manager.jobs")
    jobs.start("bad", "query", lambda progress: 1 / 0, got.append, lambda: got.append("failed"))
    drain(jobs)
    go = threading.Event()
    jobs.start("first", "query", lambda progress: go.wait(10))
    jobs.start("stopped", "query", lambda progress: 1, got.append, lambda: got.append("stopped")).cancel()
    go.set()
    drain(jobs)
    assert got == ["failed", "stopped"]
    jobs.close()


def test_only_the_newest_of_several_questions_is_answered() -> None:
    jobs, got, ran = Jobs(), [], []
    latest, go = Latest(jobs), threading.Event()
    jobs.start("holding", "query", lambda progress: go.wait(10))

    def ask(number: int):
        def work(progress: Progress) -> int:
            ran.append(number)
            return number

        return latest.start(str(number), "query", work, got.append, lambda: got.append("ended"))

    made = [ask(number) for number in range(3)]
    assert latest.is_running
    go.set()
    drain(jobs)
    assert got == [2] and ran == [2] and not latest.is_running
    assert [job.state for job in made] == ["cancelled", "cancelled", "done"]
    jobs.close()


def test_an_older_answer_that_comes_all_the_same_goes_to_nobody() -> None:
    """It was worked out, even posted, before the newer question was asked."""
    jobs, got = Jobs(), []
    latest = Latest(jobs)
    latest.start("old", "query", lambda progress: "old", got.append)
    while jobs.live():
        time.sleep(0.002)
    latest.start("new", "query", lambda progress: "new", got.append)
    drain(jobs)
    assert got == ["new"]
    jobs.close()


def test_what_is_dropped_stops_where_it_can_and_tells_nothing() -> None:
    jobs, got, started = Jobs(), [], threading.Event()
    latest = Latest(jobs)

    def work(progress: Progress) -> None:
        started.set()
        while True:
            progress.step()
            time.sleep(0.001)

    job = latest.start("endless", "lists", work, got.append, lambda: got.append("ended"))
    assert started.wait(5)
    latest.drop()
    assert not latest.is_running
    drain(jobs)
    assert job.state == "cancelled" and got == []
    jobs.close()


def test_a_question_after_one_that_failed_is_answered(caplog) -> None:
    jobs, got = Jobs(), []
    caplog.set_level("CRITICAL", "model_manager.jobs")
    latest = Latest(jobs)
    latest.start("bad", "query", lambda progress: 1 / 0, got.append, lambda: got.append("failed"))
    drain(jobs)
    assert got == ["failed"] and not latest.is_running
    latest.start("good", "query", lambda progress: 7, got.append)
    drain(jobs)
    assert got == ["failed", 7]
    jobs.close()


def test_nothing_is_begun_after_the_end() -> None:
    jobs = Jobs()
    jobs.close()
    latest = Latest(jobs)
    assert jobs.start("late", "query", lambda progress: 1).state == "cancelled"
    latest.start("late", "query", lambda progress: 1, lambda result: None)
    assert not latest.is_running and jobs.messages.empty()
