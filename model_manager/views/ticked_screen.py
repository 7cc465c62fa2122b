"""What the screens share whose rows are ticked and then reviewed: Duplicates, Clean up, Families."""

from __future__ import annotations

from typing import Any

import ttkbootstrap as ttk

from model_manager.jobs import JobChanged
from model_manager.views.widgets.tick_tree import TickTree


class TickedScreen(ttk.Frame):
    """A screen makes its `controller` and its `table`."""

    controller: Any
    table: TickTree

    def start(self) -> None:
        self.controller.start()

    def handle(self, message: object) -> None:
        # What the disk has become is asked when the screen is opened; an answer may come before it is mapped.
        if isinstance(message, JobChanged) or self.winfo_ismapped():
            self.controller.handle(message)

    def restyle(self) -> None:
        self.table.restyle()
