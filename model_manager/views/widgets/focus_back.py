"""Windows that give the focus back to where it was."""

from __future__ import annotations

import contextlib
import tkinter as tk


def gives_back(window: tk.Toplevel) -> None:
    """Call it before the window takes the focus: once it is closed, what has it now gets it again."""
    top = window.master.winfo_toplevel()
    before = str(window.tk.call("focus", "-displayof", str(top)))

    def back(event: tk.Event[tk.Misc]) -> None:
        if event.widget is window:
            top.after_idle(lambda: _focus(top, before))

    window.bind("<Destroy>", back, add="+")


def _focus(top: tk.Misc, before: str) -> None:
    with contextlib.suppress(tk.TclError):  # the program is being closed
        has = str(top.tk.call("focus"))
        if has and str(top.tk.call("winfo", "toplevel", has)) != str(top):
            return  # another window has opened meanwhile
        seen = before and int(top.tk.call("winfo", "exists", before)) and int(top.tk.call("winfo", "viewable", before))
        # Forced: without a window manager nobody else gives it back.
        top.tk.call("focus", "-force", before if seen else top.tk.call("focus", "-lastfor", str(top)))
