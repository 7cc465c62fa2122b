"""The sidebar: kinds, tools and screens, each with how many and how much."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from model_manager.base import figures
from model_manager.base.text import _, later
from model_manager.views import theme
from model_manager.views.widgets import tree_keys
from model_manager.views.widgets.plain_tree import Column, PlainTree
from model_manager.views.widgets.when_needed import when_needed

SCREENS = (
    ("disk_map", later("Disk map"), later("What takes the room, by kind or by tool.")),
    ("duplicates", later("Duplicates"),
     later("The same bytes more than once. Read them to be sure, then share one file or clear copies away.")),
    ("clean", later("Clean up"), later("What could go, by rules that give their reasons. Nothing is ticked for you.")),
    ("families", later("Families"),
     later("Each base model with its quants as a ladder, and which of them fit this machine.")),
    ("health", later("Health"), later("What is broken, left over, or could not be read.")),
    ("history", later("History"), later("What this program changed, with a way back, and what lies in the trash.")),
    ("folders", later("Folders"), later("Which folders are watched, and your own base folder.")),
    ("settings", later("Settings"),
     later("Names that a scan leaves out, look, language, when it asks and reminds, what is asked on this computer.")),
)  # fmt: skip
"""(name, title, what Help says of it) of every screen below the library, in the order of their lines and of their keys, of
which there are nine."""


class Sidebar(ttk.Frame):
    """`on_choose(kind, value)`: `all`, `category`, `tool` or `screen`; `on_enter()`: the keyboard goes to what is open."""

    def __init__(
        self, parent: tk.Misc, on_choose: Callable[[str, str], None], on_enter: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(parent, bootstyle="@chrome")
        self._on_choose = on_choose
        columns = (
            Column("#0", "", 186, loose=True), Column("count", "", 52, figure=True), Column("size", "", 74, figure=True)
        )  # fmt: skip
        self.tree = PlainTree(self, columns, headings=False)
        bar = ttk.Scrollbar(self, orient="vertical", command=self.tree.yview)
        self.tree.configure(yscrollcommand=lambda first, last: when_needed(bar, first, last))
        self.tree.grid(row=0, column=0, sticky="nsew")
        bar.grid(row=0, column=1, sticky="ns")
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self.tree.insert("", "end", "all", text=_("Library"), open=True)
        self.tree.insert("", "end", "tools", text=_("Tools"), open=True)
        # The screens stand below, in a list of their own: they must not scroll away with a long library.
        self.screens = ttk.Treeview(self, show="tree", selectmode="browse", height=len(SCREENS))
        for name, title, _words in SCREENS:
            self.screens.insert("", "end", f"screen:{name}", text=_(title))
        self.screens.column("#0", width=theme.px(self, 100))
        self.screens.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(theme.px(self, 6), 0))
        self.restyle()
        tree_keys.attach(self.screens)
        for tree in (self.tree, self.screens):
            tree.bind("<Return>", lambda event: self._enter(on_enter))
            tree.bind("<space>", lambda event: "break")  # Tk would fold the row
        self.tree.bind("<<TreeviewSelect>>", lambda event: self._chosen(self.tree, self.screens))
        self.screens.bind("<<TreeviewSelect>>", lambda event: self._chosen(self.screens, self.tree))
        self._now = self._place = "all"
        """The line that is shown, and that of the library. A selection is told after it was made, when it may be another one
        already."""
        self.tree.selection_set(self._now)
        self.tree.focus(self._now)

    def show(self, categories: list[tuple[str, str, int, int]], tools: list[tuple[str, str, int, int]]) -> None:
        """Brings counts up to date without closing what is open: (slug or tool, title, models, bytes)."""
        for slug, title, count, size in categories:
            top = f"category:{slug.rpartition('/')[0]}"
            self._put(top if self.tree.exists(top) else "all", f"category:{slug}", title, count, size)
        for tool, title, count, size in tools:
            self._put("tools", f"tool:{tool}", title, count, size)
        wanted = {f"category:{slug}" for slug, *_rest in categories} | {f"tool:{tool}" for tool, *_rest in tools}
        for item in self._below("all") + self._below("tools"):
            if item not in wanted and self.tree.exists(item):
                self.tree.delete(item)
        if not self.screens.selection() and not self.tree.exists(self._now):  # the last model of it went
            self.tree.selection_set("all")
        for place, (_slug, _title, *_figures) in enumerate(tools):
            self.tree.move(f"tool:{_slug}", "tools", place)

    def mark_screen(self, name: str) -> None:
        """Shows which screen is open, without choosing it again."""
        if self.screens.exists(f"screen:{name}"):
            self._now = f"screen:{name}"
            self.screens.selection_set(self._now)
            self.screens.focus(self._now)
            self.tree.selection_set(())
        else:
            self.screens.selection_set(())
            if self.tree.exists(self._place):
                self._now = self._place
                self.tree.selection_set(self._place)
            else:  # its last model went meanwhile: all of them are chosen as a person would
                self.tree.selection_set("all")

    def restyle(self) -> None:
        self.tree.restyle()
        for item in ("all", "tools"):
            self.tree.item(item, tags=("head",))

    def _put(self, parent: str, item: str, title: str, count: int, size: int) -> None:
        values = (figures.count(count), figures.size(size))
        if self.tree.exists(item):
            self.tree.item(item, text=title, values=values)
        else:
            self.tree.insert(parent, "end", item, text=title, values=values, open=True)

    def _below(self, item: str) -> list[str]:
        found = []
        for child in self.tree.get_children(item):
            found += [child, *self._below(child)]
        return found

    @staticmethod
    def _enter(on_enter: Callable[[], None]) -> str:
        on_enter()
        return "break"

    def _chosen(self, tree: ttk.Treeview, other: ttk.Treeview) -> None:
        if not tree.selection() or tree.selection()[0] == self._now:
            return
        self._now = tree.selection()[0]
        other.selection_set(())
        if tree is self.tree:
            self._place = self._now
        kind, _colon, value = self._now.partition(":")
        self._on_choose("all" if kind in ("all", "tools") else kind, value)
