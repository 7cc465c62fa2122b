"""The library: search, chips, the table, and the card of the chosen model."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Hashable

import ttkbootstrap as ttk

from model_manager.app import App
from model_manager.base import figures
from model_manager.base.events import ScanFinished
from model_manager.base.text import _, ngettext, shown
from model_manager.catalog.disk_use import DiskUse
from model_manager.catalog.record import COLUMNS, Field
from model_manager.catalog.rows import Row
from model_manager.controllers.changes import ChangesController, Choices
from model_manager.controllers.chips import CHIPS
from model_manager.controllers.library import LibraryController
from model_manager.library.labels.verdicts import STATES, VERDICTS
from model_manager.library.listing.model_json import Json
from model_manager.library.scan import watch
from model_manager.views import theme
from model_manager.views.details import Details
from model_manager.views.empty_states import where_to_begin
from model_manager.views.sidebar import Sidebar
from model_manager.views.widgets.column import ScrolledColumn
from model_manager.views.widgets.fair_panes import FairPanes
from model_manager.views.widgets.flow import Flow
from model_manager.views.widgets.table import Table
from model_manager.views.widgets.wrapped import wrapped

_DEBOUNCE_MS = 60
_SORTED = ("size", True)


def _health(row: Row) -> str:
    if row.away:
        return _(STATES[row.away])
    return "" if row.verdict in ("good", "unknown") else _(VERDICTS[row.verdict])


def _name(row: Row) -> str:
    sick = row.verdict not in ("good", "unknown")
    return ("⏏ " if row.away else "⚠ " if sick else "") + ("★ " if row.pinned else "") + shown(row.name)


def _kind(row: Row) -> str:
    """The last word of the slug: what people type to search for it, and short."""
    return row.category.rsplit("/", 1)[-1].replace("_", " ")


def _where(row: Row) -> str:
    """Its tools; before them that it is not to be had now, which must be seen where Health is hidden too."""
    tools = ", ".join(watch.label_of(tool) for tool in row.tools.split(","))
    return _("not there: {where}").format(where=tools) if row.away else tools


_CELLS: dict[str, Callable[[Row], str]] = {"name": _name, "category": _kind, "tools": _where, "verdict": _health}
"""What more than the field itself is told in, by the field's name."""


def _columns() -> tuple[ScrolledColumn, ...]:
    return tuple(
        ScrolledColumn(id_, _(cells.heading or field.title), _CELLS.get(field.name) or _cell(field), cells.width,
               numeric=cells.numeric, stretch=field.name == "name", shown=cells.shown, rank=cells.rank)
        for id_, field in COLUMNS.items() if (cells := field.cells)
    )  # fmt: skip


def _cell(field: Field) -> Callable[[Row], str]:
    """What is not known, and a count of none, is an empty cell."""
    value, text = field.value, field.text or str
    return lambda row: text(known) if (known := value(row)) else ""


class LibraryScreen(ttk.Frame):
    """Implements LibraryView."""

    def __init__(
        self,
        parent: tk.Misc,
        app: App,
        sidebar: Sidebar,
        say: Callable[[str], None],
        rescan: Callable[[], None],
        changes: ChangesController,
        add_folder: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._changes, self._add_folder = changes, add_folder
        self.app, self.sidebar, self.say, self._rescan = app, sidebar, say, rescan
        self.controller = LibraryController(app, self)
        self._timer = ""
        self._started = False
        self._build()

    def start(self) -> None:
        """At the first visit only: the rows stay current by themselves."""
        if not self._started:
            self._started = True
            self.controller.start()

    def handle(self, message: object) -> None:
        self.controller.handle(message)
        if isinstance(message, ScanFinished) and not message.cancelled:
            self._close_hint()  # nothing is looked for any more

    def restyle(self) -> None:
        self._tags()
        self._place_hint()
        self.table.refresh()
        self.details.restyle()
        self.chips.lay_out()

    def remember(self) -> None:
        self.app.settings.values.columns = self.table.layout_state()

    def reset_columns(self) -> None:
        """The table's columns as at the first start."""
        self.table.reset(_SORTED)
        self.remember()

    def focus_search(self) -> None:
        self.entry.focus_set()
        self.entry.select_range(0, "end")

    def show_model(self, id_: int) -> None:
        """Chooses one model, clearing what hides it."""
        self.clear_search()
        self.controller.choose_place("all", "")
        self.table.go_to(id_)

    def _build(self) -> None:
        gap = theme.px(self, 8)
        head = ttk.Frame(self, padding=(gap, gap, gap, 0))
        head.pack(fill="x")
        self.text = tk.StringVar(self)
        self.entry = ttk.Entry(head, textvariable=self.text)
        self.entry.pack(side="left", fill="x", expand=True)
        self.placeholder = ttk.Label(
            self.entry, text=_("Search: words, llm, quant:q4, >10gb, tool:ollama …"), cursor="xterm"
        )
        self.placeholder.bind("<Button-1>", lambda event: self.entry.focus_set())
        self._place_hint()
        ttk.Button(head, text="✕", width=2, command=self.clear_search).pack(side="left", padx=(theme.px(self, 4), gap))
        ttk.Button(head, text=_("Scan"), icon="arrow-clockwise", command=self._rescan).pack(side="left")
        self.text.trace_add("write", lambda *_args: self._typed())
        self.entry.bind("<Escape>", lambda event: self.clear_search())
        self.entry.bind("<Down>", lambda event: self.table.tree.focus_set())
        ttk.ToolTip(self.entry, text=_("Search by words, or by fields: llm quant:q4 >10gb tool:ollama -tag:test"))
        self._build_chips(gap)
        self.problem = ttk.Label(self, bootstyle="danger", padding=(gap, 0), justify="left")
        wrapped(self.problem, 2 * gap)
        self.hint = self._hint(gap)
        panes = ttk.Panedwindow(self, orient="horizontal")
        panes.pack(fill="both", expand=True, pady=(gap, 0))
        middle = ttk.Frame(panes)
        self.table: Table = Table(middle, _columns(), key=lambda row: row.id, tags=_row_tags)
        self.table.pack(fill="both", expand=True)
        self.empty = ttk.Frame(middle)
        self.empty_words = ttk.Label(self.empty, justify="center")
        middle.bind("<Configure>", lambda event: self._wrap_empty(event.width))
        self.empty_words.pack()
        self.begin = ttk.Button(self.empty, text=_("Add a folder…"), bootstyle="primary", command=self._add_folder)
        self.details = Details(panes, self)
        panes.add(middle, weight=1)
        panes.add(self.details, weight=0)
        FairPanes(panes, "right", 0.45)
        self._tags()
        table: Table = self.table
        table.on_select = self.controller.select
        table.on_sort = self.controller.sort_by
        table.on_activate = lambda row: self.details.open_folder()
        table.on_menu = self._menu
        table.tree.bind("<Delete>", lambda event: self.clear_away())
        table.tree.bind("<Escape>", lambda event: self.clear_search())
        table.sorted_by = _SORTED
        table.restore(self.app.settings.values.columns)
        self.controller.sort = table.sorted_by

    def _build_chips(self, gap: int) -> None:
        row = Flow(self, theme.px(self, 5))
        row.pack(fill="x", padx=gap, pady=(theme.px(self, 6), 0))
        self.chips = row
        self._chips = {}
        for title, query in CHIPS:
            state = self._chips[query] = tk.BooleanVar(self, False)
            chip = ttk.Checkbutton(
                row, text=_(title), variable=state, bootstyle="primary outline toolbutton",
                command=lambda term=query: self.controller.toggle_chip(term),
            )  # fmt: skip
            row.add(chip)

    def _hint(self, gap: int) -> ttk.Frame:
        """The one line of the first start; closed once, it stays closed."""
        line = ttk.Frame(self, bootstyle="@card", padding=(gap, theme.px(self, 4)))
        text = _("Looking in the places that your tools use. Nothing is changed and nothing leaves this computer.")
        ttk.Button(line, text="✕", bootstyle="@card", width=2, command=self._close_hint).pack(side="right")
        words = ttk.Label(line, text=text, bootstyle="@card", justify="left")
        words.pack(side="left", fill="x", expand=True)
        wrapped(words)
        if "first" not in self.app.settings.values.hints_closed:
            line.pack(fill="x", padx=gap, pady=(gap, 0))
        return line

    def _close_hint(self) -> None:
        if "first" not in self.app.settings.values.hints_closed:
            self.app.settings.values.hints_closed.append("first")
        self.hint.pack_forget()

    def _tags(self) -> None:
        colours = ttk.Style().colors
        self.table.tree.tag_configure("sick", foreground=theme.mixed(colours.danger, colours.fg, 0.8))
        self.table.tree.tag_configure("away", foreground=theme.muted(ttk.Style()))

    def _place_hint(self) -> None:
        """The words in an empty search field: Tk's entry has none of its own."""
        if self.text.get():
            self.placeholder.place_forget()
        else:
            colours = ttk.Style().colors
            ink = theme.mixed(colours.inputfg, colours.inputbg, 0.62)
            self.placeholder.configure(foreground=ink, background=colours.inputbg)
            self.placeholder.place(x=theme.px(self, 8), rely=0.5, anchor="w")

    def _typed(self) -> None:
        self._place_hint()
        if self._timer:
            self.after_cancel(self._timer)
        self._timer = self.after(_DEBOUNCE_MS, lambda: self.controller.find(self.text.get()))

    def clear_search(self) -> None:
        self.text.set("")
        for query, state in self._chips.items():
            if state.get():
                state.set(False)
                self.controller.chips.discard(query)

    def _wrap_empty(self, width: int) -> None:
        self.empty_words.configure(wraplength=max(1, min(theme.px(self, 420), width - theme.px(self, 24))))

    def show_rows(self, rows: list[Row], next_one: bool) -> None:
        self.table.set_rows(rows, next_one)
        if rows:
            self.empty.place_forget()
            return
        if self.controller.rows:
            text = _("No model matches. Esc in the search clears it; the chips above narrow too.")
            self.begin.pack_forget()
        else:
            text = where_to_begin()
            self.begin.pack(pady=(theme.px(self, 12), 0))
        self.empty_words.configure(text=text)
        self.empty.place(relx=0.5, rely=0.4, anchor="center")

    def show_places(self, categories: list[tuple[str, str, int, int]], tools: list[tuple[str, str, int, int]]) -> None:
        there = DiskUse(row for row in self.controller.rows if not row.away)
        self.sidebar.tree.item("all", values=(figures.count(there.count), figures.size(there.bytes)))
        self.sidebar.show(categories, tools)

    def show_totals(self, text: str) -> None:
        self.winfo_toplevel().event_generate("<<Totals>>")
        self.totals = text
        for child in self.winfo_toplevel().winfo_children():
            if hasattr(child, "show_totals"):
                child.show_totals(text)

    def show_details(self, details: Json | None, count: int, size: int) -> None:
        self.details.show(details, count, size)

    def show_query_problem(self, text: str) -> None:
        self.problem.configure(text=text)
        if text:
            self.problem.pack(fill="x", before=self.table.master.master)
        else:
            self.problem.pack_forget()

    def _menu(self, x: int, y: int) -> None:
        menu = ttk.Menu(self, tearoff=False)
        if chosen := self.table.chosen():
            self._add_actions(menu, {row.id for row in chosen})
            menu.add_separator()
        menu.add_cascade(label=_("Sort by"), menu=self.table.headings.sort_menu(menu))
        menu.add_cascade(label=_("Columns"), menu=self.table.headings.columns_menu(menu))
        menu.tk_popup(x, y)

    def _add_actions(self, menu: ttk.Menu, ids: set[Hashable]) -> None:
        for label, command in self.details.actions():
            menu.add_command(label=label, command=command)
        menu.add_separator()
        choose = ttk.Menu(menu, tearoff=False)
        for slug in self.controller.categories():
            if slug != "diffusion":
                choose.add_command(label=slug, command=lambda one=slug: self._categorise(ids, one))
        choose.add_separator()
        choose.add_command(label=_("By the evidence"), command=lambda: self._categorise(ids, None))
        menu.add_cascade(label=_("Category"), menu=choose)
        pinned = all(row.pinned for row in self.table.chosen())
        menu.add_command(
            label=_("Unpin") if pinned else _("Pin"), command=lambda: self.controller.set_pinned(ids, not pinned)
        )
        menu.add_separator()
        if any(not row.away for row in self.table.chosen()):
            menu.add_command(label=self.details.trash_words(ids), command=self.clear_away, accelerator=_("Del"))
            if places := self.details.places_alone(ids):
                only = ttk.Menu(menu, tearoff=False)
                for words, place in places:
                    only.add_command(label=words, command=lambda one=place: self.clear_away((one,)))
                menu.add_cascade(label=_("Remove only one place"), menu=only)

    def clear_away(self, places: tuple[int, ...] = ()) -> None:
        """Plans to move the chosen models that are shown, or single places of one, to the trash; the review asks."""
        chosen = self.table.chosen()
        away = [row for row in chosen if row.away]
        ids = tuple(sorted(row.id for row in chosen if not row.away))
        if away and not places:
            self.say(
                ngettext("{n} model is not there now: it stays.", "{n} models are not there now: they stay.", len(away))
            )
        if ids or places:
            model = ids[0] if len(ids) == 1 else None
            place = places[0] if places else None
            self._changes.plan(
                self.controller.removal(ids, places), ways=True,
                choices=lambda: Choices() if model is None else self.controller.choices(model, place),
            )  # fmt: skip

    def _categorise(self, ids: set[Hashable], slug: str | None) -> None:
        self.controller.set_category(ids, slug)


def _row_tags(row: Row) -> tuple[str, ...]:
    if row.away:
        return ("away",)
    return () if row.verdict in ("good", "unknown") else ("sick",)
