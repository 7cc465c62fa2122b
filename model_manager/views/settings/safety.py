"""Settings, Safety: what clearing away proposes, when it asks again, and when it reminds."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from model_manager.base.text import _, later
from model_manager.controllers.settings import SettingsController
from model_manager.views.settings.page import Page

_WAYS = ((later("To the trash"), "trash"), (later("Set aside on the same volume"), "aside"))
_REMINDERS = (
    (later("never"), 0),
    (later("after 7 days"), 7),
    (later("after 30 days"), 30),
    (later("after 90 days"), 90),
)


class SafetyPage(Page):
    def __init__(self, parent: tk.Misc, settings: SettingsController, changed: Callable[[], None]) -> None:
        super().__init__(parent, settings, changed)
        self.head(_("Safety"))
        self.choice(_("Clearing away"), _WAYS, "clear_way")
        self.say(_("What a review proposes first; it can be changed there."))
        self.tick(
            _("Ask once more before anything goes for good"), "confirm_final",
            lambda: bool(settings.value("confirm_final")), lambda on: settings.choose("confirm_final", on),
        )  # fmt: skip
        self.say(
            _(
                "Every change of your disk is shown in a review first: each path, its size and why. The review cannot be "
                "switched off. This question comes after it, for what cannot be undone."
            )
        )
        self.head(_("What was cleared away"))
        self.choice(_("Remind me"), _REMINDERS, "remind_after_days")
        self.say(
            _(
                "Says once at a start, and at most once a week, what this program put in the trash or set aside so long "
                "ago and what room it still takes. Nothing is ever emptied on its own."
            )
        )
