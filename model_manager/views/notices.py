"""What must be read and not go by itself: a line above everything, until the person closes it."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from model_manager.views import theme
from model_manager.views.widgets.wrapped import wrapped


class Notices(ttk.Frame):
    """Takes no room while there is none. `over`: what it is shown above."""

    def __init__(self, parent: tk.Misc, over: tk.Misc) -> None:
        super().__init__(parent)
        self._over = over
        self.texts: list[str] = []

    def show(self, text: str) -> None:
        """Each text once, the first above."""
        if text in self.texts:
            return
        self.texts.append(text)
        gap = theme.px(self, 8)
        line = ttk.Frame(self, bootstyle="@card", padding=gap)
        line.pack(fill="x")
        close = ttk.Button(line, text="✕", bootstyle="@card", width=2, command=lambda: self._close(line, text))
        close.pack(side="right", anchor="n")
        words = ttk.Label(line, text=text, bootstyle="@card", justify="left")
        words.pack(side="left", fill="x", expand=True)
        wrapped(words)
        self.pack(side="top", fill="x", before=self._over)

    def _close(self, line: ttk.Frame, text: str) -> None:
        self.texts.remove(text)
        line.destroy()
        if not self.texts:
            self.pack_forget()
