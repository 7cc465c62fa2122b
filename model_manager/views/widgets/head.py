"""The head of a screen: its title, and at the right what can be done; below the title where both have no room."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

import ttkbootstrap as ttk

from model_manager.views import theme


class Head(ttk.Frame):
    """Make the parts in it and `add` them, the leftmost first. `title` may be empty."""

    def __init__(self, parent: tk.Misc, title: tk.Widget | str) -> None:
        super().__init__(parent)
        self._gap = theme.px(parent, 8)
        self._parts: list[tk.Widget] = []
        self._made: tuple[int, ...] = ()
        """The sizes that it was laid out for."""
        self.title = ttk.Label(self, text=title, font=theme.bold(self, 3)) if isinstance(title, str) else title
        self.bind("<Configure>", lambda event: self.lay_out())
        self.pack(fill="x")

    def add(self, *parts: tk.Widget) -> None:
        self._parts += parts
        for part in parts:
            part.bind("<Configure>", lambda event: self.after_idle(self.lay_out), add="+")
        self.lay_out()

    def lay_out(self) -> None:
        """One line with the title, or as many below it as it takes. Call it after a change of a text."""
        if not self.winfo_exists():
            return
        room = self.winfo_width() - 2 * self._gap
        sizes = (
            room,
            *(size for one in (self.title, *self._parts) for size in (one.winfo_reqwidth(), one.winfo_reqheight())),
        )
        if room <= 1 or sizes == self._made:
            return
        self._made = sizes
        y = self._line([self.title], self._gap, self._gap)
        lines = self._broken(room)
        if len(lines) == 1 and self.title.winfo_reqwidth() + self._gap + self._width(lines[0]) <= room:
            y = max(y, self._line(lines[0], self._gap + room - self._width(lines[0]), self._gap))
        else:
            for line in lines:
                y = self._line(line, self._gap + max(0, room - self._width(line)), y + self._gap // 2)
        self.configure(height=y + self._gap, width=1)

    def _line(self, parts: Sequence[tk.Widget], x: int, y: int) -> int:
        """Where the line ends below."""
        for part in parts:
            part.place(x=x, y=y)
            x += part.winfo_reqwidth() + self._gap
        return y + max(part.winfo_reqheight() for part in parts)

    def _width(self, line: Sequence[tk.Widget]) -> int:
        return sum(part.winfo_reqwidth() + self._gap for part in line) - self._gap

    def _broken(self, room: int) -> list[list[tk.Widget]]:
        lines: list[list[tk.Widget]] = []
        for part in self._parts:
            if lines and self._width([*lines[-1], part]) <= room:
                lines[-1].append(part)
            else:
                lines.append([part])
        return lines
