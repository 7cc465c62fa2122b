"""Background lanes, progress, cancelling, and one queue of what happened.

A lane does so many jobs at a time as it is wide: `files`, which changes the disk, exactly one whatever asks; `network`
three; `query` (questions of a moment), `lists` (what a screen shows and takes longer), `hash`, `scan` one each.

Who asks for a job gives `then`, which gets the result on the thread that drains the queue (the window's). A question
that is asked anew while its answer is under way has a `Latest`: only the newest answer is given.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

log = logging.getLogger(__name__)

State = Literal["waiting", "running", "done", "failed", "cancelled"]
WIDTHS = {"network": 3}
"""Lane -> how many of its jobs run side by side; one where it is not named."""


T = TypeVar("T")


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
    then: Callable[[Any], object] | None = None
    """Gets the result, on the thread that drains the queue. Without it the result stays in `result`."""
    otherwise: Callable[[], object] | None = None
    """Called there when it failed or was cancelled."""
    quiet: bool = False
    """Nobody is told when it fails: it is tried again by itself, and that it failed was told before."""
    result: object = None
    error: BaseException | None = None
    dropped: bool = False
    """Nobody waits for it any more: neither its result nor its end is told."""
    began: float = 0.0
    """When it was queued, by `time.monotonic`."""

    def cancel(self) -> None:
        self.progress.cancel()

    def drop(self) -> None:
        """Its answer is not wanted any more; where it can be stopped, it stops."""
        self.dropped = True
        self.cancel()


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job moved: its state changed or it reported progress.

    `state` is what it was when this was posted: the job itself may have moved on, and its end is told once.
    """

    job: Job
    state: State

    def tell(self) -> None:
        """Tells who asked for the job how it ended. Whoever drains the queue calls it, before anybody handles the message."""
        job = self.job
        if job.dropped:
            return
        if self.state == "done" and job.then is not None:
            result = job.result
            if not isinstance(result, str):  # the list of jobs shows a text, and keeps what ended for long
                job.result = None
            job.then(result)
        elif self.state in ("failed", "cancelled") and job.otherwise is not None:
            job.otherwise()


class Jobs:
    """The lanes. Results and events reach the window through `messages`, drained on its own thread."""

    def __init__(self) -> None:
        self.messages: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._ids = itertools.count(1)
        self._lanes: dict[str, queue.SimpleQueue[Job | None]] = {}
        self._threads: dict[str, list[threading.Thread]] = {}
        self._live: list[Job] = []
        self._lock = threading.Lock()
        self._closed = False

    def start(
        self,
        title: str,
        lane: str,
        work: Callable[[Progress], T],
        then: Callable[[T], object] | None = None,
        otherwise: Callable[[], object] | None = None,
        quiet: bool = False,
    ) -> Job:
        """Queues `work(progress)` on a lane; its end is a JobChanged with state and error.

        `then(result)`, or `otherwise()` where there is none, is called where the queue is drained.
        """
        job = Job(next(self._ids), title, lane, work, then=then, otherwise=otherwise, quiet=quiet)
        job.began = time.monotonic()
        job.progress = Progress(lambda _: self.messages.put(JobChanged(job, job.state)))
        with self._lock:
            if self._closed:
                job.state = "cancelled"
                return job
            self._live.append(job)
            lane_queue = self._lanes.setdefault(lane, queue.SimpleQueue())
            self._widen(lane)
        self.messages.put(JobChanged(job, "waiting"))  # before it can run: its end must be told once
        lane_queue.put(job)
        return job

    def _widen(self, lane: str) -> None:
        """One more thread for a lane that has more to do than threads, as far as it may be wide."""
        threads = self._threads.setdefault(lane, [])
        wanted = sum(job.lane == lane for job in self._live)
        if len(threads) < min(wanted, WIDTHS.get(lane, 1)):
            thread = threading.Thread(
                target=self._run_lane, args=(self._lanes[lane],), name=f"lane {lane}", daemon=True
            )
            threads.append(thread)
            thread.start()

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
            threads = [(lane, thread) for lane, ones in self._threads.items() for thread in ones]
            for lane, _thread in threads:
                self._lanes[lane].put(None)
        end = time.monotonic() + timeout
        for _lane, thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for _lane, thread in threads)

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
        with self._lock:  # together: who finds no job alive finds its end in the queue
            self._live.remove(job)
            self.messages.put(JobChanged(job, job.state))


class Latest:
    """One question that is asked again and again, of which only the newest answer counts.

    A newer `start` drops the older job: it is cancelled where it waits or asks its progress, and what it answers, should
    it come to its end all the same, goes to nobody. Use it on the thread that drains the queue.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._job: Job | None = None

    @property
    def is_running(self) -> bool:
        """Whether an answer is still to come: until it was given, not only until the work has ended."""
        return self._job is not None

    def start(
        self,
        title: str,
        lane: str,
        work: Callable[[Progress], T],
        then: Callable[[T], object],
        otherwise: Callable[[], object] | None = None,
        quiet: bool = False,
    ) -> Job:
        """As `Jobs.start`, instead of what was asked before."""
        self.drop()

        def answered(result: T) -> None:
            self._job = None
            then(result)

        def ended() -> None:
            self._job = None
            if otherwise is not None:
                otherwise()

        job = self._jobs.start(title, lane, work, answered, ended, quiet)
        if job.state != "cancelled":  # nothing comes of what is asked when the lanes have ended
            self._job = job
        return job

    def drop(self) -> None:
        """No answer is wanted any more."""
        if self._job is not None:
            self._job.drop()
            self._job = None
