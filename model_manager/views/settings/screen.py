"""The settings: a list of pages at the left, the chosen one at the right."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from model_manager.app import App
from model_manager.base.text import _, later
from model_manager.controllers.settings import SettingsController
from model_manager.views import theme
from model_manager.views.settings.advanced import AdvancedPage
from model_manager.views.settings.folders import FoldersPage
from model_manager.views.settings.look import LanguagePage, LookPage
from model_manager.views.settings.page import Page
from model_manager.views.settings.privacy import PrivacyPage
from model_manager.views.settings.safety import SafetyPage

PAGES = (
    ("folders", later("Folders")),
    ("look", later("Look")),
    ("language", later("Language")),
    ("safety", later("Safety")),
    ("privacy", later("Privacy")),
    ("advanced", later("Advanced")),
)


class SettingsScreen(ttk.Frame):
    """Implements SettingsView. Every choice applies at once and is remembered; scale and language from the next start.

    `restyle` paints the whole window anew, `open_screen` shows another screen, `reset_columns` the library's own columns,
    `say` a short message.
    """

    def __init__(
        self,
        parent: tk.Misc,
        app: App,
        restyle: Callable[[], None],
        open_screen: Callable[[str], None],
        reset_columns: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self.controller = SettingsController(app, self)
        self._restyle, self._open_screen, self._reset_columns, self._say = restyle, open_screen, reset_columns, say
        gap = theme.px(self, 8)
        ttk.Label(self, text=_("Settings"), font=theme.bold(self, 3), padding=gap).pack(anchor="w")
        self.list = ttk.Treeview(self, show="tree", selectmode="browse", height=len(PAGES))
        for name, title in PAGES:
            self.list.insert("", "end", name, text=_(title))
        self.list.column("#0", width=theme.px(self, 132), stretch=False)
        self.list.pack(side="left", fill="y", padx=(gap, 0), pady=(0, gap))
        self.list.bind("<<TreeviewSelect>>", lambda event: self._show(self.list.selection()[0]))
        self.pages: dict[str, Page] = {}
        self.current = ""
        self.list.selection_set("folders")
        self.list.focus("folders")
        self._show("folders")

    def start(self) -> None:
        """What was chosen elsewhere meanwhile."""
        for page in self.pages.values():
            page.show_values()

    def focus_list(self) -> None:
        """The arrows choose a page, Tab goes into it."""
        self.list.focus_set()

    def handle(self, message: object) -> None:
        """Nothing that happens elsewhere is shown here."""

    def restyle(self) -> None:
        for page in self.pages.values():
            page.restyle()

    def page(self, name: str) -> Page:
        """A page, made when it is first asked for."""
        if name not in self.pages:
            makers: dict[str, Callable[[], Page]] = {
                "folders": lambda: FoldersPage(self, *common, lambda: self._open_screen("folders")),
                "look": lambda: LookPage(self, *common, self._reset_columns),
                "language": lambda: LanguagePage(self, *common),
                "safety": lambda: SafetyPage(self, *common),
                "privacy": lambda: PrivacyPage(self, *common),
                "advanced": lambda: AdvancedPage(self, *common, self.reset, self._say),
            }
            common = self.controller, self._restyle
            self.pages[name] = made = makers[name]()
            made.show_values()
            made.adopt()
        return self.pages[name]

    def show_page(self, name: str) -> None:
        self.list.selection_set(name)
        self.list.focus(name)

    def reset(self) -> None:
        self.controller.reset()
        self.start()
        self._restyle()

    def show_diagnostics(self, text: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(text)

    def _show(self, name: str) -> None:
        if name == self.current:
            return
        if self.current:
            self.pages[self.current].pack_forget()
        self.current = name
        self.page(name).pack(side="left", fill="both", expand=True, pady=(0, theme.px(self, 8)))
