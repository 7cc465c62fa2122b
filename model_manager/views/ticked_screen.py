"""What the screens share whose rows are ticked and then reviewed: Duplicates, Clean up, Families."""

from __future__ import annotations

from typing import Any

import ttkbootstrap as ttk

from model_manager.views.widgets.tick_tree import TickTree


class TickedScreen(ttk.Frame):
    """A screen makes its `controller` and its `table`."""

    controller: Any
    table: TickTree

    def start(self) -> None:
        self.controller.start()

    def leave(self) -> None:
        self.controller.leave()

    def handle(self, message: object) -> None:
        if self.winfo_ismapped():  # what the disk has become is asked when the screen is opened
            self.controller.handle(message)

    def restyle(self) -> None:
        self.table.restyle()
