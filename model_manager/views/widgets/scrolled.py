"""A page that can be longer than the window: by wheel, by its bar, and by going through its fields with Tab."""

from __future__ import annotations

import itertools
import tkinter as tk
from typing import Any

import ttkbootstrap as ttk

from model_manager.views.widgets.when_needed import when_needed

_numbers = itertools.count(1)


class Scrolled(ttk.Frame):
    """What is shown goes into `body`; call `adopt` when all of it is there. `widest` in pixels: longer lines are hard to read."""

    def __init__(self, parent: tk.Misc, padding: object = 0, widest: int = 100_000) -> None:
        super().__init__(parent)
        self._tag = f"Scrolled{next(_numbers)}"
        self.canvas = ttk.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=0)
        self.bar = ttk.Scrollbar(self, orient="vertical", command=self.canvas.yview)
        self.canvas.configure(yscrollcommand=lambda first, last: when_needed(self.bar, first, last))
        self.canvas.grid(row=0, column=0, sticky="nsew")
        self.bar.grid(row=0, column=1, sticky="ns")
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self.body = ttk.Frame(self.canvas, padding=padding)
        inner = self.canvas.create_window(0, 0, anchor="nw", window=self.body)
        self.body.bind("<Configure>", lambda event: self._measure())
        self.canvas.bind("<Configure>", lambda event: self.canvas.itemconfigure(inner, width=min(event.width, widest)))
        for name, lines in (("<MouseWheel>", 0), ("<Button-4>", -3), ("<Button-5>", 3)):
            self.bind_class(self._tag, name, lambda event, by=lines: self._wheel(by or -event.delta // 40))
        self.bind_class(self._tag, "<FocusIn>", lambda event: self.see(event.widget))

    def adopt(self) -> None:
        """The wheel scrolls over every widget of the page, and changes none; a field with its own bar keeps its wheel."""
        waiting: list[tk.Misc] = [self.canvas, self.body]
        while waiting:
            one = waiting.pop()
            if one.winfo_class() != "Text" and self._tag not in one.bindtags():
                one.bindtags((self._tag, *one.bindtags()))
            if one is not self.canvas:
                waiting.extend(one.winfo_children())

    def see(self, widget: tk.Misc) -> None:
        """Scrolls until a widget of the page is in view."""
        top = widget.winfo_rooty() - self.body.winfo_rooty()
        bottom, height = top + widget.winfo_height(), max(1, self.body.winfo_height())
        first = self.canvas.canvasy(0)
        if top < first:
            self.canvas.yview_moveto(top / height)
        elif bottom > first + self.canvas.winfo_height():
            self.canvas.yview_moveto((bottom - self.canvas.winfo_height()) / height)

    def _measure(self) -> None:
        self.canvas.configure(scrollregion=(0, 0, 1, self.body.winfo_reqheight()))

    def _wheel(self, lines: int) -> str:
        if self.body.winfo_reqheight() > self.canvas.winfo_height():
            self.canvas.yview_scroll(lines, "units")
        return "break"

    def destroy(self) -> None:
        for name in ("<MouseWheel>", "<Button-4>", "<Button-5>", "<FocusIn>"):
            self.unbind_class(self._tag, name)
        super().destroy()


def leaves_with_tab(text: Any) -> None:
    """Tab goes on from a field of several lines, as from every other; Ctrl+Z takes back what was typed in it."""

    def go(event: tk.Event[Any], back: bool = False) -> str:
        other = event.widget.tk_focusPrev() if back else event.widget.tk_focusNext()
        if other is not None:
            other.focus_set()
        return "break"

    def undo(event: tk.Event[Any]) -> str:
        if event.widget.edit("canundo"):
            event.widget.edit_undo()
        return "break"

    text.configure(undo=True)
    text.bind("<Tab>", go)
    text.bind("<<PrevWindow>>", lambda event: go(event, back=True))
    for name in ("<Control-z>", "<Command-z>"):
        text.bind(name, undo)
