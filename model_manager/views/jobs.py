"""The status bar: totals, what runs now, and a list of jobs that can be cancelled."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from model_manager.base.text import _, ngettext
from model_manager.jobs import Job, Jobs
from model_manager.views import theme

_QUIET = ("query",)


class JobsBar(ttk.Frame):
    """`show_totals` fills the left; jobs fill the right. Questions of a moment are not shown."""

    def __init__(self, parent: tk.Misc, jobs: Jobs) -> None:
        super().__init__(parent, bootstyle="@chrome", padding=(theme.px(parent, 10), theme.px(parent, 4)))
        self._jobs = jobs
        self._running: dict[int, Job] = {}
        self._list: ttk.Toplevel | None = None
        self.totals = ttk.Label(self, bootstyle="@chrome", text="")
        self.totals.pack(side="left")
        self.button = ttk.Button(self, bootstyle="@chrome", text=_("No jobs"), command=self.toggle)
        self.button.pack(side="right")
        self.bar = ttk.Progressbar(self, length=theme.px(self, 130), mode="determinate")
        self.text = ttk.Label(self, bootstyle="@chrome", text="")
        self.text.pack(side="right", padx=theme.px(self, 8))

    def show_totals(self, text: str) -> None:
        self.totals.configure(text=text)

    def say(self, text: str) -> None:
        self.text.configure(text=text)

    def show_job(self, job: Job) -> None:
        if job.lane in _QUIET:
            return
        if job.state in ("waiting", "running"):
            self._running[job.id] = job
        else:
            self._running.pop(job.id, None)
            if job.state == "failed":
                self.say(_("{title} failed: {why}").format(title=job.title, why=job.error))
        self._paint()

    def toggle(self) -> None:
        """Opens or closes the list of jobs."""
        if self._list is not None and self._list.winfo_exists():
            self._list.destroy()
            self._list = None
            return
        self._list = ttk.Toplevel(title=_("Jobs"), transient=self.winfo_toplevel())
        self._list.bind("<Escape>", lambda event: self.toggle())
        self._fill()

    def _paint(self) -> None:
        count = len(self._running)
        self.button.configure(text=ngettext("{n} job", "{n} jobs", count) if count else _("No jobs"))
        if not count:
            self.bar.pack_forget()
            if not self.text.cget("text").endswith(_("Health")):
                self.text.configure(text="")
        else:
            job = next(iter(self._running.values()))
            self.text.configure(text=job.progress.phase or job.title)
            self.bar.pack(side="right", before=self.text)
            total = job.progress.total
            self.bar.configure(maximum=max(1, total), value=job.progress.done if total else 0)
        if self._list is not None and self._list.winfo_exists():
            self._fill()

    def _fill(self) -> None:
        if self._list is None:
            return
        for child in self._list.winfo_children():
            child.destroy()
        frame = ttk.Frame(self._list, padding=theme.px(self, 14))
        frame.pack(fill="both", expand=True)
        if not self._running:
            ttk.Label(frame, text=_("Nothing runs in the background now.")).pack(anchor="w")
        for job in self._running.values():
            line = ttk.Frame(frame)
            line.pack(fill="x", pady=theme.px(self, 3))
            text = f"{job.title}: {job.progress.phase}" if job.progress.phase else job.title
            ttk.Label(line, text=text, width=44).pack(side="left")
            ttk.Button(line, text=_("Cancel"), command=job.cancel).pack(side="right")
        ttk.Button(frame, text=_("Close"), command=self.toggle).pack(anchor="e", pady=(theme.px(self, 8), 0))
