"""Settings: look, language, what clearing away means, and what helps when something is wrong."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import ttkbootstrap as ttk

from model_manager.app import App
from model_manager.base.text import _, later
from model_manager.controllers.settings import Settings
from model_manager.views import theme
from model_manager.views.widgets.wrapped import wrapped

_SCALES = (
    (later("as the screen says"), 0.0),
    ("100 %", 1.0),
    ("125 %", 1.25),
    ("150 %", 1.5),
    ("175 %", 1.75),
    ("200 %", 2.0),
)
_SIZES = ((later("as the system"), 0), ("9", 9), ("10", 10), ("11", 11), ("12", 12), ("14", 14), ("16", 16))
_APPEARANCES = ((later("As the system"), "system"), (later("Light"), "light"), (later("Dark"), "dark"))
_LANGUAGES = ((later("As the system"), ""), ("English", "en"), ("Deutsch", "de"))
_WAYS = ((later("To the trash"), "trash"), (later("Set aside on the same volume"), "aside"))
_LEVELS = ((later("as usual"), "INFO"), (later("everything"), "DEBUG"))
Choices = Sequence[tuple[str, object]]


class SettingsScreen(ttk.Frame):
    """Implements SettingsView. Every choice applies at once and is remembered; scale and language from the next start."""

    def __init__(self, parent: tk.Misc, app: App, restyle: Callable[[], None]) -> None:
        super().__init__(parent)
        self.controller = Settings(app, self)
        self._restyle = restyle
        self._gap = gap = theme.px(self, 8)
        self._boxes: dict[str, tuple[ttk.Combobox, Choices]] = {}
        ttk.Label(self, text=_("Settings"), font=theme.bold(self, 3), padding=gap).pack(anchor="w")
        self._grid = ttk.Frame(self, padding=gap)
        self._grid.pack(anchor="nw", fill="x")
        self._grid.columnconfigure(1, weight=1)
        self._row_number = 0
        self._head(_("Look"))
        self._row(_("Appearance"), _APPEARANCES, "appearance")
        self._row(_("Theme"), [(family.capitalize(), family) for family in theme.FAMILIES], "theme")
        self._row(_("Font size"), _SIZES, "font_size")
        self._row(_("Scale"), _SCALES, "scale")
        self._row(_("Language"), _LANGUAGES, "language")
        self._say(_("Scale and language take effect when the program starts again."))
        self._head(_("Safety"))
        self._row(_("Clearing away"), _WAYS, "clear_way")
        self._say(
            _(
                "What a review proposes first. There is always a review, it can be changed there, and nothing is ever emptied "
                "on its own."
            )
        )
        self._head(_("When something is wrong"))
        self._row(_("Log"), _LEVELS, "log_level")
        line = ttk.Frame(self._grid)
        line.grid(row=self._row_number, column=1, sticky="w", pady=gap)
        ttk.Button(line, text=_("Copy diagnostics"), command=self.controller.diagnose).pack(side="left")
        ttk.Button(line, text=_("Back to the defaults"), command=self._reset).pack(side="left", padx=gap)
        self.show_values()

    def start(self) -> None:
        """Nothing to load."""

    def handle(self, message: object) -> None:
        self.controller.handle(message)

    def restyle(self) -> None:
        """The widgets follow the theme by themselves."""

    def show_values(self) -> None:
        for name, (box, choices) in self._boxes.items():
            now = self.controller.value(name)
            box.set(next((_(text) for text, value in choices if value == now), _(choices[0][0])))

    def show_diagnostics(self, text: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(text)

    def _head(self, text: str) -> None:
        label = ttk.Label(self._grid, text=text, font=theme.bold(self))
        label.grid(row=self._row_number, column=0, columnspan=2, sticky="w", pady=(self._gap, 0))
        self._row_number += 1

    def _say(self, text: str) -> None:
        label = wrapped(ttk.Label(self._grid, text=text, foreground=theme.muted(ttk.Style())))
        label.grid(row=self._row_number, column=1, sticky="ew")
        self._row_number += 1

    def _row(self, title: str, choices: Choices, name: str) -> None:
        label = ttk.Label(self._grid, text=title)
        label.grid(row=self._row_number, column=0, sticky="w", padx=(0, theme.px(self, 24)), pady=self._gap // 2)
        box = ttk.Combobox(self._grid, values=[_(text) for text, _value in choices], state="readonly", width=30)
        box.grid(row=self._row_number, column=1, sticky="w")
        box.bind("<<ComboboxSelected>>", lambda event: self._choose(name, choices[box.current()][1]))
        self._boxes[name] = box, choices
        self._row_number += 1

    def _choose(self, name: str, value: object) -> None:
        self.controller.choose(name, value)
        self._restyle()

    def _reset(self) -> None:
        self.controller.reset()
        self.show_values()
        self._restyle()
