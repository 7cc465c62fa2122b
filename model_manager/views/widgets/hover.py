"""A tip at the pointer for parts of a widget: the whole text of a cell that is too narrow for it."""

from __future__ import annotations

import tkinter as tk
import tkinter.font as tkfont
from typing import Any

import ttkbootstrap as ttk

from model_manager.views import theme

_DELAY_MS = 450


class Hover:
    """Shows at most one tip. `offer` at every motion; the same text again changes nothing."""

    def __init__(self, widget: tk.Misc) -> None:
        self._widget = widget
        self._tip: ttk.Toplevel | None = None
        self._timer = ""
        self.text = ""
        for name in ("<Leave>", "<ButtonPress>", "<Key>", "<Unmap>"):
            widget.bind(name, lambda event: self.offer(""), add="+")
        widget.bind("<Destroy>", lambda event: self._drop(), add="+")

    def offer(self, text: str) -> None:
        """The text for where the pointer is now; "" for none."""
        if text == self.text:
            return
        self._drop()
        self.text = text
        if text:
            self._timer = self._widget.after(_DELAY_MS, self._show)

    @property
    def shown(self) -> bool:
        return self._tip is not None

    def _show(self) -> None:
        self._timer = ""
        widget = self._widget
        self._tip = tip = ttk.Toplevel(
            master=widget, position=(0, 0), override_redirect=True, window_type="tooltip", topmost=True
        )
        tip.withdraw()
        label = ttk.Label(tip, text=self.text, bootstyle="@card", justify="left", wraplength=theme.px(widget, 560),
                          padding=(theme.px(widget, 8), theme.px(widget, 5)), relief="solid", borderwidth=1)  # fmt: skip
        label.pack()
        tip.update_idletasks()
        gap = theme.px(widget, 14)
        x = min(widget.winfo_pointerx() + gap, widget.winfo_screenwidth() - tip.winfo_reqwidth() - gap)
        y = widget.winfo_pointery() + gap
        if y + tip.winfo_reqheight() > widget.winfo_screenheight():
            y = widget.winfo_pointery() - gap - tip.winfo_reqheight()
        tip.geometry(f"+{max(0, x)}+{max(0, y)}")
        tip.deiconify()

    def _drop(self) -> None:
        if self._timer:
            self._widget.after_cancel(self._timer)
            self._timer = ""
        if self._tip is not None:
            self._tip.destroy()
            self._tip = None
        self.text = ""


def tell_clipped(tree: ttk.Treeview) -> Hover:
    """Shows the whole text of the cells of a plain tree where its columns are too narrow."""
    hover = Hover(tree)

    def moved(event: tk.Event[Any]) -> None:
        hover.offer(clipped(tree, event.x, event.y))

    tree.bind("<Motion>", moved, add="+")
    return hover


def clipped(tree: ttk.Treeview, x: int, y: int) -> str:
    """The text of the cell at a point of a plain tree, when it is wider than what is seen of it."""
    row, column = str(tree.identify_row(y)), str(tree.identify_column(x))
    if not row or not column or tree.identify_region(x, y) not in ("cell", "tree"):
        return ""
    place = tree.bbox(row, column)
    text = str(tree.item(row, "text")) if column == "#0" else str(tree.set(row, column))
    if not place or not text:
        return ""
    font = tkfont.nametofont("TkDefaultFont", root=tree)
    used = theme.bold(tree) if "head" in tree.item(row, "tags") else font
    # The box of the first column begins behind the indentation; the arrow takes about a line's height of it.
    room = int(place[2]) - (font.metrics("linespace") if column == "#0" else 2 * theme.px(tree, theme.CELL))
    return text if used.measure(text) > room else ""
