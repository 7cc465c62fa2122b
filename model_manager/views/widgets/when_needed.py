"""Scroll bars that stand there only while there is something to scroll."""

from __future__ import annotations

import ttkbootstrap as ttk


def when_needed(bar: ttk.Scrollbar, first: str, last: str) -> None:
    """For `xscrollcommand` or `yscrollcommand` of a widget whose bar is in a grid."""
    if float(first) <= 0 and float(last) >= 1:
        bar.grid_remove()
    else:
        bar.grid()
    bar.set(first, last)
