"""Folders where tools keep nothing but what they are still fetching."""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.stores.discovered import Leftover, on_disk
from model_manager.stores.grouping.file_names import is_models_partial
from model_manager.stores.grouping.known_files import is_known
from model_manager.stores.walk.running_downloads import Locks
from model_manager.stores.walk.store_reader import StoreReader, files_below


def unfinished_below(folder: str, reader: StoreReader) -> Iterator[Leftover]:
    """Every file of a model's form below `folder`, as an unfinished download; none while its tool holds a lock there."""
    locks = Locks()
    for entry in files_below(folder, reader):
        if not (is_known(entry.name) or is_models_partial(entry.name)) or entry.is_symlink() or locks.on(entry.path):
            continue
        if (stat := reader.stat(entry.path)) is not None:
            yield Leftover("partial", entry.path, stat.st_size, on_disk(stat), os.path.relpath(entry.path, folder))
