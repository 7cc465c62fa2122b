"""Files that would go and are seen by another way as well: they go from there too, and that has to be said."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from model_manager.base import reach
from model_manager.base.volumes import Volumes
from model_manager.library.removal.shelf import Shelf
from model_manager.operations.sameness import may_show_others, sameness


def seen_elsewhere(paths: Iterable[str], shelf: Shelf, volumes: Volumes) -> Iterator[tuple[str, str]]:
    """(what goes, another path of the library) for each of these files that is seen by another way as well.

    Asked only where a file system takes part that shows files of another one; what cannot be told counts as seen.
    """
    going = frozenset(paths)
    for path in going:
        try:
            size = os.lstat(path).st_size
        except OSError:
            continue
        for other in dict.fromkeys(file.path for file in shelf.by_size.get(size, ())) if size else ():
            if other in going or reach.silent_mount(other) or not os.path.isfile(other):
                continue
            if os.path.islink(other) or os.path.islink(path):
                continue
            stacked = may_show_others(path, volumes) or may_show_others(other, volumes)
            if stacked and sameness(path, other, volumes) != "two":
                yield path, other
