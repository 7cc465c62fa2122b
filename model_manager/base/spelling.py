"""Names of file systems that take one name in several spellings: FAT, exFAT, NTFS, shares of Windows, macOS' own."""

from __future__ import annotations

import os
import unicodedata

from model_manager.base.volumes import Volumes

_EXACT = frozenset({"xfs", "btrfs", "tmpfs", "zfs", "ramfs", "bcachefs"})
"""Here two spellings are two names, always; ext4 and f2fs have folders that fold case."""


def fold(name: str) -> str:
    """What two spellings of one name have in common, whichever of these file systems it is: case and normal form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def as_listed(path: str, volumes: Volumes) -> str:
    """A path of something that is there with each name as its folder lists it; what cannot be listed stays as it is."""
    try:
        if volumes.of(path, os.stat(path).st_dev).kind in _EXACT:
            return path
    except OSError:
        return path
    top, _, rest = path.partition(os.sep)
    real = top + os.sep
    for name in rest.split(os.sep):
        real = os.path.join(real, _listed(real, name))
    return real


def are_one_name(one: str, other: str) -> bool:
    """Whether two different paths are spellings of one name: they fold to the same, and not both are listed so."""
    if one == other or fold(one) != fold(other):
        return False
    return not (_is_listed(one) and _is_listed(other))


def _listed(folder: str, name: str) -> str:
    try:
        names = os.listdir(folder)
    except OSError:
        return name
    if name in names:
        return name
    alike = [listed for listed in names if fold(listed) == fold(name)]
    return alike[0] if len(alike) == 1 else name


def _is_listed(path: str) -> bool:
    """Whether every name of a path stands so in its folder; of a folder that cannot be listed it is not known."""
    while (parent := os.path.dirname(path)) != path:
        try:
            if os.path.basename(path) not in os.listdir(parent):
                return False
        except OSError:
            return False
        path = parent
    return True
