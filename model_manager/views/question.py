"""One more question before what cannot be undone, or takes long. Nothing happens unless the very button is pressed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from model_manager.base.text import _
from model_manager.views import theme
from model_manager.views.widgets.focus_back import gives_back


class QuestionDialog(ttk.Toplevel):
    """`action` names what the button does; Esc, closing and Return answer no."""

    def __init__(
        self, parent: tk.Misc, title: str, text: str, action: str, on_yes: Callable[[], None],
        style: str = "danger",
    ) -> None:  # fmt: skip
        super().__init__(title=title, transient=parent.winfo_toplevel())
        self._on_yes = on_yes
        gap = theme.px(parent, 12)
        frame = ttk.Frame(self, padding=gap)
        frame.pack(fill="both", expand=True)
        ttk.Label(frame, text=title, font=theme.bold(parent, 2)).pack(anchor="w")
        words = ttk.Label(frame, text=text, justify="left", wraplength=theme.px(parent, 420))
        words.pack(anchor="w", pady=gap)
        foot = ttk.Frame(frame)
        foot.pack(fill="x")
        cancel = ttk.Button(foot, text=_("Cancel"), command=self.destroy)
        cancel.pack(side="right")
        self.yes_button = ttk.Button(foot, text=action, bootstyle=style, command=self._yes)
        self.yes_button.pack(side="right", padx=gap // 2)
        self.bind("<Escape>", lambda event: self.destroy())
        cancel.bind("<Return>", lambda event: self.destroy())
        theme.centre(self, parent)
        gives_back(self)
        cancel.focus_set()

    def _yes(self) -> None:
        self.destroy()
        self._on_yes()
