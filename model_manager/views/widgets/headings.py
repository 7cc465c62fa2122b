"""The heading row of a table: a click sorts, a heading can be dragged to another place, a right click chooses columns.

For the keyboard the same stands in menus.
"""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from model_manager.views import theme

if TYPE_CHECKING:
    from model_manager.views.widgets.table import Table


class Headings:
    """Gestures on the headings of a virtual table. Resizing at a border stays with Tk, but for remembering it."""

    def __init__(self, table: Table) -> None:
        self._table, self._tree = table, table.tree
        self._pressed = self._resized = ""
        self._moving = False
        self._from = 0
        self._ticks: dict[str, tk.BooleanVar] = {}
        self._tree.bind("<Button-1>", self._press, add=True)
        self._tree.bind("<B1-Motion>", self._motion, add=True)
        self._tree.bind("<ButtonRelease-1>", self._release, add=True)

    def show(self) -> None:
        """Writes the titles, with an arrow at the column that sorts."""
        name, descending = self._table.sorted_by
        for column in self._table.columns.values():
            arrow = (" ▾" if descending else " ▴") if column.id == name else ""
            self._tree.heading(column.id, text=column.title + arrow)

    def choose(self, event: tk.Event[Any]) -> None:
        """The menu of columns, at the pointer."""
        self.columns_menu(self._tree).tk_popup(event.x_root, event.y_root)

    def sort_menu(self, parent: tk.Misc) -> ttk.Menu:
        """What a click on a heading does: a column that sorts already sorts the other way round."""
        menu = ttk.Menu(parent, tearoff=False)
        name, descending = self._table.sorted_by
        for column in self._table.columns.values():
            arrow = (" ▾" if descending else " ▴") if column.id == name else ""
            menu.add_command(label=column.title + arrow, command=lambda one=column.id: self._table.sort(one))
        return menu

    def columns_menu(self, parent: tk.Misc) -> ttk.Menu:
        """Which columns are shown; one that is shown again comes last."""
        menu = ttk.Menu(parent, tearoff=False)
        self._ticks = {
            name: tk.BooleanVar(self._tree, name in self._table.wanted) for name in self._table.columns
        }  # fmt: skip
        for column in self._table.columns.values():
            menu.add_checkbutton(label=column.title, variable=self._ticks[column.id],
                                 command=lambda name=column.id: self._table.toggle_column(name))  # fmt: skip
        return menu

    def _column_at(self, x: int) -> str:
        at = int(self._tree.identify_column(x)[1:] or 0) - 1
        shown = self._tree["displaycolumns"]
        return str(shown[at]) if 0 <= at < len(shown) else ""

    def _press(self, event: tk.Event[Any]) -> str | None:
        region = self._tree.identify_region(event.x, event.y)
        self._pressed = self._resized = ""
        self._moving, self._from = False, event.x
        if region == "separator":
            self._resized = self._column_at(event.x)
        elif region == "heading":
            self._pressed = self._column_at(event.x)
            return "break"
        return None

    def _motion(self, event: tk.Event[Any]) -> str | None:
        if not self._pressed:
            return None
        if abs(event.x - self._from) > theme.px(self._tree, 12):
            self._moving = True
            self._tree.configure(cursor="fleur")
        return "break"

    def _release(self, event: tk.Event[Any]) -> str | None:
        pressed, resized, moving = self._pressed, self._resized, self._moving
        self._pressed = self._resized = ""
        self._moving = False
        if moving:
            self._tree.configure(cursor="")
            edge = self._tree.winfo_width() - 2
            self._table.move_column(pressed, self._column_at(max(1, min(event.x, edge))))
        elif pressed and self._tree.identify_region(event.x, event.y) == "heading":
            self._table.sort(pressed)
        elif resized:
            self._table.chosen_widths[resized] = int(self._tree.column(resized, "width"))
            self._table.on_columns()
            self._table.after_idle(self._table.refresh)
        return "break" if pressed else None
