"""When the disk is looked at: at the start, when asked, after a change of what a scan goes by, and after a while."""

from __future__ import annotations

import threading
import time

from model_manager.actions import scanning
from model_manager.actions.scanning import ScansElsewhere
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _
from model_manager.controllers.messages import LookAgain, ScanWanted, StatusMessage
from model_manager.jobs import Job, Progress


class Scanning:
    """One for the window; one scan at a time. `job` is the scan that runs, or the last one."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.job: Job | None = None
        self.again = False
        """Whether what a scan goes by was changed while one was under way."""
        self._began = 0.0
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        """Folders that are to be looked at again: one job looks at all that have come together when its turn comes."""

    @property
    def is_running(self) -> bool:
        return self.job is not None and self.job.state in ("waiting", "running")

    def scan(self) -> None:
        """Scans in the background, unless a scan is under way."""
        if self.is_running:
            return
        self._began = time.time()  # not monotonic: the time that a computer slept counts

        def work(progress: Progress) -> str:
            self._app.settle()
            found = scanning.scan(self._app, progress, self._app.jobs.post)
            if found.cancelled:
                return _("stopped before its end")
            return _("{n} models, {seconds} s").format(
                n=figures.count(found.models), seconds=figures.seconds(found.seconds)
            )

        self.job = self._app.jobs.start(_("Scanning"), "scan", work, lambda words: self._end(), self._end)

    def look_again(self, roots: frozenset[int]) -> None:
        """Scans these folders alone, after a scan that is under way, with all that are asked for until then."""
        if not roots:
            return
        with self._lock:
            if self._waiting:
                self._waiting |= roots
                return
            self._waiting = mine = set(roots)

        def work(progress: Progress) -> None:
            try:
                scanning.look(self._app, self._taken(mine), progress, self._app.jobs.post)
            except ScansElsewhere as busy:
                self._app.jobs.post(StatusMessage(localised(busy)))

        self._app.jobs.start(_("Looking again"), "scan", work, otherwise=lambda: self._taken(mine))

    def _taken(self, mine: set[int]) -> frozenset[int]:
        """The folders of a job whose turn has come, or never will: from now on others wait for one of their own."""
        with self._lock:
            if self._waiting is mine:
                self._waiting = set()
            return frozenset(mine)

    def came_back(self) -> None:
        """The person looks at the window again. There is no file watching: after a while the disk is looked at again."""
        minutes = self._app.settings.values.rescan_after_minutes
        if self._began and time.time() - self._began > minutes * 60 > 0:
            self.scan()

    def handle(self, message: object) -> None:
        if isinstance(message, ScanWanted):
            self.again = self.is_running
            self.scan()
        elif isinstance(message, LookAgain):
            self.look_again(message.roots)

    def _end(self) -> None:
        if self.again:
            self.again = False
            self.scan()
