"""One name of a file, however one comes to it: a folder that is mounted a second time gives no second name."""

from __future__ import annotations

import os
from collections.abc import Iterable

NameKey = tuple[object, ...]


def name_key(path: str, parents: dict[str, NameKey] | None = None) -> NameKey:
    """(device and inode of the folder, name); the path where the folder cannot be asked. Follows no link in the name.

    `parents`: folders that were asked already.
    """
    folder, name = os.path.split(path)
    known = parents.get(folder) if parents is not None else None
    if known is None:
        try:
            found = os.stat(folder)
        except OSError:
            known = (folder,)
        else:
            # Some FUSE drivers give every folder the same number.
            known = (
                (found.st_dev, found.st_ino) if 0 < found.st_ino < (1 << 32) - 1 or found.st_ino >> 32 else (folder,)
            )
        if parents is not None:
            parents[folder] = known
    return (*known, name)


def apart(paths: Iterable[str]) -> list[str]:
    """These paths, without those that are a name by which one of them came already."""
    parents: dict[str, NameKey] = {}
    found: dict[NameKey, str] = {}
    for path in paths:
        found.setdefault(name_key(path, parents), path)
    return list(found.values())
