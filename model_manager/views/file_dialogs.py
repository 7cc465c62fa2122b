"""The toolkit's file dialogs. Each begins at home: Tk would begin where it was last, and complains when that has gone."""

from __future__ import annotations

import os
import tkinter as tk
from tkinter import filedialog


def ask_folder(parent: tk.Misc, title: str) -> str:
    """A folder that exists; empty when the person chose none."""
    return filedialog.askdirectory(parent=parent, title=title, mustexist=True, initialdir=_home()) or ""


def ask_where_to_save(parent: tk.Misc, title: str, name: str) -> str:
    """A path for a file, `name` to begin with; empty when the person chose none. What is there already is written over."""
    return filedialog.asksaveasfilename(
        parent=parent, title=title, initialdir=_home(), initialfile=name, confirmoverwrite=False
    ) or ""  # fmt: skip


def _home() -> str:
    return os.path.expanduser("~")
