"""The ring around what has the focus. The theme shows it for fields only; tables, chips and buttons get this one."""

from __future__ import annotations

import contextlib
import tkinter as tk
from typing import Any

import ttkbootstrap as ttk

from model_manager.views import theme

_AREAS = ("Treeview", "Text", "Canvas")
_BUTTONS = ("TButton", "TCheckbutton", "TRadiobutton", "TMenubutton")
_THICK = 2
"""Pixels at 96 dpi."""


class FocusRing:
    """One for a root and all its windows. It also scrolls what gets the focus into view."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self.sides: list[tk.Frame] = []
        root.bind_class("all", "<FocusIn>", self._show, add=True)
        root.bind_class("all", "<FocusOut>", lambda event: self._hide(), add=True)

    def _show(self, event: tk.Event[Any]) -> None:
        self._hide()
        widget = event.widget
        # The lists of combo boxes are Tk's own, which tkinter knows by name only.
        if not isinstance(widget, tk.Misc) or widget is widget.winfo_toplevel():
            return
        if str(self._root.tk.call("focus")) != str(widget):
            return  # Tk tells the parents of what gets the focus, too
        _into_view(widget)
        self._draw(widget)

    def restyle(self) -> None:
        """In the colours of another theme."""
        self._hide()
        path = str(self._root.tk.call("focus"))
        with contextlib.suppress(KeyError):  # a widget of Tk's own, in a file dialog or the list of a combo box
            if path:
                self._draw(self._root.nametowidget(path))

    def _draw(self, widget: tk.Misc) -> None:
        name = widget.winfo_class()
        if name not in _AREAS + _BUTTONS:
            return
        colours = ttk.Style().colors
        # A button may be filled with the theme's colour, on which the same colour is not seen.
        ink = theme.readable(colours.primary, colours.bg) if name in _AREAS else colours.fg
        thick = theme.px(widget, _THICK)
        for place in (
            {"relwidth": 1.0, "height": thick},
            {"relwidth": 1.0, "height": thick, "rely": 1.0, "anchor": "sw"},
            {"relheight": 1.0, "width": thick},
            {"relheight": 1.0, "width": thick, "relx": 1.0, "anchor": "ne"},
        ):
            side = tk.Frame(widget, background=ink, borderwidth=0, highlightthickness=0, takefocus=0)
            side.place(bordermode="outside", **place)
            self.sides.append(side)

    def _hide(self) -> None:
        for side in self.sides:
            with contextlib.suppress(tk.TclError):  # it went with its widget
                side.destroy()
        self.sides.clear()


def _into_view(widget: tk.Misc) -> None:
    """Scrolls the canvas that holds this widget, when it lies outside of what is seen of it."""
    canvas = widget.master
    while canvas is not None and not (isinstance(canvas, tk.Canvas) and canvas.find_all()):
        canvas = canvas.master
    if canvas is None:
        return
    top = widget.winfo_rooty() - canvas.winfo_rooty()
    bottom, seen = top + widget.winfo_height(), canvas.winfo_height()
    gap = theme.px(widget, 8)
    if top < 0 or bottom > seen:
        first, last = canvas.yview()
        by = top - gap if top < 0 or bottom - top > seen else bottom - seen + gap
        canvas.yview_moveto(first + by * (last - first) / max(1, seen))
