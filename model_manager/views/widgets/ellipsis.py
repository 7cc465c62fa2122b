"""Texts that are too long for where they stand. Widths in pixels."""

from __future__ import annotations

import os
import tkinter.font as tkfont

from model_manager.base.short_paths import GAP, without_middle


def shorten(text: str, width: int, font: tkfont.Font) -> str:
    """The text, or its beginning with an ellipsis that fits into `width` pixels."""
    if font.measure(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.measure(text[:middle] + GAP) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low] + GAP


def shorten_path(path: str, width: int, font: tkfont.Font) -> str:
    """The path, or its two ends: the name of the file whole, and as many of its folders as there is room for.

    Only where the name itself is wider than `width` does its middle give way: both its beginning and its end are seen.
    """
    short = without_middle(path, lambda text: font.measure(text) <= width)
    if font.measure(short) <= width:
        return short
    name = os.path.basename(path)
    if font.measure(name) <= width:
        return name
    low, high = 0, len(name) // 2
    while low < high:
        middle = (low + high + 1) // 2
        if font.measure(name[:middle] + GAP + name[-middle:]) <= width:
            low = middle
        else:
            high = middle - 1
    return name[:low] + GAP + name[len(name) - low :]
