"""A scan: finds the roots, reads each, settles what went. Streams what it learns; survives anything it meets.

The phases are objects: `finding.RootSearch` → for each root `root_reading.RootReading`, in which `News` tells what is new,
`Storing` reads its headers and stores it, `Settling` ends the root → `ending.Ending` for what concerns all roots.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable

from model_manager.base.events import Event, ModelsChanged, RootsChanged, ScanFinished
from model_manager.base.messages import said
from model_manager.base.reading import counting
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, files, problems, roots
from model_manager.catalog.roots import RootRow
from model_manager.jobs import Cancelled, Progress
from model_manager.library.scan import watch
from model_manager.library.scan.context import Report, ScanContext
from model_manager.library.scan.derive import derive_again
from model_manager.library.scan.ending import Ending
from model_manager.library.scan.finding import RootSearch
from model_manager.library.scan.headers import Headers
from model_manager.library.scan.root_reading import RootReading, say_state
from model_manager.library.scan.volume_lanes import Lane
from model_manager.stores.discovered import Problem
from model_manager.stores.host.env import Env

_SELDOM = (20_000, 20, 20)
"""When Python looks for cycles during a scan: it makes thousands of records and no cycle (0.07 s of 1.6)."""


class Scan:
    """One scan over all roots, or over those given. Not reused."""

    def __init__(
        self,
        database: Database,
        volumes: Volumes,
        env: Env,
        private: str,
        notify: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self._context = ScanContext(database, volumes, env, private, notify)
        self._headers = [Headers(database, volumes)]
        """The first serves the local roots, each other one a lane: they serve one thread."""

    def run(self, progress: Progress, only: Iterable[int] | None = None, after: Scan | None = None) -> Report:
        """Scans; a cancelled scan keeps what it has learned and takes nothing for gone.

        `after`: one that was cut short and that this one goes on for: what was new to that one is new to this one too.
        """
        start = time.monotonic()
        self._context.volumes.forget()
        if after is not None:
            self._context.stored |= after._context.stored
        lanes: list[Lane] = []
        often = gc.get_threshold()
        gc.set_threshold(*_SELDOM)
        try:
            progress.step(phase=said("Looking for your tools"))
            every = self._find_roots()
            for done in derive_again(self._context.database, progress):
                self._context.notify(ModelsChanged(done))
            chosen = [root for root in every if not root.ignored and (only is None or root.id in set(only))]
            local = [root for root in chosen if not watch.is_slow(root.path, self._context.volumes)]
            lanes = self._start_lanes([root for root in chosen if root not in local], every)
            for number, root in enumerate(local):
                progress.step(number, len(local), phase=said("Reading {0}", watch.label_of(root.tool)))
                RootReading(self._context, root, every, progress, self._headers[0]).run()
            self._wait_for(lanes, progress)
            Ending(self._context).run()
        except Cancelled:
            self._context.report.cancelled = True
        finally:
            gc.set_threshold(*often)
            for lane in lanes:
                lane.cancel()
        return self._summarised(time.monotonic() - start)

    def _find_roots(self) -> list[RootRow]:
        context = self._context
        with counting(self._headers[0].count):
            every = RootSearch(context.database, context.env, context.private, context.volumes).run()
        with context.database.read() as tx:
            context.report.problems += [Problem("", "search", why) for _tool, why in problems.of_search(tx)]
        context.notify(RootsChanged())
        return every

    def _start_lanes(self, slow: list[RootRow], every: list[RootRow]) -> list[Lane]:
        """A lane for each mount that may not answer."""
        by_mount: dict[str, list[RootRow]] = {}
        for root in slow:
            mount = self._context.volumes.mount_of(root.path)
            by_mount.setdefault(mount.point if mount else "", []).append(root)
        return [self._start_lane(roots_, every) for roots_ in by_mount.values()]

    def _start_lane(self, slow: list[RootRow], every: list[RootRow]) -> Lane:
        headers = Headers(self._context.database, self._context.volumes)
        self._headers.append(headers)
        return Lane(slow, lambda root, progress: RootReading(self._context, root, every, progress, headers).run())

    def _wait_for(self, lanes: list[Lane], progress: Progress) -> None:
        """Waits for lanes that show signs of life; what the others have not read keeps what is known of it."""
        for lane in lanes:
            if lane.left:
                progress.step(phase=said("Waiting for {0}", watch.label_of(lane.left[0].tool)))
            while not lane.wait(0.05):
                progress.step()
                if lane.is_silent():
                    lane.cancel()
                    for root in list(lane.left):
                        say_state(self._context, root, "not-answering", False)
                    break

    def _summarised(self, seconds: float) -> Report:
        context, report = self._context, self._context.report
        with context.database.read() as tx:
            report.roots = roots.every(tx)
            report.models, report.files = files.counts(tx)
        report.seconds, report.read_bytes = seconds, sum(headers.count.bytes for headers in self._headers)
        context.notify(RootsChanged())
        context.notify(ScanFinished(report.models, report.files, seconds, len(report.problems), report.cancelled))
        return report
