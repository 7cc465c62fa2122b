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
    beside: dict[int, list[tuple[str, bool]]] = {}
    for path in going:
        try:
            size = os.lstat(path).st_size
        except OSError:
            continue
        if size not in beside:
            beside[size] = list(_beside(size, going, shelf, volumes)) if size else []
        others = beside[size]
        if not others or os.path.islink(path):
            continue
        if not may_show_others(path, volumes):
            others = [one for one in others if one[1]]
        for other, _stacked in others:
            if sameness(path, other, volumes) != "two":
                yield path, other


def _beside(size: int, going: frozenset[str], shelf: Shelf, volumes: Volumes) -> Iterator[tuple[str, bool]]:
    """(path, whether its file system shows files of another one) of the files of this size that stay, each looked at
    once however many of that size go."""
    for path in dict.fromkeys(file.path for file in shelf.by_size.get(size, ())):
        if path not in going and not reach.silent_mount(path) and os.path.isfile(path) and not os.path.islink(path):
            yield path, may_show_others(path, volumes)
