"""Texts that are too long for where they stand."""

from __future__ import annotations

import tkinter.font as tkfont


def shorten(text: str, width: int, font: tkfont.Font) -> str:
    """The text, or its beginning with an ellipsis that fits into `width` pixels."""
    if font.measure(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.measure(text[:middle] + "…") <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low] + "…"
