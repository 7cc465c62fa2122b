"""The review of a plan: every path and why, before anything happens. What is applied is what was shown."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from model_manager.base.text import _, ngettext, shown
from model_manager.operations import Plan
from model_manager.views import theme


class Review(ttk.Toplevel):
    """`on_apply(plan)` is called with the very object that is shown; Esc closes and changes nothing."""

    def __init__(self, parent: tk.Misc, plan: Plan, on_apply: Callable[[Plan], None]) -> None:
        super().__init__(title=_("Review"), transient=parent.winfo_toplevel())
        self._plan, self._on_apply = plan, on_apply
        self.minsize(theme.px(parent, 560), theme.px(parent, 380))
        frame = ttk.Frame(self, padding=theme.px(parent, 16))
        frame.pack(fill="both", expand=True)
        ttk.Label(frame, text=shown(plan.title), font=theme.bold(parent, 2)).pack(anchor="w")
        if plan.steps:
            said = _("Nothing is moved or deleted. Undo removes what was made, as long as it is empty.")
        else:
            said = _("Everything is there already: nothing is to be done.")
        ttk.Label(frame, text=said, wraplength=theme.px(parent, 520), justify="left").pack(
            anchor="w", pady=theme.px(parent, 8)
        )
        foot = ttk.Frame(frame)
        foot.pack(side="bottom", fill="x", pady=(theme.px(parent, 12), 0))
        ttk.Button(foot, text=_("Cancel"), command=self.destroy).pack(side="right")
        if plan.steps:
            label = ngettext("Make {n} folder", "Make {n} folders", len(plan.steps))
            self.apply_button = ttk.Button(foot, text=label, bootstyle="primary", command=self._apply)
            self.apply_button.pack(side="right", padx=theme.px(parent, 8))
        self._list(frame, plan)
        self.bind("<Escape>", lambda event: self.destroy())
        self.focus_set()

    def _list(self, frame: ttk.Frame, plan: Plan) -> None:
        tree = ttk.Treeview(frame, columns=("path", "why"), show="headings", selectmode="none", height=12)
        for name, title, width in (("path", _("Folder"), 380), ("why", _("Why"), 180)):
            tree.heading(name, text=title, anchor="w")
            tree.column(name, width=theme.px(frame, width), anchor="w")
        bar = ttk.Scrollbar(frame, orient="vertical", command=tree.yview)
        tree.configure(yscrollcommand=bar.set)
        for step in plan.steps:
            tree.insert("", "end", values=(shown(step.path), step.why))
        tree.pack(side="left", fill="both", expand=True)
        bar.pack(side="right", fill="y")

    def _apply(self) -> None:
        self.destroy()
        self._on_apply(self._plan)
