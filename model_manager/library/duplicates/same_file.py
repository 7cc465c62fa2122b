"""Copies that are one file seen by two ways: a folder and its mount, a pool and its branch, a share mounted back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from model_manager.base.messages import said
from model_manager.base.volumes import Volumes
from model_manager.library.duplicates.copies import PossibleCopy
from model_manager.library.duplicates.hashing import Unreadable
from model_manager.operations.sameness import may_show_others, sameness


def each_file_once(
    alike: Iterable[Sequence[PossibleCopy]], volumes: Volumes, problems: list[Unreadable]
) -> list[list[PossibleCopy]]:
    """Groups of what is shown to be several files; the names of what may be one are one copy's.

    What can be shown neither way counts as one file, and is told among `problems`.
    """
    kept = [_once(same, volumes, problems) for same in alike]
    return [same for same in kept if len(same) > 1]


def _once(same: Sequence[PossibleCopy], volumes: Volumes, problems: list[Unreadable]) -> list[PossibleCopy]:
    seen_through = {one.copy.path for one in same if may_show_others(one.copy.path, volumes)}
    if not seen_through:
        return list(same)
    found: list[PossibleCopy] = []
    # A file on its own file system stands for those that show it.
    for one in sorted(same, key=lambda one: one.copy.path in seen_through):
        for number, other in enumerate(found):
            answer = sameness(one.copy.path, other.copy.path, volumes)
            if answer != "two":
                found[number] = _joined(other, one)
                if answer == "unknown":
                    why = said(
                        "it cannot be shown that this is another file than {0}, so it counts as the same",
                        other.copy.path,
                    )
                    problems.append(Unreadable(one.copy.path, why))
                break
        else:
            found.append(one)
    return found


def _joined(one: PossibleCopy, other: PossibleCopy) -> PossibleCopy:
    """One copy with the names of both. That it has more names than we know is certain: nothing comes back with it."""
    links = len(one.copy.names) + len(other.copy.names) + 1
    return replace(one, copy=replace(one.copy, names=(*one.copy.names, *other.copy.names), links=links))
