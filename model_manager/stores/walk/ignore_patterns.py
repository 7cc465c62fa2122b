"""Names of files and folders that the person wants left out wherever plain files are looked through.

A model is left out whole or not at all: without a part of it, it would look broken and be offered for clearing away.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from model_manager.stores.discovered import FoundFile, FoundModel, Leftover

MOST, LONGEST = 200, 120
"""Patterns, and letters of one."""
Fault = Literal["", "path", "everything", "long"]
_NEEDED = frozenset({"weights", "adapter", "config", "tokenizer", "manifest"})
_UNLIKE = ("llm", "vae", "x.gguf", "sd15.ckpt")
"""Names with nothing in common: a pattern that fits them all fits too much."""
_INDEX = "model_index.json"


def fault_of(pattern: str) -> Fault:
    """What is wrong with a pattern: it is a path, it fits nearly every name, or it is too long; empty when it is good."""
    if "/" in pattern or "\\" in pattern or "\0" in pattern:
        return "path"
    if not re.search(r"[^\s*?.\[\]!]", pattern) or all(map(IgnorePatterns([pattern]).has, _UNLIKE)):
        return "everything"
    return "long" if len(pattern) > LONGEST else ""


def good_patterns(wanted: Iterable[object]) -> tuple[str, ...]:
    """Those of a settings file that may be used: it may have been changed by hand."""
    found = [one.strip() for one in wanted if isinstance(one, str) and not fault_of(one.strip())]
    return tuple(dict.fromkeys(found[:MOST]))


class IgnorePatterns:
    """Patterns as `fnmatch` has them; upper and lower case are the same."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        rules = [fnmatch.translate(one.casefold()) for one in patterns]
        self._match = re.compile("|".join(rules)).match if rules else None

    def __bool__(self) -> bool:
        return self._match is not None

    def has(self, name: str) -> bool:
        """Whether a file or folder of this name is left out."""
        return self._match is not None and self._match(name.casefold()) is not None

    def has_part_of(self, relative: str) -> bool:
        """Whether a file is left out by its own name or by that of a folder on the way to it."""
        return any(self.has(part) for part in relative.replace(os.sep, "/").split("/"))

    def rest_of(
        self, items: Iterable[FoundModel | Leftover], folder: str, parts: Callable[[str], Iterable[str]]
    ) -> Iterator[FoundModel | Leftover]:
        """What stays of the models and leftovers of a folder.

        A model stays without the files that it can do without. `parts(path)`: the folders that a pipeline's own
        index names, without any other it is whole.
        """
        for item in items:
            if isinstance(item, Leftover):
                if not self.has_part_of(os.path.relpath(item.path, folder)):
                    yield item
                continue
            out = [file for file in item.files if self.has_part_of(file.name)]
            if not out:
                yield item
            elif not any(file.role in _NEEDED for file in out) or self._is_beside(item, out, parts):
                yield item._replace(files=tuple(file for file in item.files if file not in out))

    def _is_beside(self, item: FoundModel, out: list[FoundFile], parts: Callable[[str], Iterable[str]]) -> bool:
        """Whether all that is left out of a pipeline lies in folders that are no part of it."""
        index = next((file.path for file in item.files if file.name == _INDEX), "")
        tops = {file.name.partition("/")[0] for file in out if "/" in file.name}
        return bool(index) and all("/" in file.name for file in out) and tops.isdisjoint(parts(index))
