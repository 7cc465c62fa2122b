"""Clean up: suggestions by rule, each with its reason; nothing happens until a review is confirmed."""

from __future__ import annotations

import os
import tkinter as tk

import ttkbootstrap as ttk

from model_manager.actions.cleaning import Candidate
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _, ngettext, short_path, shown
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.clean import CleanController, CleanOffer
from model_manager.views import theme
from model_manager.views.empty_states import first_words
from model_manager.views.ticked_screen import TickedScreen
from model_manager.views.widgets.head import Head
from model_manager.views.widgets.plain_tree import Column
from model_manager.views.widgets.tick_tree import TickTree
from model_manager.views.widgets.wrapped import wrapped

_MOST = 3000


def _titles() -> dict[str, tuple[str, str]]:
    """Rule -> its title and what it means."""
    return {
        "old-quant": (_("Lower quants"), _("a better quant of the very same model stays and fits this machine")),
        "older-version": (_("Older versions"), _("a newer one is here; a matter of taste")),
        "partial": (_("Unfinished downloads"), _("stopped more than a day ago")),
        "orphan": (_("Orphans"), _("bytes that no tool leads to")),
        "unnamed-revision": (_("Revisions without a name"), _("no branch or tag leads to them")),
        "broken": (_("Broken"), _("no tool can load them as they are")),
        "training-leftover": (_("Training leftovers"), _("optimizer states and older epochs")),
        "archive": (_("Unpacked archives"), _("what they hold lies beside them")),
        "empty-folder": (_("Empty folders"), _("of models that are gone")),
        "unused": (_("Not used for long"), _("as far as access times and the tools' records tell")),
    }


def _cut(count: int) -> str:
    """That not all suggestions stand in the table, and where the others are; empty where all do."""
    if count <= _MOST:
        return ""
    return ngettext(
        "{n} more suggestion is not shown: what stands here goes first, or `{command}` in a terminal lists all.",
        "{n} more suggestions are not shown: what stands here goes first, or `{command}` in a terminal lists all.",
        count - _MOST, command="model-manager clean",
    )  # fmt: skip


def _sure() -> dict[str, str]:
    return {"certain": _("certain"), "likely": _("likely"), "maybe": _("maybe")}


class CleanScreen(TickedScreen):
    """Implements CleanView."""

    def __init__(self, parent: tk.Misc, app: App, changes: ChangesController) -> None:
        super().__init__(parent)
        self._app = app
        self.controller = CleanController(app, self, changes)
        self._offer: CleanOffer | None = None
        self._rows: dict[str, Candidate] = {}
        gap = theme.px(self, 8)
        head = Head(self, _("Clean up"))
        self.certain = ttk.Button(head, text=_("Tick what is certain"), command=self._tick_certain)
        self.act = ttk.Button(head, bootstyle="primary", command=self._plan)
        head.add(self.certain, self.act)
        self.words = ttk.Label(self, padding=(gap, 0), justify="left")
        self.words.pack(anchor="w", fill="x")
        wrapped(self.words, 2 * gap)
        columns = (
            Column("#0", _("What"), 270, loose=True), Column("frees", _("Frees"), 90, figure=True),
            Column("sure", _("How sure"), 90), Column("why", _("Why"), 300, loose=True),
        )  # fmt: skip
        self.table = TickTree(self, columns)
        self.table.pack(fill="both", expand=True, padx=gap, pady=gap)
        self.table.on_change = self._count
        self.table.on_choose = self._tell
        self.table.tree.tells = False
        self.whole = ttk.Label(self, padding=(gap, 0, gap, gap), justify="left")
        self.whole.pack(fill="x")
        wrapped(self.whole, 2 * gap)
        self._count()

    def show_offer(self, offer: CleanOffer) -> None:
        ticked, chosen = set(self.table.ticked), "".join(self.table.tree.selection())
        self._offer = offer
        self._rows = {one.id: one for one in offer.candidates[:_MOST]}
        self.table.clear()
        by_rule: dict[str, list[Candidate]] = {}
        for one in self._rows.values():
            by_rule.setdefault(one.rule, []).append(one)
        titles, sure = _titles(), _sure()
        for rule, ones in by_rule.items():
            title, why = titles[rule]
            self.table.add_head(rule, f"{title} ({len(ones)})", (figures.size(offer.frees(ones)), "", why))
            for one in ones:
                values = (figures.size(one.frees), sure[one.confidence], localised(one.reason))
                self.table.add(rule, one.id, shown(one.name), values)
        self.table.tick(row for row in ticked if row in self._rows)
        if offer.candidates:
            text = _("{size} could come back. Nothing happens until you confirm a review.").format(
                size=figures.size(offer.frees(offer.candidates))
            )
        else:
            text = first_words(
                self._app,
                _("What could go and why, old quants, stopped downloads, broken files, will stand here."),
                _("There is nothing to clean up. Old quants, stopped downloads and broken files would stand here."),
            )
        self.words.configure(text=" ".join(filter(None, (text, _cut(len(offer.candidates))))))
        self.table.choose(chosen)
        self._count()

    def _chosen(self) -> list[Candidate]:
        return [self._rows[row] for row in sorted(self.table.ticked) if row in self._rows]

    def _tick_certain(self) -> None:
        self.table.tick(row for row, one in self._rows.items() if one.confidence == "certain")

    def _count(self) -> None:
        chosen = self._chosen()
        size = figures.size(self._offer.frees(chosen) if self._offer else 0)
        text = ngettext("Review {n} item ({size})…", "Review {n} items ({size})…", len(chosen), size=size)
        self.act.configure(text=text, state="normal" if chosen else "disabled")
        certain = any(one.confidence == "certain" for one in self._rows.values())
        self.certain.configure(state="normal" if certain else "disabled")

    def _tell(self, row: str) -> None:
        one = self._rows.get(row)
        home = os.path.expanduser("~")
        lines = [localised(one.reason), *(shown(short_path(path, home)) for path in one.paths[:3])] if one else []
        self.whole.configure(text="\n".join(lines))

    def _plan(self) -> None:
        self.controller.plan(self._chosen())
