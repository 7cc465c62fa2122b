"""Folders that models left behind when somebody removed their files: nothing but folders is in them any more."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from model_manager.base.messages import said
from model_manager.stores.discovered import Leftover

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
            found[best] = said("of {0}, which is gone", name)
    return [
        Leftover("empty-folder", path, 0, 0, words)
        for path, words in sorted(found.items())
        if not any(path.startswith(other + os.sep) for other in found)
    ]


def is_empty(folder: str) -> bool:
    """Whether this is a folder with nothing but folders below it. A link counts as something.

    So does the place of a drive, connected or not: its models may only be away.
    """
    if os.path.islink(folder) or _is_place_of_a_drive(folder):
        return False
    waiting, met = [folder], 0
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    met += 1
                    if met > _MOST or not entry.is_dir(follow_symlinks=False) or _is_place_of_a_drive(entry.path):
                        return False
                    waiting.append(entry.path)
        except OSError:
            return False
    return True


FSTAB = "/etc/fstab"


def _is_place_of_a_drive(folder: str) -> bool:
    """Whether something is mounted on a folder, or the system's table says that something may be."""
    return os.path.ismount(folder) or os.path.realpath(folder) in _listed_places()


def _listed_places() -> set[str]:
    """The mount points of the system's table; none where it cannot be read. Spaces in it are written `\\040`."""
    try:
        with open(FSTAB, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.split() for line in file if not line.lstrip().startswith("#")]
    except OSError:
        return set()
    return {re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line[1]) for line in lines if len(line) > 1}
