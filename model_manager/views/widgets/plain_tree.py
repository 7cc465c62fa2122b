"""A tree of up to some thousand rows: columns as wide as what they hold where there is room, an ellipsis where not.

Texts are kept whole, and only the rows that are seen are shortened; the whole text stands in a tip at the pointer.
"""

from __future__ import annotations

import os
import tkinter as tk
import tkinter.font as tkfont
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ttkbootstrap as ttk

from model_manager.base.short_paths import GAP
from model_manager.views import theme
from model_manager.views.widgets import tree_keys
from model_manager.views.widgets.ellipsis import shorten, shorten_path
from model_manager.views.widgets.hover import Hover

_INDENT = 0.9
"""Of the font's line, for each level and for the arrow before the first: what `theme.mend` sets."""
_LEAST = 90
"""Pixels at 96 dpi below which no column of words is pressed."""
_PRESSED = 48
"""The same where there is no room for that either."""
_SHARES = {"path": 0.34, "words": 0.24, "short": 0.18, "name": 0.28}
"""Of the whole width, what a column gets before another one may press it: of paths, of words, of words of a few kinds, and
the one that names a row. In this order they give way."""
_PATHS_SHARE = 3
"""Of what is left over, a column of paths gets so many times what another one gets."""
_LEAST_NAME = 150
"""The same of the column that names a row."""
_SLACK = 8
"""Pixels of a cell that its text cannot use besides the padding."""


@dataclass(frozen=True, slots=True)
class Column:
    """`width` at 96 dpi before anything is shown; a `loose` one gives way first and takes what is left over.

    Of a `path` the middle gives way, and the names of the files stay whole while there is room; with `names` they stay whole
    before everything else, where something is about to happen to these files.
    """

    id: str
    title: str
    width: int
    figure: bool = False
    loose: bool = False
    path: bool = False
    names: bool = False


class PlainTree(ttk.Treeview):
    """A ttk.Treeview with the same calls: `insert`, `item` and `set` take and give whole texts.

    A column `#0` in `columns` makes it a tree. `packed()` puts it into its parent with a scroll bar.
    """

    def __init__(
        self, parent: tk.Misc, columns: Sequence[Column], selectmode: str = "browse", headings: bool = True
    ) -> None:  # fmt: skip
        self._columns = columns
        names = [column.id for column in columns if column.id != "#0"]
        show = ["tree"] * (len(names) < len(columns)) + ["headings"] * headings
        super().__init__(parent, columns=names, show=show, selectmode=selectmode, height=5)
        self._whole: dict[str, dict[str, str]] = {}
        self._longest: dict[str, tuple[int, int]] = {}
        """Column -> letters and pixels of its longest text, with its indentation."""
        self._names: dict[str, tuple[int, int]] = {column.id: (0, 0) for column in columns if column.path}
        """Column of paths -> the same of its longest file name with the gap before it."""
        self._by_hand = False
        self.tells = True
        """Whether a tip tells the row that the keyboard is at; not where the screen has a place for that."""
        self._due = ""
        self._held = ("", 0)
        """The row that the keyboard was at when all rows went, and its place: they come again a moment later."""
        self._plain = tkfont.nametofont("TkDefaultFont", root=self)
        self._bold = theme.bold(self)
        for column in columns:
            anchor = "e" if column.figure else "w"
            self.heading(column.id, text=column.title, anchor=anchor)
            self.column(column.id, width=theme.px(self, column.width), minwidth=theme.px(self, 36), anchor=anchor,
                        stretch=column.loose)  # fmt: skip
        self.restyle()
        self.hover = Hover(self)
        tree_keys.attach(self)
        for key in ("Up", "Down", "Home", "End", "Prior", "Next"):
            self.bind(f"<KeyRelease-{key}>", lambda event: self._tell_row(), add="+")
        self.bind("<Motion>", lambda event: self.hover.offer(self.clipped(event.x, event.y)), add="+")
        self.bind("<ButtonRelease-1>", self._released, add="+")
        self.bind("<Configure>", lambda event: self._soon(), add="+")
        self.bind("<Destroy>", lambda event: self._forget(), add="+")
        for opening in ("<<TreeviewOpen>>", "<<TreeviewClose>>"):
            self.bind(opening, lambda event: self._soon(), add="+")

    def packed(self) -> PlainTree:
        """Fills its parent, with a scroll bar at its right while there is something to scroll."""
        bar = ttk.Scrollbar(self.master, orient="vertical", command=self.yview)

        def scrolled(first: str, last: str) -> None:
            bar.set(first, last)
            needed = float(first) > 0 or float(last) < 1
            if needed and not bar.winfo_manager():
                bar.pack(side="right", fill="y", before=self)
            elif not needed and bar.winfo_manager():
                bar.pack_forget()
            self._soon()

        self.configure(yscrollcommand=scrolled)
        self.pack(side="left", fill="both", expand=True)
        return self

    def restyle(self) -> None:
        """After a change of theme or font."""
        self._bold = theme.bold(self)
        self.tag_configure("head", font=self._bold)
        self.tag_configure("fixed", foreground=theme.muted(ttk.Style()))
        self._soon()

    # The calls of ttk.Treeview, which know whole texts only.

    def insert(self, parent: str, index: Any, iid: str | None = None, **options: Any) -> str:  # type: ignore[override]
        row = str(super().insert(parent, index, iid, **options))
        self._keep(row, self._told(options), self._depth(parent) + 1)
        return row

    def item(self, row: Any, option: Any = None, **options: Any) -> Any:  # type: ignore[override]
        if options:
            super().item(row, **options)
            self._keep(str(row), self._told(options), self._depth(str(row)))
            return None
        whole = self._whole.get(str(row), {})
        if option == "text":
            return whole.get("#0", "")
        if option == "values":
            return tuple(whole.get(column.id, "") for column in self._columns if column.id != "#0")
        return super().item(row, option)

    def set(self, row: Any, column: Any = None, value: Any = None) -> Any:
        if value is not None:
            self._keep(str(row), {column: value}, 0)
            return super().set(row, column, value)
        return self._whole.get(str(row), {}).get(str(column), "")

    def delete(self, *rows: Any) -> None:
        now = str(self.focus())
        if now and set(map(str, rows)) >= set(self.get_children()):
            seen = tree_keys.seen_rows(self)
            self._held = now, seen.index(now) if now in seen else 0
        super().delete(*rows)
        if not self.get_children():
            self._whole.clear()
            self._longest.clear()
            self._names = dict.fromkeys(self._names, (0, 0))
        self._soon()

    def clipped(self, x: int, y: int) -> str:
        """The whole text of the cell at a point, when it is shown with an ellipsis."""
        row, column = str(self.identify_row(y)), str(self.identify_column(x))
        if not row or self.identify_region(x, y) not in ("cell", "tree"):
            return ""
        name = "#0" if column == "#0" else str(self["columns"][int(column[1:]) - 1])
        whole = self._whole.get(row, {}).get(name, "")
        return whole if self._fitting(row, name, whole) != whole else ""

    def _tell_row(self) -> None:
        """What the pointer would be told: the whole texts of the row at which the keyboard stays."""
        row = str(self.focus())
        place = self.bbox(row) if row and self.tells else ""
        if place:
            whole = self._whole.get(row, {})
            cut = [text for name, text in whole.items() if text and self._fitting(row, name, text) != text]
            self.hover.offer("\n".join(cut), (self.winfo_rootx() + place[0], self.winfo_rooty() + place[1] + place[3]))

    def _mark_again(self) -> None:
        """The keyboard stays where it was when the rows were made anew."""
        rows = tree_keys.seen_rows(self)
        if not rows or self.focus():
            return
        before, at = self._held
        self._held = "", 0
        if before:
            self.focus(before if self.exists(before) else rows[min(at, len(rows) - 1)])
            self.see(self.focus())
        elif str(self.tk.call("focus")) == str(self):
            self.focus(rows[0])

    def _told(self, options: dict[str, Any]) -> dict[str, object]:
        names = [column.id for column in self._columns if column.id != "#0"]
        told: dict[str, object] = dict(zip(names, options.get("values", ()), strict=False))
        return told | {"#0": options["text"]} if "text" in options else told

    def _keep(self, row: str, told: dict[str, object], depth: int) -> None:
        """Remembers what was written, and the longest of each column (measuring takes 15 µs: only what may be the longest is)."""
        whole = self._whole.setdefault(row, {})
        for name, text in told.items():
            whole[name] = str(text)
            levels = depth if name == "#0" else 0
            letters = len(whole[name]) + 3 * levels
            most, width = self._longest.get(name, (0, 0))
            if letters > most - 3:
                wide = self._bold.measure(whole[name]) + self._indented(levels)
                self._longest[name] = max(most, letters), max(width, wide)
            if name in self._names and os.sep in whole[name]:
                self._keep_name(name, os.path.join(GAP, os.path.basename(whole[name])))
        self._soon()

    def _keep_name(self, column: str, text: str) -> None:
        most, width = self._names[column]
        if len(text) > most - 3:
            self._names[column] = max(most, len(text)), max(width, self._plain.measure(text))

    def _depth(self, row: str) -> int:
        depth = 0
        while row:
            row = str(self.parent(row))
            depth += 1
        return depth

    def _soon(self) -> None:
        if not self._due:
            self._due = self.after_idle(self._fit)

    def _forget(self) -> None:
        if self._due:
            self.after_cancel(self._due)

    def _released(self, event: tk.Event[Any]) -> None:
        if self.identify_region(event.x, event.y) == "separator":
            self._by_hand = True  # a person's widths stay
        self._soon()

    def _fit(self) -> None:
        self._due = ""
        self._mark_again()
        if self.winfo_width() > 1:
            if not self._by_hand:
                self._share(self.winfo_width() - 4)
            self._shorten_seen()

    def _share(self, room: int) -> None:
        """Figures get what they need, words what they need or their share; the loose columns share the rest, narrow ones first."""
        wanted = {column.id: self._needs(column) for column in self._columns}
        loose = sorted((column.id for column in self._columns if column.loose), key=lambda name: wanted[name])
        widths = {column.id: wanted[column.id] for column in self._columns if column.figure}
        least = self._least(room - sum(widths.values()), wanted)
        widths |= {name: width for name, width in least.items() if name not in loose}
        least = {name: least[name] for name in loose}
        spare = max(0, room - sum(widths.values()) - sum(least.values()))
        for number, name in enumerate(loose):
            shares = [_PATHS_SHARE if one in self._names else 1 for one in loose[number:]]
            most = least[name] + spare * shares[0] // sum(shares)
            widths[name] = most if len(shares) == 1 else min(wanted[name], most)
            spare -= widths[name] - least[name]
        for name, width in widths.items():
            if int(self.column(name, "width")) != width:
                self.column(name, width=width)
        for column in self._columns:
            room_of = widths[column.id] - 2 * theme.px(self, theme.CELL) - _SLACK
            self.heading(column.id, text=shorten(column.title, room_of, self._plain))

    def _least(self, room: int, wanted: dict[str, int]) -> dict[str, int]:
        """How wide each column of words is at least. The name of a file stays whole while the words beside it have their
        share: what a row is and why it is there is read first, and of a name that gives way both ends are seen."""
        kinds = {column.id: self._kind(column) for column in self._columns if not column.figure}
        cell = 2 * theme.px(self, theme.CELL) + _SLACK
        floor = {
            name: min(wanted[name], theme.px(self, _LEAST_NAME if kind == "name" else _LEAST))
            for name, kind in kinds.items()
        }
        fair = {
            name: max(floor[name], min(wanted[name], round(self.winfo_width() * _SHARES[kind])))
            for name, kind in kinds.items()
        }
        pressed = dict.fromkeys(kinds, theme.px(self, _PRESSED))
        least = {name: wanted[name] if kind == "short" else fair[name] for name, kind in kinds.items()}
        for column in self._columns:
            if column.path:
                name_ = min(self._names[column.id][1] + cell, wanted[column.id])
                least[column.id] = max(fair[column.id], name_)
                if column.names:
                    fair[column.id] = floor[column.id] = pressed[column.id] = name_
        for bottom in (fair, floor, pressed, dict.fromkeys(kinds, theme.px(self, _PRESSED))):
            for name in sorted(kinds, key=lambda one: list(_SHARES).index(kinds[one])):
                over = max(0, sum(least.values()) - room)
                least[name] = max(min(least[name], bottom[name]), least[name] - over)
        return least

    def _kind(self, column: Column) -> str:
        if column.id == "#0":
            return "name"
        return "path" if column.path else "words" if column.loose else "short"

    def _needs(self, column: Column) -> int:
        """The width of the longest text, bold as heads are, or of the title, with the room at its sides."""
        cell = self._longest.get(column.id, (0, 0))[1] + 2 * theme.px(self, theme.CELL) + _SLACK
        return max(cell, self._plain.measure(column.title) + 2 * theme.px(self, theme.CELL) + 2 * _SLACK)

    def _indented(self, depth: int) -> int:
        return round(self._plain.metrics("linespace") * _INDENT * depth)

    def _shorten_seen(self) -> None:
        y, bottom = 0, self.winfo_height()
        line = max(8, self._plain.metrics("linespace"))
        seen = ""
        while y < bottom:
            row = str(self.identify_row(y))
            if row and row != seen:
                seen = row
                self._shorten(row)
            y += line

    def _shorten(self, row: str) -> None:
        for name, whole in self._whole.get(row, {}).items():
            text = self._fitting(row, name, whole)
            if name == "#0":
                if super().item(row, "text") != text:
                    super().item(row, text=text)
            elif super().set(row, name) != text:
                super().set(row, name, text)

    def _fitting(self, row: str, name: str, whole: str) -> str:
        width = int(self.column(name, "width"))
        if name == "#0":
            width -= self._indented(self._depth(row)) + _SLACK // 2
        else:
            width -= 2 * theme.px(self, theme.CELL) + _SLACK
        font = self._bold if "head" in super().item(row, "tags") else self._plain
        return (shorten_path if name in self._names and os.sep in whole else shorten)(whole, width, font)
