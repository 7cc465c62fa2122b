"""Downloaded archives whose contents lie unpacked beside them, in a folder of the same name."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator

from model_manager.base.text import later
from model_manager.stores.found import Leftover, on_disk
from model_manager.stores.look import Look
from model_manager.stores.removal import CannotRemove, Going, Part

_ENDINGS = (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".7z", ".rar")


def archives(folder: str, files: Collection[str], below: Iterable[str], look: Look) -> Iterator[Leftover]:
    """`files` and `below`: the names of the files and folders in `folder`."""
    for name in below:
        for ending in _ENDINGS:
            if name + ending in files and _holds_something(os.path.join(folder, name)):
                path = os.path.join(folder, name + ending)
                stat = look.stat(path)
                if stat is not None:
                    words = later(f"{name}, unpacked beside it")
                    yield Leftover("archive", path, stat.st_size, on_disk(stat), words)


def remove_archive(leftover: Leftover) -> Iterator[Part]:
    """An archive, if what was unpacked from it is still there."""
    folder = next((leftover.path[: -len(ending)] for ending in _ENDINGS if leftover.path.endswith(ending)), "")
    if not folder or not _holds_something(folder):
        raise CannotRemove(
            "clear away", leftover.path, "what was unpacked from it is not there any more: it is the only copy"
        )
    yield Going(leftover.path, leftover.of)


def _holds_something(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(True for _ in entries)
    except OSError:
        return False
