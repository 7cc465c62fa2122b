"""The list of jobs: what runs, how far it is, a way to stop it; and what ended: a text that its work answers, or done."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import ttkbootstrap as ttk

from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _, shown
from model_manager.jobs import Job
from model_manager.views import theme
from model_manager.views.widgets.focus_back import gives_back

_IN_BYTES = ("files", "hash")
"""Lanes whose work is counted in bytes."""
_SHOWN = 12
"""Lines at most: the window has to fit the screen."""


class JobsList(ttk.Toplevel):
    """`show(jobs)` brings the lines up to date without making them anew; Esc closes."""

    def __init__(self, bar: tk.Misc, on_close: Callable[[], None]) -> None:
        super().__init__(title=_("Jobs"), transient=bar.winfo_toplevel())
        self._bar = bar
        self._height = 0
        self._lines: dict[int, _Line] = {}
        self.protocol("WM_DELETE_WINDOW", on_close)
        self.bind("<Escape>", lambda event: on_close())
        gap = theme.px(bar, 14)
        frame = ttk.Frame(self, padding=gap)
        frame.pack(fill="both", expand=True)
        self.empty = ttk.Label(frame, text=_("Nothing runs in the background now. Scans and changes stand here."))
        self.body = ttk.Frame(frame, width=theme.px(bar, 480))
        self.body.pack(fill="both", expand=True)
        self.body.columnconfigure(0, weight=1, minsize=theme.px(bar, 480))
        close = ttk.Button(frame, text=_("Close"), command=on_close)
        close.pack(side="bottom", anchor="e", pady=(gap // 2, 0))
        gives_back(self)
        close.focus_set()

    def show(self, jobs: Sequence[Job]) -> None:
        """Those that run first, then what ended, the newest first."""
        jobs = jobs[:_SHOWN]
        wanted = {job.id for job in jobs}
        for id_ in [id_ for id_ in self._lines if id_ not in wanted]:
            self._lines.pop(id_).destroy()
        for row, job in enumerate(jobs):
            if job.id not in self._lines:
                self._lines[job.id] = _Line(self.body, job)
            self._lines[job.id].grid(row=row, column=0, sticky="ew", pady=theme.px(self, 4))
            self._lines[job.id].paint()
        if jobs:
            self.empty.pack_forget()
        else:
            self.empty.pack(before=self.body, anchor="w")
        self._place()

    def _place(self) -> None:
        """Above the button that opens it, at the right edge of the window."""
        self.update_idletasks()
        if self.winfo_reqheight() == self._height:  # a person may have moved it
            return
        self._height = self.winfo_reqheight()
        gap = theme.px(self, 10)
        x = self._bar.winfo_rootx() + self._bar.winfo_width() - self.winfo_reqwidth() - gap
        y = self._bar.winfo_rooty() - self.winfo_reqheight() - gap
        self.geometry(f"+{max(0, x)}+{max(0, y)}")


class _Line(ttk.Frame):
    """One job."""

    def __init__(self, parent: tk.Misc, job: Job) -> None:
        super().__init__(parent)
        self._job = job
        self.columnconfigure(0, weight=1)
        wrap = theme.px(self, 380)
        self.title = ttk.Label(self, text=localised(job.title), wraplength=wrap, justify="left")
        self.title.grid(row=0, column=0, sticky="w")
        self.words = ttk.Label(self, foreground=theme.muted(ttk.Style()), wraplength=wrap, justify="left")
        self.words.grid(row=1, column=0, sticky="w")
        self.cancel = ttk.Button(self, text=_("Cancel"), command=self._stop)
        self.cancel.grid(row=0, column=1, rowspan=3, padx=(theme.px(self, 12), 0))
        self.bar = ttk.Progressbar(self, mode="determinate")
        self.bar.grid(row=2, column=0, sticky="ew", pady=(theme.px(self, 3), 0))

    def paint(self) -> None:
        job, progress = self._job, self._job.progress
        if job.state in ("waiting", "running"):
            text = localised(progress.phase) if job.state == "running" else _("waits for its turn")
            if progress.total:
                told = figures.size if job.lane in _IN_BYTES else figures.count
                text += f"  {told(progress.done)} / {told(progress.total)}"
            if progress.cancelled:
                text = _("stops …")
                self.cancel.configure(state="disabled")
            self.words.configure(text=text)
            self.bar.configure(maximum=max(1, progress.total), value=progress.done if progress.total else 0)
        else:
            self.bar.grid_remove()
            self.cancel.grid_remove()
            quiet = theme.muted(ttk.Style())
            self.title.configure(foreground=quiet)
            style = ttk.Style().colors.danger if job.state == "failed" else quiet
            self.words.configure(text=_result(job), foreground=style)

    def _stop(self) -> None:
        self._job.cancel()
        self.paint()


def _result(job: Job) -> str:
    if job.state == "failed":
        return _("failed: {why}").format(why=localised(job.error))
    if job.state == "cancelled":
        return _("stopped")
    return shown(job.result) if isinstance(job.result, str) else _("done")
