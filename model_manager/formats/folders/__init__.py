"""Formats that are a folder: a configuration that says what the weights beside it are.

Each module offers `NAME`, `matches(names) -> bool` and `read(folder) -> Facts`. Claims have source
`metadata`; `health` is `incomplete` when a file that the folder's own index names is missing.
The facts speak of the folder; those of its weight files are read as files and joined by the library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from model_manager.base.facts import Facts


class Folder(Protocol):
    """A folder as an adapter lists it; a Hugging Face snapshot is one without being a real folder."""

    @property
    def name(self) -> str:
        """The folder's own name, or the repository's (`org/name`)."""
        ...

    @property
    def sizes(self) -> Mapping[str, int]:
        """Relative path with `/` -> bytes, for every file below the folder that is listed."""
        ...

    def read(self, name: str, limit: int = 4 << 20) -> bytes:
        """A small file whole. Raises OSError (missing, denied, EFBIG beyond the limit)."""
        ...


class FolderFormat(Protocol):
    """What a folder format's module offers."""

    @property
    def NAME(self) -> str: ...  # noqa: N802
    def matches(self, names: Mapping[str, int]) -> bool: ...
    def read(self, folder: Folder) -> Facts: ...


FOLDER_FORMATS: tuple[FolderFormat, ...] = ()
"""In the order in which they are asked; the first that matches reads the folder."""


def facts_of_folder(folder: Folder) -> Facts | None:
    """The facts of a folder that is a model, None when no format knows it."""
    for format_ in FOLDER_FORMATS:
        if format_.matches(folder.sizes):
            return format_.read(folder)
    return None
