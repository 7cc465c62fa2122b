"""Look: theme, appearance, scale and font size."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from model_manager.app import App
from model_manager.base.text import _, later
from model_manager.views import theme

_SCALES = (
    (later("as the screen says"), 0.0),
    ("100 %", 1.0),
    ("125 %", 1.25),
    ("150 %", 1.5),
    ("175 %", 1.75),
    ("200 %", 2.0),
)
_LANGUAGES = (("English", "en"), ("Deutsch", "de"))
_SIZES = ((later("as the system"), 0), ("9", 9), ("10", 10), ("11", 11), ("12", 12), ("14", 14), ("16", 16))


class LookScreen(ttk.Frame):
    """Every choice applies at once and is remembered; the scale from the next start."""

    def __init__(self, parent: tk.Misc, app: App, restyle: Callable[[], None]) -> None:
        super().__init__(parent)
        self._app, self._restyle = app, restyle
        values = app.settings.values
        gap = theme.px(self, 8)
        ttk.Label(self, text=_("Look"), font=theme.bold(self, 3), padding=gap).pack(anchor="w")
        grid = ttk.Frame(self, padding=gap)
        grid.pack(anchor="nw")
        appearances = [(_("As the system"), "system"), (_("Light"), "light"), (_("Dark"), "dark")]
        self._row(grid, 0, _("Appearance"), appearances, values.appearance, "appearance")
        families = [(family.capitalize(), family) for family in theme.FAMILIES]
        self._row(grid, 1, _("Theme"), families, values.theme or theme.FAMILIES[0], "theme")
        self._row(grid, 2, _("Font size"), [(_(text), size) for text, size in _SIZES], values.font_size, "font_size")
        self._row(grid, 3, _("Scale"), [(_(text), scale) for text, scale in _SCALES], values.scale, "scale")
        languages = [(_("As the system"), ""), *_LANGUAGES]
        self._row(grid, 4, _("Language"), languages, values.language, "language")
        note = _("Scale and language take effect when the program starts again.")
        ttk.Label(grid, text=note, foreground=theme.muted(ttk.Style())).grid(row=5, column=1, sticky="w")

    def start(self) -> None:
        """Nothing to load."""

    def handle(self, message: object) -> None:
        """Nothing to hear."""

    def restyle(self) -> None:
        """The widgets follow the theme by themselves."""

    def _row(
        self, grid: ttk.Frame, row: int, title: str, choices: list[tuple[str, object]], value: object, name: str
    ) -> None:
        ttk.Label(grid, text=title).grid(
            row=row, column=0, sticky="w", padx=(0, theme.px(self, 24)), pady=theme.px(self, 6)
        )
        texts = [text for text, _value in choices]
        now = next((text for text, one in choices if one == value), texts[0])
        box = ttk.Combobox(grid, values=texts, state="readonly", width=22)
        box.set(now)
        box.grid(row=row, column=1, sticky="w")
        box.bind("<<ComboboxSelected>>", lambda event: self._choose(name, dict(choices)[box.get()]))

    def _choose(self, name: str, value: object) -> None:
        setattr(self._app.settings.values, name, value)
        self._app.jobs.start(_("Saving settings"), "query", lambda progress: self._app.settings.save())
        self._restyle()
