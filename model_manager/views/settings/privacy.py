"""Settings, Privacy: what leaves this computer, which is nothing, and what is asked on it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from model_manager.base.text import _
from model_manager.controllers.settings import SettingsController
from model_manager.views.settings.page import Page


class PrivacyPage(Page):
    def __init__(self, parent: tk.Misc, settings: SettingsController, changed: Callable[[], None]) -> None:
        super().__init__(parent, settings, changed)
        self.head(_("Network"))
        self.say(
            _(
                "This program sends nothing to the network and asks nothing there: no figures about its use, no search for "
                "a newer version, nothing about your models. So there is nothing to switch off."
            ),
            quiet=False,
        )
        self.head(_("On this computer"))
        self.say(
            _(
                "Two tools are asked by their own service, at an address of this computer alone (127.0.0.1 or localhost). "
                "Any other address is refused."
            )
        )
        self._asking("ollama", _("Ask Ollama what it has"))
        self.say(_("Only where its folder belongs to another user and may not be read. Otherwise its files tell all."))
        self._asking("invokeai", _("Ask InvokeAI to remove its models"))
        self.say(
            _(
                "Only when one of its models is to be cleared away, and nothing goes before the review. InvokeAI keeps a "
                "database that only it may change; without asking it, its models can only be removed in InvokeAI itself."
            )
        )
        self.say(
            _(
                "A second start of this program hands the file that it should show to the window that is open. That, too, "
                "stays on this computer."
            )
        )

    def _asking(self, tool: str, text: str) -> None:
        self.tick(text, tool, lambda: self.settings.is_asked(tool), lambda on: self.settings.ask_tool(tool, on))
