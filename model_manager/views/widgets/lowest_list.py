"""Where the lowest list of a screen ends."""

from __future__ import annotations

import tkinter as tk


def lowest_list(widget: tk.Misc) -> int:
    """In pixels of the display, of the lists that are to be seen; 0 where there is none."""
    found = [lowest_list(child) for child in widget.winfo_children() if child.winfo_ismapped()]
    if widget.winfo_class() == "Treeview":
        found.append(widget.winfo_rooty() + widget.winfo_height())
    return max(found, default=0)
