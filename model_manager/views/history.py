"""History: what was changed, with undo; and what lies in the trash, with restore and the way to space."""

from __future__ import annotations

import os
import tkinter as tk

import ttkbootstrap as ttk

from model_manager.actions.history import Trashed
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.text import _, ngettext, short_path, shown
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.history import HistoryController, HistoryLine, Past
from model_manager.library.removal.plan_words import STATES
from model_manager.views import theme
from model_manager.views.widgets.plain_tree import Column, PlainTree
from model_manager.views.widgets.wrapped import wrapped


class HistoryScreen(ttk.Frame):
    """Implements HistoryView."""

    def __init__(self, parent: tk.Misc, app: App, changes: ChangesController) -> None:
        super().__init__(parent)
        self.controller = HistoryController(app, self, changes)
        self._lines: dict[str, HistoryLine] = {}
        self._items: dict[str, list[Trashed]] = {}
        """Row -> the things of one unit: what came together goes back together."""
        self._gap = gap = theme.px(self, 8)
        ttk.Label(self, text=_("History"), font=theme.bold(self, 3), padding=gap).pack(anchor="w")
        self.words = ttk.Label(self, padding=(gap, 0), justify="left")
        self.words.pack(anchor="w", fill="x")
        wrapped(self.words, 2 * gap)
        panes = ttk.Panedwindow(self, orient="vertical")
        panes.pack(fill="both", expand=True)
        panes.add(self._build_operations(panes), weight=3)
        panes.add(self._build_trash(panes), weight=2)

    def _build_operations(self, parent: tk.Misc) -> ttk.Frame:
        box = ttk.Frame(parent, padding=self._gap)
        columns = (
            Column("when", _("When"), 130), Column("state", _("State"), 110), Column("frees", _("Frees"), 90, figure=True),
            Column("what", _("What"), 420, loose=True), Column("problem", _("Stayed, because"), 260, loose=True),
        )  # fmt: skip
        foot = ttk.Frame(box)
        foot.pack(side="bottom", fill="x", pady=(self._gap, 0))
        self.undo_button = ttk.Button(foot, text=_("Put back"), command=self._undo)
        self.undo_button.pack(side="left")
        self.operations = PlainTree(box, columns).packed()
        self.operations.bind("<<TreeviewSelect>>", lambda event: self._enable())
        return box

    def _build_trash(self, parent: tk.Misc) -> ttk.Frame:
        box = ttk.Frame(parent, padding=self._gap)
        self.trash_title = ttk.Label(box, font=theme.bold(self), justify="left")
        self.trash_title.pack(anchor="w", fill="x")
        wrapped(self.trash_title)
        foot = ttk.Frame(box)
        foot.pack(side="bottom", fill="x", pady=(self._gap, 0))
        self.restore_button = ttk.Button(foot, text=_("Restore"), command=self._restore)
        self.restore_button.pack(side="left")
        self.empty_button = ttk.Button(foot, bootstyle="danger outline", command=self._empty)
        self.empty_button.pack(side="right")
        columns = (
            Column("#0", _("What"), 240, loose=True), Column("when", _("Since"), 130),
            Column("size", _("Size"), 90, figure=True), Column("path", _("Was"), 420, loose=True, path=True),
        )  # fmt: skip
        self.trash = PlainTree(box, columns, "extended").packed()
        self.trash.bind("<<TreeviewSelect>>", lambda event: self._enable())
        return box

    def start(self) -> None:
        self.controller.start()

    def handle(self, message: object) -> None:
        self.controller.handle(message)

    def restyle(self) -> None:
        self.operations.restyle()
        self.trash.restyle()

    def show_past(self, past: Past) -> None:
        held = self.operations.selection()
        chosen = {(item.operation, item.unit) for item in self._chosen()}  # nothing chosen would mean all of it
        self.operations.delete(*self.operations.get_children())
        self.trash.delete(*self.trash.get_children())
        self._lines = {line.id: line for line in past.lines}
        together: dict[tuple[str, int], list[Trashed]] = {}
        for item in past.trash:
            together.setdefault((item.operation, item.unit), []).append(item)
        self._items = {str(number): items for number, items in enumerate(together.values())}
        if not past.lines:
            self.words.configure(text=_("This program has changed nothing on your disk yet. What it does stands here."))
        else:
            self.words.configure(text=_("What this program changed on your disk, newest first."))
        for line in past.lines:
            values = (figures.moment(line.at), _(STATES[line.state]), figures.size(line.frees) if line.frees else "",
                      line.title, line.problem)  # fmt: skip
            self.operations.insert("", "end", line.id, values=values)
        home = os.path.expanduser("~")
        for number, items in self._items.items():
            size = figures.size(sum(item.bytes for item in items))
            name = shown(items[0].of) or os.path.basename(items[0].path)
            self.trash.insert("", "end", number, text=name, values=(figures.moment(items[0].at), size, ""))
            for item in items:
                cells = ("", figures.size(item.bytes), shown(short_path(item.path, home)))
                self.trash.insert(number, "end", f"{number}/{item.path}", text="", values=cells)
        self.operations.selection_set([row for row in held if row in self._lines])
        self.trash.selection_set(
            [number for number, items in self._items.items() if (items[0].operation, items[0].unit) in chosen]
        )
        self._say_trash(past)
        self._enable()

    def _say_trash(self, past: Past) -> None:
        if past.trash:
            text = ngettext(
                "{n} thing of this program's lies in the trash: {size} come back when it is deleted for good.",
                "{n} things of this program's lie in the trash: {size} come back when they are deleted for good.",
                len(self._items),
                size=figures.size(past.frees),
            )
        else:
            text = _("Nothing of this program's lies in the trash.")
        if past.elsewhere:
            text += " " + ngettext(
                "{n} more was restored or emptied elsewhere.",
                "{n} more were restored or emptied elsewhere.",
                past.elsewhere,
            )
        self.trash_title.configure(text=text)

    def _enable(self) -> None:
        chosen = self.operations.selection()
        can = bool(chosen) and self._lines[chosen[0]].undoable
        self.undo_button.configure(state="normal" if can else "disabled")
        self.restore_button.configure(state="normal" if self.trash.selection() else "disabled")
        items = self._chosen_or_all()
        count = len({(item.operation, item.unit) for item in items})
        text = ngettext(
            "Delete {n} for good…", "Delete these {n} for good…", count
        )  # what comes back, the review tells
        self.empty_button.configure(text=text, state="normal" if items else "disabled")

    def _chosen_or_all(self) -> list[Trashed]:
        return self._chosen() or [item for items in self._items.values() for item in items]

    def _chosen(self) -> list[Trashed]:
        """The chosen ones, each with what came with it."""
        tops = dict.fromkeys(row.partition("/")[0] for row in self.trash.selection())
        return [item for top in tops for item in self._items[top]]

    def _undo(self) -> None:
        self.controller.undo(self.operations.selection()[0])

    def _restore(self) -> None:
        self.controller.restore(self._chosen())

    def _empty(self) -> None:
        self.controller.empty(self._chosen_or_all())
