"""A table that holds only its visible rows: 100,000 rows are painted in the time of forty.

Selection is a set of row ids and survives sorting and filtering.
"""

from __future__ import annotations

import tkinter as tk
import tkinter.font as tkfont
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import ttkbootstrap as ttk

from model_manager.views import theme
from model_manager.views.widgets.choice import seen_of
from model_manager.views.widgets.column import ScrolledColumn
from model_manager.views.widgets.ellipsis import shorten
from model_manager.views.widgets.headings import Headings
from model_manager.views.widgets.hover import Hover
from model_manager.views.widgets.when_needed import when_needed

_BORDERS = 4
"""At both sides together, at 96 dpi, columns cannot use these; without them a bar to scroll sideways stands there always."""
_SLACK = 8
"""Pixels of a cell that its text cannot use besides the padding."""


class Table(ttk.Frame):
    """Callbacks: `on_select(ids seen)`, `on_activate(row)`, `on_menu(x, y)` on the screen, `on_sort(column, descending)`."""

    def __init__(
        self, parent: tk.Misc, columns: Sequence[ScrolledColumn], key: Callable[[Any], Hashable],
        tags: Callable[[Any], tuple[str, ...]] = lambda row: (),
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.columns = {column.id: column for column in columns}
        self.rows: Sequence[Any] = ()
        self.selected: set[Hashable] = set()
        """With what a filter hides now; `chosen()` is what is shown of it."""
        self._told: set[Hashable] = set()
        self.wanted = [column.id for column in columns if column.shown]
        """The columns that the person wants to see, in order; a narrow window shows fewer."""
        self.chosen_widths: dict[str, int] = {}
        """Widths that the person dragged, in pixels; the others follow the window."""
        self.sorted_by: tuple[str, bool] = (columns[0].id, False)
        self.on_select: Callable[[set[Hashable]], None] = lambda ids: None
        self.on_activate: Callable[[Any], None] = lambda row: None
        self.on_menu: Callable[[int, int], None] = lambda x, y: None
        self.on_sort: Callable[[str, bool], None] = lambda column, descending: None
        self.on_columns: Callable[[], None] = lambda: None
        self._key, self._tags = key, tags
        self._top = 0
        self._cursor = 0
        self._anchor = 0
        self._sought: Hashable = None
        """The row that the cursor goes to once it is there."""
        self._items: list[str] = []
        self._typed, self._typed_at = "", 0
        self._width = 0
        self._fitted: dict[tuple[str, int], str] = {}
        self._build()

    def set_rows(self, rows: Sequence[Any], next_one: bool = False) -> None:
        """Shows these rows. The cursor stays on its row when that is still there. The choice outlives a filter, but only what
        is shown of it is told and acted on. `next_one`: where all of it has gone, the row behind it is chosen."""
        before, after = ([self._key(row) for row in one if self.selected] for one in (self.rows, rows))
        seen, following = seen_of(self.selected, before, after, next_one)
        held = self._key(self.rows[self._cursor]) if self._cursor < len(self.rows) and self._cursor else None
        self.rows = rows
        if held is not None:
            offset = self._cursor - self._top
            found = next((number for number, row in enumerate(rows) if self._key(row) == held), None)
            self._cursor = self._anchor = found if found is not None else 0
            if found is not None and 0 <= offset < self._count():
                self._top = max(0, found - offset)
        self._scroll_to(self._top)
        if self._sought is not None:
            self.go_to(self._sought)
        elif following is not None:
            self._go(following)
        elif seen != self._told:
            self._tell(seen)

    def go_to(self, id_: Hashable) -> None:
        """Chooses one row and puts the cursor on it, as soon as the rows have it."""
        self._sought = id_
        self.select({id_})
        found = next((number for number, row in enumerate(self.rows) if self._key(row) == id_), None)
        if found is not None:
            self._sought = None
            self._go(found)

    def layout_state(self) -> dict[str, object]:
        """What to remember: shown columns in order, widths, sort."""
        return {"shown": self.wanted, "widths": self.chosen_widths, "sort": list(self.sorted_by)}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes over what `layout_state` gave; unknown names are passed over."""
        shown = [name for name in state.get("shown", ()) if name in self.columns]
        if shown:
            self.wanted = shown
        for name, width in dict(state.get("widths", {})).items():
            if name in self.columns and isinstance(width, int):
                self.chosen_widths[name] = max(36, min(width, 2000))
        sort = state.get("sort")
        if isinstance(sort, list) and len(sort) == 2 and sort[0] in self.columns:
            self.sorted_by = (sort[0], bool(sort[1]))
        self.headings.show()

    def reset(self, sort: tuple[str, bool]) -> None:
        """Columns, their order and widths as they were made, sorted so."""
        self.chosen_widths, self.sorted_by = {}, sort
        self.headings.show()
        self._want([column.id for column in self.columns.values() if column.shown])
        self.on_sort(*sort)

    def chosen(self) -> list[Any]:
        """The selected rows that are shown, in order."""
        return [row for row in self.rows if self._key(row) in self.selected]

    def select(self, ids: set[Hashable]) -> None:
        self.selected = set(ids)
        self._mark()
        self._tell({self._key(row) for row in self.chosen()})

    def _tell(self, seen: set[Hashable]) -> None:
        self._told = seen
        self.on_select(set(seen))

    def select_all(self) -> None:
        self.select({self._key(row) for row in self.rows})

    def refresh(self) -> None:
        """Paints again, after a change of theme, font or width."""
        self._fitted.clear()
        self._paint()

    def _build(self) -> None:
        self.tree = ttk.Treeview(self, columns=list(self.columns), show="headings", selectmode="none")
        self.bar = ttk.Scrollbar(self, orient="vertical", command=self._on_bar)
        across = ttk.Scrollbar(self, orient="horizontal", command=self.tree.xview)
        self.tree.configure(xscrollcommand=lambda first, last: when_needed(across, first, last))
        self.tree.grid(row=0, column=0, sticky="nsew")
        self.bar.grid(row=0, column=1, sticky="ns")
        across.grid(row=1, column=0, sticky="ew")
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        for column in self.columns.values():
            anchor = "e" if column.numeric else "w"
            self.tree.column(column.id, width=theme.px(self, column.width), minwidth=theme.px(self, 36), anchor=anchor,
                             stretch=column.stretch)  # fmt: skip
            self.tree.heading(column.id, anchor=anchor)
        self.tree["displaycolumns"] = self.wanted
        self.headings = Headings(self)
        self.headings.show()
        self.hover = Hover(self.tree)
        self._bind()

    def _bind(self) -> None:
        tree = self.tree
        tree.bind("<Configure>", self._resized)
        tree.bind("<Motion>", lambda event: self.hover.offer(self._clipped_at(event)), add=True)
        tree.bind("<Button-1>", self._click, add=True)
        tree.bind("<Shift-Button-1>", lambda event: self._click(event, extend=True))
        tree.bind("<Control-Button-1>", lambda event: self._click(event, toggle=True))
        tree.bind("<Double-Button-1>", self._double)
        tree.bind("<Button-3>", self._menu_at)
        for name, lines in (("<MouseWheel>", 0), ("<Button-4>", -3), ("<Button-5>", 3)):
            tree.bind(name, lambda event, by=lines: self._wheel(by or -event.delta // 40))
        steps: tuple[tuple[str, Callable[[], int]], ...] = (
            ("<Up>", lambda: self._cursor - 1), ("<Down>", lambda: self._cursor + 1),
            ("<Prior>", lambda: self._cursor - self._count()), ("<Next>", lambda: self._cursor + self._count()),
            ("<Home>", lambda: 0), ("<End>", lambda: len(self.rows) - 1),
        )  # fmt: skip
        for name, where in steps:
            tree.bind(name, lambda event, to=where: self._go(to()))
            tree.bind(f"<Shift-{name[1:]}", lambda event, to=where: self._go(to(), extend=True))
            tree.bind(f"<Control-{name[1:]}", lambda event, to=where: self._go(to(), only_mark=True))
        tree.bind("<Control-a>", lambda event: self._done(self.select_all))
        tree.bind("<space>", lambda event: self._done(self._toggle))
        tree.bind("<Return>", lambda event: self._done(self._activate))
        for name in ("<Menu>", "<Shift-F10>", "<App>"):
            try:
                tree.bind(name, lambda event: self._done(lambda: self.on_menu(*self._at_cursor())))
            except tk.TclError:  # a key name that this system's Tk does not know
                continue
        tree.bind("<Key>", self._type, add=True)

    def _resized(self, event: tk.Event[Any]) -> None:
        if event.width != self._width:
            self._width = event.width
            self.fit_columns()
        self.after_idle(self.refresh)

    def fit_columns(self) -> None:
        """Makes the wanted columns fill the width.

        The stretching one gives and takes; before it becomes too narrow to read, the columns with a rank
        leave the view, the highest rank first. They come back with the room.
        """
        shown = [self.columns[name] for name in self.wanted]
        least = theme.px(self, 200)
        room = max(0, self._width - theme.px(self, _BORDERS))
        while True:
            widths = {column.id: self.chosen_widths.get(column.id) or theme.px(self, column.width) for column in shown}
            loose = next((column.id for column in shown if column.stretch), "")
            rest = sum(width for name, width in widths.items() if name != loose)
            leaving = max((column for column in shown if column.rank), key=lambda column: column.rank, default=None)
            if not room or rest + least <= room or leaving is None:
                break
            shown.remove(leaving)
        if loose and room:
            widths[loose] = max(theme.px(self, 120), room - rest)
        self.tree["displaycolumns"] = [column.id for column in shown]
        for name, width in widths.items():
            self.tree.column(name, width=width)

    @staticmethod
    def _done(work: Callable[[], None]) -> str:
        work()
        return "break"

    def sort(self, name: str) -> None:
        """Sorts by a column, the other way round when it sorts already."""
        descending = not self.sorted_by[1] if self.sorted_by[0] == name else self.columns[name].numeric
        self.sorted_by = (name, descending)
        self.headings.show()
        self.on_sort(name, descending)

    def _count(self) -> int:
        height = max(1, int(ttk.Style().lookup("Treeview", "rowheight") or 20))
        # The heading is about one and a half rows high; a half row at the end is worth painting.
        return max(1, (self.tree.winfo_height() - height) // height + 1)

    def _scroll_to(self, top: int) -> None:
        self._top = max(0, min(top, len(self.rows) - self._count() + 1))
        self._paint()

    def _paint(self) -> None:
        count = min(self._count(), len(self.rows) - self._top)
        shown = set(self.tree["displaycolumns"])
        while len(self._items) < count:
            self._items.append(self.tree.insert("", "end"))
        self.tree.detach(*self._items[count:])
        for number, item in enumerate(self._items[:count]):
            row = self.rows[self._top + number]
            values = [
                self._fit(column, column.text(row)) if column.id in shown else "" for column in self.columns.values()
            ]
            self.tree.item(item, values=values, tags=self._tags(row))
            self.tree.move(item, "", number)
        self._mark()
        total = max(1, len(self.rows))
        self.bar.set(self._top / total, min(1.0, (self._top + self._count()) / total))

    def _fit(self, column: ScrolledColumn, text: str) -> str:
        """The text with an ellipsis where its column is too narrow; only visible cells are measured."""
        width = self.tree.column(column.id, "width") - 2 * theme.px(self, theme.CELL) - _SLACK
        key = (text, width)
        found = self._fitted.get(key)
        if found is None:
            if len(self._fitted) > 5000:
                self._fitted.clear()
            found = self._fitted[key] = shorten(text, width, tkfont.nametofont("TkDefaultFont", root=self))
        return found

    def _mark(self) -> None:
        visible = [
            item for number, item in enumerate(self._items)
            if self._top + number < len(self.rows) and self._key(self.rows[self._top + number]) in self.selected
        ]  # fmt: skip
        self.tree.selection_set([item for item in visible if self.tree.exists(item)])
        at = self._cursor - self._top
        self.tree.focus(self._items[at] if 0 <= at < len(self.tree.get_children()) else "")

    def row_at(self, event: tk.Event[Any]) -> int | None:
        item = self.tree.identify_row(event.y)
        return self._top + self._items.index(item) if item in self._items else None

    def _click(self, event: tk.Event[Any], extend: bool = False, toggle: bool = False) -> str | None:
        region = self.tree.identify_region(event.x, event.y)
        if region != "cell":
            return None
        self.tree.focus_set()
        number = self.row_at(event)
        if number is not None:
            self._go(number, extend, toggle)
        return "break"

    def _double(self, event: tk.Event[Any]) -> str | None:
        if self.tree.identify_region(event.x, event.y) != "cell":
            return None
        self._activate()
        return "break"

    def _menu_at(self, event: tk.Event[Any]) -> None:
        if self.tree.identify_region(event.x, event.y) == "heading":
            self.headings.choose(event)
            return
        number = self.row_at(event)
        if number is not None and self._key(self.rows[number]) not in self.selected:
            self._go(number)
        self.on_menu(event.x_root, event.y_root)

    def _at_cursor(self) -> tuple[int, int]:
        """Where a menu opens that a key asked for: below the row, in pixels of the screen."""
        self._scroll_to(max(self._cursor - self._count() + 2, min(self._top, self._cursor)))
        place = self.tree.bbox(self.tree.focus()) if self.tree.focus() else ""
        x, y = (place[0], place[1] + place[3]) if place else (0, 0)
        return self.tree.winfo_rootx() + x + theme.px(self, 80), self.tree.winfo_rooty() + y

    def toggle_column(self, name: str) -> None:
        """Shows a column at the end, or hides it; the last one stays."""
        wanted = [one for one in self.wanted if one != name] if name in self.wanted else [*self.wanted, name]
        if wanted:
            self._want(wanted)

    def move_column(self, name: str, to: str) -> None:
        """Puts a column where another one stands; the others make room."""
        if to in self.wanted and to != name:
            wanted = [one for one in self.wanted if one != name]
            wanted.insert(self.wanted.index(to), name)
            self._want(wanted)

    def _want(self, wanted: list[str]) -> None:
        self.wanted = wanted
        self.fit_columns()
        self.refresh()
        self.on_columns()

    def _clipped_at(self, event: tk.Event[Any]) -> str:
        """The whole text of the cell at the pointer, when it is shown with an ellipsis."""
        number, at = self.row_at(event), int(self.tree.identify_column(event.x)[1:] or 0) - 1
        names = self.tree["displaycolumns"]
        if number is None or number >= len(self.rows) or not 0 <= at < len(names):
            return ""
        column = self.columns[str(names[at])]
        text = column.text(self.rows[number])
        return text if self._fit(column, text) != text else ""

    def _go(self, number: int, extend: bool = False, toggle: bool = False, only_mark: bool = False) -> str:
        if not self.rows:
            return "break"
        self._cursor = max(0, min(number, len(self.rows) - 1))
        self._sought = None  # the person, or what has come, is somewhere else now
        key = self._key(self.rows[self._cursor])
        if only_mark:
            chosen = set(self.selected)
        elif extend:
            first, last = sorted((self._anchor, self._cursor))
            chosen = {self._key(row) for row in self.rows[first : last + 1]}
        elif toggle:
            chosen = self.selected ^ {key}
            self._anchor = self._cursor
        else:
            chosen = {key}
            self._anchor = self._cursor
        full = max(1, self._count() - 1)
        if self._cursor < self._top:
            self._scroll_to(self._cursor)
        elif self._cursor >= self._top + full:
            self._scroll_to(self._cursor - full + 1)
        if only_mark:
            self._mark()
        else:
            self.select(chosen)
        return "break"

    def _toggle(self) -> None:
        if self._cursor < len(self.rows):
            self.select(self.selected ^ {self._key(self.rows[self._cursor])})

    def _activate(self) -> None:
        if self._cursor < len(self.rows):
            self.on_activate(self.rows[self._cursor])

    def _wheel(self, lines: int) -> str:
        self._scroll_to(self._top + lines)
        return "break"

    def _on_bar(self, action: str, amount: str, unit: str = "") -> None:
        if action == "moveto":
            self._scroll_to(round(float(amount) * len(self.rows)))
        else:
            self._scroll_to(self._top + int(amount) * (self._count() if unit == "pages" else 1))

    def _type(self, event: tk.Event[Any]) -> None:
        """Type-ahead over the first column."""
        if not event.char or not event.char.isprintable() or event.char == " " or int(event.state) & 4:
            return
        fresh = event.time - self._typed_at > 1000
        self._typed = event.char.lower() if fresh else self._typed + event.char.lower()
        self._typed_at = event.time
        first = next(iter(self.columns.values()))
        for step in range(len(self.rows)):
            number = (self._cursor + step + (1 if fresh else 0)) % len(self.rows)
            if first.text(self.rows[number]).lower().startswith(self._typed):
                self._go(number)
                return
