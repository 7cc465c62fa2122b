"""Settings, Advanced: the log, diagnostics for those who help, where data is kept, back to the defaults."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from model_manager.base.text import _, later, shown
from model_manager.controllers.settings import SettingsController
from model_manager.views.file_dialogs import ask_where_to_save
from model_manager.views.open_folder import open_folder
from model_manager.views.settings.page import Page

_LEVELS = ((later("as usual"), "INFO"), (later("everything"), "DEBUG"))


class AdvancedPage(Page):
    def __init__(
        self, parent: tk.Misc, settings: SettingsController, changed: Callable[[], None], reset: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        super().__init__(parent, settings, changed)
        self._tell = say
        self.head(_("When something is wrong"))
        self.choice(_("Log"), _LEVELS, "log_level")
        self.say(
            _(
                "Diagnostics are the program's own state, the watched folders and the end of its log. Tokens and passwords "
                "that were recognised are left out, and so is the name of your home."
            )
        )
        self.buttons((_("Copy diagnostics"), settings.diagnose), (_("Save diagnostics…"), self._save))
        self.head(_("Where data is kept"))
        self.say(shown(settings.data_folder), quiet=False)
        self.buttons((_("Open folder"), self._open))
        self.head(_("Back to the defaults"))
        self.say(
            _(
                "Everything that can be chosen here as at the first start. Watched folders, the names that are left out, "
                "columns and the window stay as they are."
            )
        )
        self.buttons((_("Back to the defaults"), reset))

    def _save(self) -> None:
        path = ask_where_to_save(self, _("Save diagnostics"), "model-manager-diagnostics.txt")
        if path:
            self.settings.save_diagnostics(path)

    def _open(self) -> None:
        if why := open_folder(self.settings.data_folder):
            self._tell(why)
