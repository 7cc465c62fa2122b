"""The status bar: totals, what runs now, and the way to the list of jobs."""

from __future__ import annotations

import time
import tkinter as tk

import ttkbootstrap as ttk

from model_manager.base.localised import localised
from model_manager.base.text import _, ngettext
from model_manager.jobs import Job
from model_manager.views import theme
from model_manager.views.jobs_list import JobsList

_QUIET = ("query", "elsewhere", "drives")
_BRIEF = ("lists",)
"""Lanes whose work is over in a moment, as a rule."""
_MOMENT_S = 0.4
"""After so long it is shown, with a way to stop it: sooner it would only flicker."""
_ENDED_KEPT = 20


class JobsBar(ttk.Frame):
    """`show_totals` fills the left; jobs fill the right. Questions of a moment are not shown."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, bootstyle="@chrome", padding=(theme.px(parent, 10), theme.px(parent, 4)))
        self._running: dict[int, Job] = {}
        self._ended: list[Job] = []
        """The newest first."""
        self._list: JobsList | None = None
        self.totals = ttk.Label(self, bootstyle="@chrome", text="")
        self.totals.pack(side="left")
        self.button = ttk.Button(self, bootstyle="@chrome", text=_("No jobs"), command=self.toggle)
        self.button.pack(side="right")
        self.bar: ttk.Progressbar | None = None  # its style takes 10 ms to draw: not before the window is there
        self.text = ttk.Label(self, bootstyle="@chrome", text="")
        self.text.pack(side="right", padx=theme.px(self, 8))

    def show_totals(self, text: str) -> None:
        self.totals.configure(text=text)

    def say(self, text: str) -> None:
        self.text.configure(text=text)

    def show_job(self, job: Job) -> None:
        if job.lane in _QUIET or (job.lane in _BRIEF and time.monotonic() - job.began < _MOMENT_S):
            return
        if job.state in ("waiting", "running"):
            self._running[job.id] = job
        elif (self._running.pop(job.id, None) is not None or job.state == "cancelled") and not _says_nothing(job):
            self._ended = [job, *(one for one in self._ended if one is not job)][:_ENDED_KEPT]
        self._paint()

    def toggle(self) -> None:
        """Opens or closes the list of jobs."""
        if self._list is not None and self._list.winfo_exists():
            self._list.destroy()
            self._list = None
            return
        self._list = JobsList(self, self.toggle)
        self._list.show([*self._running.values(), *self._ended])

    def _paint(self) -> None:
        count = len(self._running)
        self.button.configure(text=ngettext("{n} job", "{n} jobs", count) if count else _("No jobs"))
        if not count:
            if self.bar is not None:
                self.bar.pack_forget()
            if not self.text.cget("text").endswith(_("Health")):
                self.text.configure(text="")
        else:
            job = next(iter(self._running.values()))
            self.text.configure(text=localised(job.progress.phase or job.title))
            if self.bar is None:
                self.bar = ttk.Progressbar(self, length=theme.px(self, 130), mode="determinate")
            self.bar.pack(side="right", before=self.text)
            total = job.progress.total
            self.bar.configure(maximum=max(1, total), value=job.progress.done if total else 0)
        if self._list is not None and self._list.winfo_exists():
            self._list.show([*self._running.values(), *self._ended])


def _says_nothing(job: Job) -> bool:
    """Whether an end is no news: nobody waits for it any more, or what it looked for stands on its screen."""
    return job.dropped or (job.lane in _BRIEF and job.state == "done")
