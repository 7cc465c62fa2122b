"""Folders: the places that are watched, how each was found, and the base folder."""

from __future__ import annotations

import os
import tkinter as tk

import ttkbootstrap as ttk

from model_manager.app import App
from model_manager.base import figures
from model_manager.base.events import RootsChanged
from model_manager.base.text import _, short_path
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.folders import FoldersController
from model_manager.library.labels.verdicts import STATES
from model_manager.library.listing.model_json import Json
from model_manager.library.scan import watch
from model_manager.views import theme
from model_manager.views.file_dialogs import ask_folder
from model_manager.views.widgets.flow import Flow
from model_manager.views.widgets.head import Head
from model_manager.views.widgets.plain_tree import Column, PlainTree
from model_manager.views.widgets.wrapped import wrapped


def _ways_found() -> dict[str, str]:
    return {"default": _("its usual place"), "environment": _("an environment variable"), "config": _("its settings"),
            "process": _("the running program"), "user": _("you")}  # fmt: skip


class FoldersScreen(ttk.Frame):
    """Implements FoldersView."""

    def __init__(self, parent: tk.Misc, app: App, changes: ChangesController) -> None:
        super().__init__(parent)
        self.controller = FoldersController(app, self, changes)
        gap = theme.px(self, 8)
        head = Head(self, _("Folders"))
        head.add(ttk.Button(head, text=_("Add a folder…"), bootstyle="primary", command=self.add))
        self.words = ttk.Label(self, padding=(gap, 0), justify="left")
        self.words.pack(anchor="w", fill="x")
        wrapped(self.words, 2 * gap)
        frame = ttk.Frame(self, padding=gap)
        frame.pack(fill="both", expand=True)
        columns = (
            Column("tool", _("Tool"), 170), Column("models", _("Models"), 70, figure=True),
            Column("size", _("On disk"), 90, figure=True), Column("path", _("Folder"), 360, loose=True, path=True),
            Column("state", _("State"), 190), Column("found", _("Found by"), 170),
        )  # fmt: skip
        self.tree = PlainTree(frame, columns).packed()
        self.tree.bind("<<TreeviewSelect>>", lambda event: self._enable())
        foot = Flow(self, theme.px(self, 6))
        foot.pack(fill="x", padx=gap, pady=(0, gap))
        self.buttons = [
            ttk.Button(foot, text=_("Ignore"), command=lambda: self.controller.ignore(self._chosen())),
            ttk.Button(foot, text=_("Remove from the list"), command=lambda: self.controller.remove(self._chosen())),
            ttk.Button(foot, text=_("It is elsewhere now…"), command=self._move),
            ttk.Button(
                foot, text=_("Always keep its copies"), command=lambda: self.controller.keep_copies(self._chosen())
            ),
        ]
        for button in self.buttons:
            foot.add(button)
        self._build_base(gap)
        self._enable()

    def _build_base(self, gap: int) -> None:
        card = ttk.Frame(self, bootstyle="@card", padding=gap)
        card.pack(fill="x", padx=gap, pady=(0, gap))
        ttk.Label(card, text=_("Base folder"), bootstyle="@card", font=theme.bold(self)).pack(anchor="w")
        self.base = ttk.Label(card, bootstyle="@card", justify="left")
        self.base.pack(side="left", anchor="w", fill="x", expand=True)
        wrapped(self.base)
        self.choose = ttk.Button(card, text=_("Choose…"), command=self._choose_base)
        self.choose.pack(side="right", before=self.base)
        self.offer = ttk.Button(card, bootstyle="primary")
        self.make = ttk.Button(card, text=_("Make the category folders…"), command=self.controller.plan_folders)

    def start(self) -> None:
        self.controller.start()

    def handle(self, message: object) -> None:
        if isinstance(message, RootsChanged) and self.winfo_ismapped():
            self.controller.start()

    def restyle(self) -> None:
        self.tree.restyle()

    def show_roots(self, roots: list[Json], base_path: str, offer: str) -> None:
        if roots:
            text = _(
                "Your tools' folders are found by their own rules. Adding, ignoring or removing one changes nothing "
                "on disk."
            )
        else:
            text = _(
                "No tool's folder was found: one that you install later is found by the next scan. A folder of your own "
                "may hold models of any kind, at any depth; adding it changes nothing on disk."
            )
        self.words.configure(text=text)
        chosen = self._chosen()
        kept = self.controller.kept
        home, found = os.path.expanduser("~"), _ways_found()
        self.tree.delete(*self.tree.get_children())
        for root in roots:
            also = "".join(f", {watch.label_of(tool)}" for tool in root["also"])
            state = _(STATES[root["state"]])
            if root["state"] == "online" and not root["writable"]:
                state += _(", read-only 🔒")
            if root["path"] in kept:
                state += _(", its copies stay")
            values = (watch.label_of(root["tool"]) + also, figures.count(root['models']), figures.size(root["bytes"]),
                      short_path(root["path"], home), state, found.get(root["found_by"], root["found_by"]))  # fmt: skip
            self.tree.insert("", "end", root["id"], values=values)
        if chosen and self.tree.exists(chosen):
            self.tree.selection_set(chosen)
        said = (
            short_path(base_path, home)
            if base_path
            else _("None yet. It is where your own models can live, sorted by kind.")
        )
        self.base.configure(text=said)
        self.offer.pack_forget()
        self.make.pack_forget()
        if base_path:
            self.make.pack(side="right", padx=theme.px(self, 6), before=self.base)
        if offer and not base_path:
            text = _("Use {path}").format(path=short_path(offer, home))
            self.offer.configure(text=text, command=lambda: self.controller.set_base_path(offer))
            self.offer.pack(side="right", padx=theme.px(self, 6), before=self.base)

    def _chosen(self) -> str:
        return str((self.tree.selection() or ("",))[0])

    def _enable(self) -> None:
        for button in self.buttons:
            button.configure(state="normal" if self._chosen() else "disabled")

    def add(self) -> None:
        """Asks for a folder and watches it from then on."""
        ask_folder(self, _("A folder with models"), self.controller.add)

    def _move(self) -> None:
        root = self._chosen()
        ask_folder(self, _("Where is this folder now?"), lambda path: self.controller.move(root, path))

    def _choose_base(self) -> None:
        ask_folder(self, _("The folder for your own models"), self.controller.set_base_path)
