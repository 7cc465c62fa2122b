"""A tree whose rows can be ticked: by click on the box, by Space, or all of a group by its head.

Below 5,000 rows; more belongs into the virtual table.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import ttkbootstrap as ttk

from model_manager.views import theme
from model_manager.views.widgets.plain_tree import Column, PlainTree

ON, OFF, FIXED = "☑", "☐", "●"


class TickTree(ttk.Frame):
    """`on_change()` after each tick, `on_choose(row)` when another row is chosen, `on_refused(row)` when somebody tries
    to tick one that stays.

    A row is added below a head with `add`; only rows with a box can be ticked.
    """

    def __init__(self, parent: tk.Misc, columns: Sequence[Column]) -> None:
        super().__init__(parent)
        self.on_change: Callable[[], None] = lambda: None
        self.on_choose: Callable[[str], None] = lambda row: None
        self.on_refused: Callable[[str], None] = lambda row: None
        self.ticked: set[str] = set()
        self._text: dict[str, str] = {}
        self._boxed: set[str] = set()
        self.tree = PlainTree(self, columns).packed()
        self.tree.bind("<Button-1>", self._click, add="+")
        self.tree.bind("<space>", lambda event: self._toggle(self.tree.focus()))
        self.tree.bind("<<TreeviewSelect>>", lambda event: self.on_choose(self.tree.focus()))

    def restyle(self) -> None:
        self.tree.restyle()

    def clear(self) -> None:
        """Nothing is chosen then either: what comes at a row's place is something else."""
        self.tree.delete(*self.tree.get_children())
        self.ticked.clear()
        self._text.clear()
        self._boxed.clear()
        self.on_choose("")

    def choose(self, row: str) -> None:
        """Chooses a row again, where it is still there."""
        if row and self.tree.exists(row):
            self.tree.selection_set(row)
            self.tree.focus(row)

    def add_head(self, row: str, text: str, values: Sequence[str]) -> None:
        self._text[row] = text
        self.tree.insert("", "end", row, text=text, values=list(values), open=True, tags=("head",))

    def add(self, head: str, row: str, text: str, values: Sequence[str], fixed: bool = False, box: bool = True) -> None:
        """`fixed`: a row that stays and can never be ticked."""
        self._text[row] = text
        if box and not fixed:
            self._boxed.add(row)
        mark = FIXED if fixed else OFF
        self.tree.insert(head, "end", row, text=f"{mark} {text}" if box or fixed else text, values=list(values),
                         tags=("fixed",) if fixed else ())  # fmt: skip

    def fix(self, row: str, fixed: bool, text: str) -> None:
        """Makes a row one that stays, or one that may go, with these words."""
        self._text[row] = text
        self.ticked.discard(row)
        self._boxed.discard(row)
        if not fixed:
            self._boxed.add(row)
        self.tree.item(row, tags=("fixed",) if fixed else ())
        self.tree.item(row, text=f"{FIXED if fixed else OFF} {self._text[row]}")

    def tick(self, rows: Iterable[str], on: bool = True) -> None:
        for row in rows:
            if row in self._boxed:
                (self.ticked.add if on else self.ticked.discard)(row)
                self.tree.item(row, text=f"{ON if on else OFF} {self._text[row]}")
        self.on_change()

    def boxed(self, head: str = "") -> list[str]:
        """The rows that can be ticked, of one head or of all."""
        heads = [head] if head else list(self.tree.get_children())
        rows = [row for one in heads for row in self._below(one)]
        return [row for row in rows if row in self._boxed]

    def _below(self, row: str) -> list[str]:
        found = [row]
        for child in self.tree.get_children(row):
            found += self._below(child)
        return found

    def _click(self, event: tk.Event[Any]) -> None:
        row = str(self.tree.identify_row(event.y))
        if row and self.tree.identify_element(event.x, event.y) == "text" and self._on_box(row, event.x):
            self._toggle(row)

    def _on_box(self, row: str, x: int) -> bool:
        place = self.tree.bbox(row, "#0")
        known = row in self._boxed or "fixed" in self.tree.item(row, "tags")
        return bool(place) and known and x < int(place[0]) + theme.px(self, 56)

    def _toggle(self, row: str) -> str:
        if row in self._boxed:
            self.tick([row], row not in self.ticked)
        elif row and "fixed" in self.tree.item(row, "tags"):
            self.on_refused(row)
        elif row and self.tree.get_children(row):
            rows = self.boxed(row)
            self.tick(rows, not all(one in self.ticked for one in rows))
        return "break"  # Tk would fold the row
