"""Widgets side by side that wrap where the window is narrow."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk


class Flow(ttk.Frame):
    """Make its children in it and `add` them in order; `gap` is between them, in pixels."""

    def __init__(self, parent: tk.Misc, gap: int) -> None:
        super().__init__(parent)
        self._gap = gap
        self._parts: list[tk.Widget] = []
        self._width = 0
        self.bind("<Configure>", self._resized)

    def add(self, part: tk.Widget) -> None:
        self._parts.append(part)
        self.lay_out()

    def lay_out(self) -> None:
        """Left to right, and a new line where one is full. Call it after a change of font or text."""
        x = y = line = 0
        for part in self._parts:
            width, height = part.winfo_reqwidth(), part.winfo_reqheight()
            if x and self._width > 1 and x + width > self._width:
                x, y, line = 0, y + line + self._gap, 0
            part.place(x=x, y=y)
            x, line = x + width + self._gap, max(line, height)
        self.configure(height=max(1, y + line), width=1)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.width != self._width:
            self._width = event.width
            self.lay_out()
