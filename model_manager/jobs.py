"""Background lanes: one thread each, progress, cancelling, and one queue of what happened.

`files` changes the disk and is one lane, whatever asks; scanning has a lane per volume, the network
three, questions one. Nobody else starts threads.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

log = logging.getLogger(__name__)

State = Literal["waiting", "running", "done", "failed", "cancelled"]


class Cancelled(Exception):
    """Raised from a progress call when the user stopped the job. Never caught on the way out."""


class Progress:
    """What a long piece of work reports to, at least every 16 MiB or 100 files.

    `step` raises Cancelled once `cancel` was called. This class alone serves tests and the command
    line; a Job's own progress also posts to the queue, ten times a second at most.
    """

    def __init__(self, notify: Callable[[Progress], None] | None = None) -> None:
        self.phase, self.done, self.total = "", 0, 0
        self._notify, self._told = notify, 0.0
        self._stop = threading.Event()

    def cancel(self) -> None:
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        return self._stop.is_set()

    def step(self, done: int | None = None, total: int | None = None, phase: str | None = None) -> None:
        """Notes how far the work is; None leaves a figure as it was."""
        if self._stop.is_set():
            raise Cancelled
        if phase is not None:
            self.phase, self.done, self.total = phase, 0, 0
        if done is not None:
            self.done = done
        if total is not None:
            self.total = total
        now = time.monotonic()
        if self._notify and (phase is not None or now - self._told >= 0.1):
            self._told = now
            self._notify(self)


@dataclass(eq=False)
class Job:
    """One piece of background work, as the jobs list shows it."""

    id: int
    title: str
    lane: str
    work: Callable[[Progress], object]
    progress: Progress = field(default_factory=Progress)
    state: State = "waiting"
    result: object = None
    error: BaseException | None = None
    quiet: bool = False
    """Nobody is told when it fails: it is tried again by itself, and that it failed was told before."""

    def cancel(self) -> None:
        self.progress.cancel()


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job moved: its state changed or it reported progress.

    `state` is what it was when this was posted: the job itself may have moved on, and its end is told once.
    """

    job: Job
    state: State


class Jobs:
    """The lanes. Results and events reach the window through `messages`, drained on its own thread."""

    def __init__(self) -> None:
        self.messages: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._ids = itertools.count(1)
        self._lanes: dict[str, queue.SimpleQueue[Job | None]] = {}
        self._threads: list[threading.Thread] = []
        self._live: list[Job] = []
        self._lock = threading.Lock()
        self._closed = False

    def start(self, title: str, lane: str, work: Callable[[Progress], object], quiet: bool = False) -> Job:
        """Queues `work(progress)` on a lane; its end is a JobChanged with state, result or error."""
        job = Job(next(self._ids), title, lane, work, quiet=quiet)
        job.progress = Progress(lambda _: self.messages.put(JobChanged(job, job.state)))
        with self._lock:
            if self._closed:
                job.state = "cancelled"
                return job
            self._live.append(job)
            lane_queue = self._lanes.get(lane)
            if lane_queue is None:
                lane_queue = self._lanes[lane] = queue.SimpleQueue()
                thread = threading.Thread(target=self._run_lane, args=(lane_queue,), name=f"lane {lane}", daemon=True)
                self._threads.append(thread)
                thread.start()
        self.messages.put(JobChanged(job, "waiting"))  # before it can run: its end must be told once
        lane_queue.put(job)
        return job

    def post(self, event: object) -> None:
        """Puts an event into the queue, from any thread."""
        self.messages.put(event)

    def live(self) -> list[Job]:
        """Jobs that wait or run, oldest first."""
        with self._lock:
            return list(self._live)

    def close(self, timeout: float = 3.0) -> bool:
        """Cancels everything and waits up to `timeout` seconds; False when a lane did not end."""
        with self._lock:
            self._closed = True
            for job in self._live:
                job.cancel()
            for lane_queue in self._lanes.values():
                lane_queue.put(None)
        end = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run_lane(self, lane_queue: queue.SimpleQueue[Job | None]) -> None:
        while (job := lane_queue.get()) is not None:
            self._run(job)

    def _run(self, job: Job) -> None:
        job.state = "running"
        self.messages.put(JobChanged(job, job.state))
        try:
            job.progress.step()
            job.result = job.work(job.progress)
            job.state = "done"
        except Cancelled:
            job.state = "cancelled"
        except BaseException as error:
            log.error("job %r failed", job.title, exc_info=error)
            job.error, job.state = error, "failed"
        with self._lock:
            self._live.remove(job)
        self.messages.put(JobChanged(job, job.state))
