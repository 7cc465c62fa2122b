"""Settings, Folders: the way to the watched folders, and the names that a scan leaves out."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from model_manager.base.text import _
from model_manager.controllers.settings import SettingsController
from model_manager.views.settings.page import Page
from model_manager.views.widgets.scrolled import leaves_with_tab
from model_manager.views.widgets.wrapped import wrapped


class FoldersPage(Page):
    def __init__(
        self,
        parent: tk.Misc,
        settings: SettingsController,
        changed: Callable[[], None],
        open_folders: Callable[[], None],
    ) -> None:
        super().__init__(parent, settings, changed)
        self.head(_("Watched folders"))
        self.say(
            _(
                "Which folders are watched, which of them always keep their copies, and your own base folder have a screen "
                "of their own."
            )
        )
        self.buttons((_("Open Folders"), open_folders))
        self.head(_("Leave out"))
        self.say(
            _(
                "Names of files and folders that a scan passes over in your own folders and wherever a tool keeps plain "
                "files, one on a line: *.bak, backup*, old. * stands for any letters, ? for one; capitals make no "
                "difference. What is left out stays where it is and is never cleared away with something else."
            )
        )
        self.text = ttk.Text(self.body, height=6, width=30, wrap="none")
        leaves_with_tab(self.text)
        self.put(self.text)
        self.problem = wrapped(ttk.Label(self.body, bootstyle="danger"))
        self.put(self.problem)
        self.problem.grid_remove()
        self.buttons((_("Apply and scan"), self._apply))
        self.show_patterns()

    def show_patterns(self) -> None:
        """As they are remembered."""
        self.text.delete("1.0", "end")
        self.text.insert("1.0", "\n".join(self.settings.patterns()))
        self.text.edit_reset()

    def show_problem(self, text: str) -> None:
        """What is wrong with a line; empty when nothing is."""
        self.problem.configure(text=text)
        if text:
            self.problem.grid()
            self.after_idle(lambda: self.see(self.problem))
        else:
            self.problem.grid_remove()

    def _apply(self) -> None:
        problem = self.settings.leave_out(self.text.get("1.0", "end").split("\n"))
        self.show_problem(problem)
        if not problem:
            self.show_patterns()
