"""Which of several copies stays."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from model_manager.base.reading import read_small
from model_manager.library.duplicates.copies import Copy, is_inside
from model_manager.stores.tool_facts import TOOLS


def keeper_of(copies: Sequence[Copy], reference: Sequence[str] = ()) -> int:
    """Which copy stays: one that may not be changed, then one on a drive that stays too, then where a tool cannot be
    pointed elsewhere, then a pinned one, then the one with most names, then the first by path.

    May not be changed: a reference folder, a folder that we may not write to, a file of somebody else. A pinned copy
    in a plain folder gives way to a content-addressed store, where it can only become a link: nothing of it is lost.
    """

    def weight(copy: Copy) -> tuple[bool, bool, bool, bool, int, bool, int, str]:
        rank = max(TOOLS[name.tool].stays for name in copy.names)
        return (
            not is_reference(copy, reference), copy.writable, copy.owned, copy.goes_away, -rank, not copy.pinned,
            -len(copy.names), copy.path,
        )  # fmt: skip

    return min(range(len(copies)), key=lambda number: weight(copies[number]))


def most_complete(copies: Sequence[Copy], reference: Sequence[str] = ()) -> int:
    """Which copy stays where the others are cleared away with all that belongs to them.

    One that may not be changed, then the one with the most beside it that exists nowhere else, then a pinned one; of
    equal ones that of `keeper_of`.
    """
    known = [contents(copy) for copy in copies]
    have = Counter(content for one in known for content in one)
    usual = keeper_of(copies, reference)

    def weight(number: int) -> tuple[bool, bool, bool, int, bool, bool]:
        copy = copies[number]
        alone = sum(1 for content in known[number] if have[content] == 1)
        return (
            not is_reference(copy, reference), copy.writable, copy.owned, -alone, not copy.pinned, number != usual,
        )  # fmt: skip

    return min(range(len(copies)), key=weight)


def contents(copy: Copy) -> dict[str, str]:
    """What the files beside a copy hold -> the path of one that holds it; of one that cannot be read, itself."""
    found: dict[str, str] = {}
    for path in dict.fromkeys(path for name in copy.names for path in name.beside):
        try:
            data = read_small(path)
            found[hashlib.sha256(data).hexdigest() if data else ""] = path
        except OSError:
            found[path] = path
    found.pop("", None)  # an empty file holds nothing that could be lost
    return found


def is_reference(copy: Copy, reference: Sequence[str]) -> bool:
    """Whether a copy lies in a folder that is never touched."""
    return copy.reference or any(is_inside(name.real, folder) for name in copy.names for folder in reference)
