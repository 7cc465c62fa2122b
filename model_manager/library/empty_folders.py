"""Folders that models left behind when somebody removed their files: nothing but folders is in them any more."""

from __future__ import annotations

import os
from collections.abc import Iterable

from model_manager.base.text import later
from model_manager.stores.found import Leftover

_MOST = 1000
"""Entries looked at: a tree of so many empty folders is no model's."""


def left_empty(root: str, gone: Iterable[tuple[str, str]], before: Iterable[tuple[str, str]]) -> list[Leftover]:
    """The folders of places that are `gone`, (path, name) each, and those known `before`, (path, words), that hold no
    file now.

    A root's own children stand for categories or publishers and are left alone, unless one was the model itself.
    """
    found = {path: words for path, words in before if is_empty(path)}
    top = root.rstrip(os.sep) + os.sep
    for path, name in gone:
        whole = os.path.isdir(path)
        folder, best = path if whole else os.path.dirname(path), ""
        while folder.startswith(top) and (whole or os.sep in folder[len(top) :]) and is_empty(folder):
            best, folder, whole = folder, os.path.dirname(folder), False
        if best:
            found[best] = later(f"of {name}, which is gone")
    return [
        Leftover("empty-folder", path, 0, 0, words)
        for path, words in sorted(found.items())
        if not any(path.startswith(other + os.sep) for other in found)
    ]


def is_empty(folder: str) -> bool:
    """Whether this is a folder with nothing but folders below it. A link counts as something."""
    if os.path.islink(folder):
        return False
    waiting, met = [folder], 0
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    met += 1
                    if met > _MOST or not entry.is_dir(follow_symlinks=False):
                        return False
                    waiting.append(entry.path)
        except OSError:
            return False
    return True
