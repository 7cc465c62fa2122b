"""Lanes, progress, cancelling."""

from __future__ import annotations

import threading
import time

from model_manager.jobs import JobChanged, Jobs, Progress


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
