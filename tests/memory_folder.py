"""A model's folder in memory, as the folder formats see it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from model_manager.base.facts import Facts, settle
from model_manager.formats.folders import facts_of_folder


class MemoryFolder:
    """Files given as bytes, as an object for JSON, or as a number of bytes that nobody reads."""

    def __init__(self, name: str, files: Mapping[str, object]) -> None:
        self.name = name
        self._files = {
            path: content
            if isinstance(content, bytes)
            else content.encode()
            if isinstance(content, str)
            else json.dumps(content).encode()
            for path, content in files.items()
            if not isinstance(content, int)
        }
        sizes = {path: content for path, content in files.items() if isinstance(content, int)}
        self.sizes = {path: len(content) for path, content in self._files.items()} | sizes

    def read(self, name: str, limit: int = 4 << 20) -> bytes:
        if name not in self._files:
            raise FileNotFoundError(name)
        if len(self._files[name]) > limit:
            raise OSError("larger than the limit")
        return self._files[name]


def facts(files: Mapping[str, object], name: str = "org/model") -> Facts:
    found = facts_of_folder(MemoryFolder(name, files))
    assert found is not None
    return found


def values(found: Facts) -> dict[str, object]:
    return {field: claim.value for field, claim in settle(found.claims).items()}
