"""What a folder is to the folder formats, and what each of them offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from model_manager.base.facts import Facts


class ModelFolder(Protocol):
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
    def read(self, folder: ModelFolder) -> Facts | None:
        """None when its configuration, once read, is another format's."""
        ...
