"""Copies that are one file seen by two ways: a folder and its mount, a pool and its branch, a share mounted back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from model_manager.base import reach
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.library.copies import Candidate
from model_manager.library.hashing import Unreadable
from model_manager.library.shelf import Shelf
from model_manager.operations.sameness import may_show_others, sameness


def each_file_once(
    alike: Iterable[Sequence[Candidate]], volumes: Volumes, problems: list[Unreadable]
) -> list[list[Candidate]]:
    """Groups of what is shown to be several files; the names of what may be one are one copy's.

    What can be shown neither way counts as one file, and is told among `problems`.
    """
    kept = [_once(same, volumes, problems) for same in alike]
    return [same for same in kept if len(same) > 1]


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


def _once(same: Sequence[Candidate], volumes: Volumes, problems: list[Unreadable]) -> list[Candidate]:
    seen_through = {one.copy.path for one in same if may_show_others(one.copy.path, volumes)}
    if not seen_through:
        return list(same)
    found: list[Candidate] = []
    # A file on its own file system stands for those that show it.
    for one in sorted(same, key=lambda one: one.copy.path in seen_through):
        for number, other in enumerate(found):
            answer = sameness(one.copy.path, other.copy.path, volumes)
            if answer != "two":
                found[number] = _joined(other, one)
                if answer == "unknown":
                    problems.append(Unreadable(one.copy.path, later(
                        f"it cannot be shown that this is another file than {other.copy.path}, so it counts as the same"
                    )))  # fmt: skip
                break
        else:
            found.append(one)
    return found


def _joined(one: Candidate, other: Candidate) -> Candidate:
    """One copy with the names of both. That it has more names than we know is certain: nothing comes back with it."""
    links = len(one.copy.names) + len(other.copy.names) + 1
    return replace(one, copy=replace(one.copy, names=(*one.copy.names, *other.copy.names), links=links))
