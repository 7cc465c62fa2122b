"""Settings, Look and Language: what the window looks like and which language it speaks."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from model_manager.base.text import _, later
from model_manager.controllers.settings import SettingsController
from model_manager.views import theme
from model_manager.views.settings.page import Page

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


class LookPage(Page):
    def __init__(
        self,
        parent: tk.Misc,
        settings: SettingsController,
        changed: Callable[[], None],
        reset_columns: Callable[[], None],
    ) -> None:
        super().__init__(parent, settings, changed)
        self.head(_("Look"))
        self.choice(_("Appearance"), _APPEARANCES, "appearance")
        self.choice(_("Theme"), [(family.capitalize(), family) for family in theme.FAMILIES], "theme")
        self.choice(_("Font size"), _SIZES, "font_size")
        self.choice(_("Scale"), _SCALES, "scale")
        self.say(_("The scale takes effect when the program starts again."))
        self.head(_("Columns of the library"))
        self.say(
            _(
                "A right click on a heading of the table chooses columns, dragging moves and widens them, a click sorts. "
                "What you choose is remembered."
            )
        )
        self.buttons((_("Columns as at the start"), reset_columns))


class LanguagePage(Page):
    def __init__(self, parent: tk.Misc, settings: SettingsController, changed: Callable[[], None]) -> None:
        super().__init__(parent, settings, changed)
        self.head(_("Language"))
        self.choice(_("Language"), _LANGUAGES, "language")
        self.say(_("The language takes effect when the program starts again. Texts that it lacks are English."))
