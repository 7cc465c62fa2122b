"""Health: what is broken, what is left over, what could not be read; each with the reason."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import ttkbootstrap as ttk

from model_manager.app import App
from model_manager.base.events import ChangedElsewhere, ScanFinished
from model_manager.base.text import _
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.health import HealthController, HealthLine, Section
from model_manager.views import theme
from model_manager.views.empty_states import first_words
from model_manager.views.widgets.head import Head
from model_manager.views.widgets.plain_tree import Column, PlainTree
from model_manager.views.widgets.wrapped import wrapped

_MOST = 5000
"""Lines of one section that are shown."""


class HealthScreen(ttk.Frame):
    """Implements HealthView."""

    def __init__(
        self, parent: tk.Misc, app: App, open_model: Callable[[int], None], changes: ChangesController
    ) -> None:
        super().__init__(parent)
        self._app = app
        self.controller = HealthController(app, self, changes)
        self._open_model = open_model
        self._lines: dict[str, HealthLine] = {}
        gap = theme.px(self, 8)
        head = Head(self, _("Health"))
        self.away = ttk.Button(head, text=_("Clear away…"), icon="trash3", command=self._clear_away, state="disabled")
        read = ttk.Button(head, text=_("Read every byte"), icon="check2-all", command=self.controller.check_deep)
        head.add(self.away, read)
        self.words = ttk.Label(self, padding=(gap, 0), justify="left")
        self.words.pack(anchor="w", fill="x")
        wrapped(self.words, 2 * gap)
        frame = ttk.Frame(self, padding=gap)
        frame.pack(fill="both", expand=True)
        columns = (
            Column("#0", _("What"), 250, loose=True), Column("size", _("Size"), 96, figure=True),
            Column("why", _("Why"), 380, loose=True), Column("path", _("Where"), 170, loose=True, path=True),
        )  # fmt: skip
        self.tree = PlainTree(frame, columns, "extended").packed()
        self.whole = ttk.Label(self, padding=(gap, 0, gap, gap), justify="left")
        self.whole.pack(fill="x")
        wrapped(self.whole, 2 * gap)
        self.tree.bind("<<TreeviewSelect>>", lambda event: self._tell())
        self.tree.bind("<Double-Button-1>", self._open)
        self.tree.bind("<Return>", self._open)
        self.tree.tells = False
        self.tree.bind("<Delete>", lambda event: self._clear_away())

    def start(self) -> None:
        self.controller.start()

    def handle(self, message: object) -> None:
        if isinstance(message, ScanFinished | ChangedElsewhere) and self.winfo_ismapped():
            self.controller.start()

    def leave(self) -> None:
        self.controller.leave()

    def restyle(self) -> None:
        self.tree.restyle()

    def show_sections(self, sections: list[Section]) -> None:
        closed = {self.tree.item(item, "text") for item in self.tree.get_children() if not self.tree.item(item, "open")}
        self.tree.delete(*self.tree.get_children())
        self._lines.clear()
        usual = _(
            "From the headers: sizes, parts, links. Reading every byte compares known hashes and looks at each value; "
            "Enter or a double click shows the model."
        )
        words = usual
        if not sections:
            words = first_words(self._app, _("Models that are broken or incomplete will stand here."), usual)
        self.words.configure(text=words)
        if not sections and words == usual:
            self.tree.insert(
                "", "end", text=_("Everything is in order."), values=("", _("no broken models, no leftovers"), "")
            )
        for section in sections:
            top = self.tree.insert("", "end", text=section.title, values=(section.summary, "", ""), tags=("head",),
                                   open=section.title not in closed)  # fmt: skip
            for line in section.lines[:_MOST]:
                item = self.tree.insert(top, "end", text=line.title, values=(line.size, line.why, line.path))
                self._lines[item] = line
            if len(section.lines) > _MOST:
                self.tree.insert(top, "end", text=_("… and {n} more").format(n=len(section.lines) - _MOST))
        self._tell()

    def _tell(self) -> None:
        """The chosen line in full, below: a column is too narrow for a path and a reason."""
        values = self.tree.item(self.tree.focus(), "values") or ("", "", "")
        self.away.configure(state="normal" if self._chosen() else "disabled")
        self.whole.configure(text="\n".join(str(part) for part in values[1:] if part))

    def _open(self, event: tk.Event[Any]) -> None:
        item = self.tree.focus()
        line = self._lines.get(item)
        if line is not None and line.id is not None:
            self._open_model(line.id)

    def _chosen(self) -> list[HealthLine]:
        """The chosen lines that are seen and can go: models and leftovers. Those of a closed section are not meant."""
        seen = [item for item in self.tree.selection() if self.tree.item(self.tree.parent(item), "open")]
        lines = [self._lines[item] for item in seen if item in self._lines]
        return [line for line in lines if line.id is not None or line.leftover]

    def _clear_away(self) -> None:
        if self._chosen():
            self.controller.clear_away(self._chosen())
