"""Where Tab goes: every widget that takes keys, left to right and then down, as it is seen.

Tk's own order is that in which widgets were made, which is right to left where they are packed from the right.
"""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Iterator
from typing import Any

_MAIN = ("Treeview", "Canvas")
"""What a screen is about: the focus goes there first."""


def attach(root: tk.Tk) -> None:
    """Once for a root: Tab and Shift+Tab in all its windows, Space and Enter on buttons, and no focus on what is gone."""
    tcl = root.tk

    def move(event: tk.Event[Any], by: int) -> str:
        path = str(event.widget)
        found = list(_stops(tcl, str(tcl.call("winfo", "toplevel", path))))
        if found:
            at = found.index(path) if path in found else -1 if by > 0 else 0
            tcl.call("tk::TabToWindow", found[(at + by) % len(found)])
        return "break"

    def gone(event: tk.Event[Any]) -> None:
        path = str(event.widget)
        if path == str(tcl.call("focus")):
            root.after_idle(lambda: _leave(tcl, path))

    root.bind_class("all", "<<NextWindow>>", lambda event: move(event, 1))
    root.bind_class("all", "<<PrevWindow>>", lambda event: move(event, -1))
    root.bind_class("all", "<Unmap>", gone, add=True)
    # Tk's text keeps the Tab for itself: nobody gets out of a note. This does nothing and lets it pass.
    root.bind_class("Text", "<Tab>", lambda event: None)
    # ttkbootstrap takes Space away from buttons and gives them Enter; people and screen readers use both.
    tcl.call("bind", "TButton", "<space>", "ttk::button::activate %W")


def stops(widget: tk.Misc) -> list[str]:
    """The path names of what takes keys in a window or a part of one, in the order of Tab."""
    return list(_stops(widget.tk, str(widget)))


def main_stop(widget: tk.Misc) -> str:
    """Where the focus goes when this part of a window is opened: its table, or else the first widget that takes keys."""
    return _main(widget.tk, str(widget))


def _main(tcl: Any, path: str) -> str:
    found = list(_stops(tcl, path))
    return next((one for one in found if str(tcl.call("winfo", "class", one)) in _MAIN), found[0] if found else "")


def _leave(tcl: Any, path: str) -> None:
    """What had the focus is not to be seen any more: the nearest part of the window that takes keys gets it."""
    with contextlib.suppress(tk.TclError):
        if str(tcl.call("focus")) != path or int(tcl.call("winfo", "viewable", path)):
            return
        parent = path
        while parent != ".":
            parent = str(tcl.call("winfo", "parent", parent))
            if int(tcl.call("winfo", "viewable", parent)) and (found := _main(tcl, parent)):
                tcl.call("focus", found)
                return


def _stops(tcl: Any, path: str) -> Iterator[str]:
    children = [
        str(child) for child in tcl.splitlist(tcl.call("winfo", "children", path))
        if int(tcl.call("winfo", "viewable", child)) and str(tcl.call("winfo", "toplevel", child)) != str(child)
    ]  # fmt: skip
    for child in _as_read(tcl, children):
        if int(tcl.call("tk::FocusOK", child)):
            yield child
        yield from _stops(tcl, child)


def _as_read(tcl: Any, children: list[str]) -> list[str]:
    """Lines from above to below, each from left to right. What shares most of its height with a line stands in it."""
    if len(children) < 2:
        return children
    boxes = []
    for child in children:
        x, y, width, height = (int(tcl.call("winfo", what, child)) for what in ("x", "y", "width", "height"))
        boxes.append((y, y + height, x, width, child))
    boxes.sort()
    lines: list[tuple[int, list[tuple[int, int, str]]]] = []
    for top, bottom, x, _width, child in boxes:
        if lines and min(bottom, lines[-1][0]) - top > (bottom - top) / 2:
            lines[-1][1].append((x, top, child))
        else:
            lines.append((bottom, [(x, top, child)]))
    return [child for _bottom, line in lines for _x, _y, child in sorted(line)]
