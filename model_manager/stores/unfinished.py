"""Folders where tools keep nothing but what they are still fetching."""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.stores.found import Leftover, on_disk
from model_manager.stores.look import Look, files_below


def unfinished_below(folder: str, look: Look) -> Iterator[Leftover]:
    """Every file below `folder`, as an unfinished download."""
    for entry in files_below(folder, look):
        if (stat := look.stat(entry.path)) is not None:
            yield Leftover("partial", entry.path, stat.st_size, on_disk(stat), os.path.relpath(entry.path, folder))
