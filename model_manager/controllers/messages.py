"""What screens and background work ask of the window, through the queue of the jobs."""

from __future__ import annotations


class Said:
    """A message for the person at the window."""

    def __init__(self, text: str) -> None:
        self.text = text


class ScanWanted:
    """What is watched has changed, or the person asked to look again."""


class OpenWanted:
    """Another start of the program: the window comes to the front, with this file when there is one."""

    def __init__(self, path: str) -> None:
        self.path = path


class DetailsStale:
    """What the card shows has changed."""


class Noticed:
    """What must be read: it stays above everything until the person closes it. May be posted before the window is there."""

    def __init__(self, text: str) -> None:
        self.text = text
