"""The keys of a tree that Tk's own lacks: ends, pages, several rows, and a row that is marked before one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from tkinter import ttk
from typing import Any


def attach(tree: ttk.Treeview) -> None:
    """Home, End, Page keys; in a tree of several also with Shift, Ctrl+A, Ctrl with arrows, and Space for one row more."""
    several = str(tree["selectmode"]) == "extended"
    anchor = {"row": ""}

    def go(where: Callable[[list[str], int], int], extend: bool = False, only_mark: bool = False) -> str:
        rows = seen_rows(tree)
        if not rows:
            return "break"
        now = str(tree.focus())
        at = rows.index(now) if now in rows else 0
        row = rows[max(0, min(where(rows, at), len(rows) - 1))]
        if extend:
            first = anchor["row"] if anchor["row"] in rows else rows[at]
            low, high = sorted((rows.index(first), rows.index(row)))
            tree.selection_set(rows[low : high + 1])
            anchor["row"] = first
        elif not only_mark:
            tree.selection_set(row)
            anchor["row"] = row
        tree.focus(row)
        tree.see(row)
        return "break"

    def page() -> int:
        return max(1, len([row for row in seen_rows(tree) if tree.bbox(row)]) - 1)

    ways: tuple[tuple[str, Callable[[list[str], int], int]], ...] = (
        ("Up", lambda rows, at: at - 1), ("Down", lambda rows, at: at + 1),
        ("Home", lambda rows, at: 0), ("End", lambda rows, at: len(rows) - 1),
        ("Prior", lambda rows, at: at - page()), ("Next", lambda rows, at: at + page()),
    )  # fmt: skip
    for name, where in ways:
        tree.bind(f"<{name}>", lambda event, to=where: go(to))
        if several:
            tree.bind(f"<Shift-{name}>", lambda event, to=where: go(to, extend=True))
            tree.bind(f"<Control-{name}>", lambda event, to=where: go(to, only_mark=True))
    if several:
        tree.bind("<Control-a>", lambda event: _all(tree))
        tree.bind("<space>", lambda event: _one_more(tree, anchor))
    tree.bind("<FocusIn>", lambda event: _mark_one(tree), add="+")
    tree.bind("<Button-1>", lambda event: anchor.update(row=str(tree.identify_row(event.y))), add="+")


def seen_rows(tree: ttk.Treeview, below: str = "") -> list[str]:
    """The rows that are not folded away, from above."""
    found = []
    for row in tree.get_children(below):
        found.append(str(row))
        if tree.tk.getboolean(tree.item(row, "open") or 0):
            found += seen_rows(tree, str(row))
    return found


def _mark_one(tree: ttk.Treeview) -> None:
    """Arrows do nothing in Tk while no row is marked."""
    rows = tree.get_children()
    if rows and not tree.focus():
        tree.focus((tree.selection() or rows)[0])


def _all(tree: ttk.Treeview) -> str:
    tree.selection_set(seen_rows(tree))
    return "break"


def _one_more(tree: ttk.Treeview, anchor: dict[str, Any]) -> str:
    row = str(tree.focus())
    if row:
        tree.selection_toggle(row)
        anchor["row"] = row
    return "break"
