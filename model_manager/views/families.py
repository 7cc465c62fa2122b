"""Families: every base model with its quants and versions as a ladder, what fits this machine, what is used."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from model_manager.actions.cleaning import Candidate, Family, QuantLine, Rung
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.text import _, ngettext, shown
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.clean import CleanController, CleanOffer
from model_manager.library.labels.verdicts import VERDICTS
from model_manager.library.scan import watch
from model_manager.views import theme
from model_manager.views.empty_states import first_words
from model_manager.views.ticked_screen import TickedScreen
from model_manager.views.widgets.head import Head
from model_manager.views.widgets.plain_tree import Column
from model_manager.views.widgets.tick_tree import TickTree
from model_manager.views.widgets.wrapped import wrapped

_MOST = 2000


def _cut(count: int) -> str:
    """That not all families stand in the table, and where the others are; empty where all do."""
    if count <= _MOST:
        return ""
    return ngettext(
        "{n} more family is not shown: the library has its models, and `{command}` in a terminal lists what could go of it.",
        "{n} more families are not shown: the library has their models, and `{command}` in a terminal lists what could go of them.",
        count - _MOST, command="model-manager clean old-quant",
    )  # fmt: skip


def _fits() -> dict[str, str]:
    return {"gpu": _("fits the graphics card"), "partly": _("partly on the graphics card"), "ram": _("fits the memory"),
            "too-big": _("too big")}  # fmt: skip


class FamiliesScreen(TickedScreen):
    """Implements CleanView."""

    def __init__(self, parent: tk.Misc, app: App, changes: ChangesController) -> None:
        super().__init__(parent)
        self._app = app
        self.controller = CleanController(app, self, changes)
        self._offer: CleanOffer | None = None
        self._old: dict[str, Candidate] = {}
        gap = theme.px(self, 8)
        head = Head(self, _("Families"))
        self.best = ttk.Button(head, text=_("Keep the best that fits"), command=self._tick_best)
        self.act = ttk.Button(head, bootstyle="primary", command=self._plan)
        head.add(self.best, self.act)
        self.words = ttk.Label(self, padding=(gap, 0), justify="left")
        self.words.pack(anchor="w", fill="x")
        wrapped(self.words, 2 * gap)
        columns = (
            Column("#0", _("Base model, model, quant"), 260, loose=True), Column("size", _("Size"), 90, figure=True),
            Column("fits", _("This machine"), 180), Column("tools", _("Where"), 170, loose=True),
            Column("used", _("Last used"), 90), Column("state", _("State"), 130),
        )  # fmt: skip
        self.table = TickTree(self, columns)
        self.table.pack(fill="both", expand=True, padx=gap, pady=gap)
        self.table.on_change = self._count
        self.table.on_choose = lambda row: self._enable()
        self._count()

    def show_offer(self, offer: CleanOffer) -> None:
        ticked = set(self.table.ticked)
        self._offer = offer
        self._old = {f"m{one.model}": one for one in offer.candidates if one.rule == "old-quant"}
        self.table.clear()
        shown_ = [family for family in offer.families if any(_is_ladder(line) for line in family.lines)]
        for number, family in enumerate(shown_[:_MOST]):
            self._add_family(f"f{number}", family)
        self.table.tick(row for row in ticked if row in self._old)
        memory = figures.size(offer.machine.ram)
        if offer.machine.gpu:
            memory += _(" and {size} on {card}").format(
                size=figures.size(offer.machine.gpu), card=offer.machine.name or _("the graphics card")
            )
        if shown_:
            text = _(
                "This machine has {memory}. A box stands where a better quant of the very same model stays and fits."
            )
        else:
            text = first_words(
                self._app,
                _("Models of which there are several quants will stand here, and which of them fit this machine."),
                _("This machine has {memory}. Models of which there are several quants or versions would stand here."),
            )
        text = text.format(memory=memory)
        self.words.configure(text=" ".join(filter(None, (text, _cut(len(shown_))))))
        self._count()

    def _add_family(self, head: str, family: Family) -> None:
        self.table.add_head(head, shown(family.name), (figures.size(family.bytes), "", "", "", ""))
        for number, line in enumerate(sorted(family.lines, key=lambda line: not _is_ladder(line))):
            below = head
            if len(line.rungs) > 1 or len(family.lines) > 1:
                below = f"{head}.{number}"
                self.table.add(head, below, shown(" ".join(line.words)), ("", "", "", "", ""), box=False)
                self.table.tree.item(below, open=True)
            for rung in line.rungs:
                self._add_rung(below, line, rung)

    def _add_rung(self, below: str, line: QuantLine, rung: Rung) -> None:
        for row in (rung.row, *rung.copies):
            best = line.best_that_fits is rung and row is rung.row
            used = figures.day(row.used_at) if row.used_at else ""
            state = (
                _("the best that fits")
                if best and len(line.rungs) > 1
                else ""
                if row.verdict in ("good", "unknown")
                else _(VERDICTS[row.verdict])
            )
            if row is not rung.row:
                state = _("another copy")
            tools = ", ".join(watch.label_of(tool) for tool in row.tools.split(","))
            fits = _fits()[rung.fit.verdict] if rung.fit else ""
            key = f"m{row.id}"
            self.table.add(below, key, row.quant or row.quant_label or row.format,
                           (figures.size(row.bytes), fits, tools, used, state), box=key in self._old)  # fmt: skip

    def _enable(self) -> None:
        self.best.configure(state="normal" if self._lower() else "disabled")

    def _tick_best(self) -> None:
        self.table.tick(self._lower())

    def _lower(self) -> list[str]:
        """Of the chosen family, or of all of them when none is chosen."""
        chosen = self.table.tree.focus()
        while chosen and self.table.tree.parent(chosen):
            chosen = self.table.tree.parent(chosen)
        return [row for row in self.table.boxed(chosen) if row in self._old]

    def _chosen(self) -> list[Candidate]:
        return [self._old[row] for row in sorted(self.table.ticked) if row in self._old]

    def _count(self) -> None:
        chosen = self._chosen()
        size = figures.size(self._offer.frees(chosen) if self._offer else 0)
        text = ngettext("Review {n} quant ({size})…", "Review {n} quants ({size})…", len(chosen), size=size)
        self.act.configure(text=text, state="normal" if chosen else "disabled")
        self._enable()

    def _plan(self) -> None:
        self.controller.plan(self._chosen())


def _is_ladder(line: QuantLine) -> bool:
    """Whether there is something to choose between: other quants, or copies."""
    return len(line.rungs) > 1 or bool(line.rungs[0].copies)
