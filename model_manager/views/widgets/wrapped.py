"""Labels whose text takes as many lines as their width asks for."""

from __future__ import annotations

import ttkbootstrap as ttk

_SLACK = 6
"""Pixels: Tk measures words without their last overhang, which would stand outside."""


def wrapped(label: ttk.Label, sides: int = 0) -> ttk.Label:
    """Wraps at the width that the label has got; `sides`: its padding left and right, in pixels."""
    label.configure(justify="left")
    label.bind("<Configure>", lambda event: label.configure(wraplength=max(1, event.width - sides - _SLACK)), add="+")
    return label
