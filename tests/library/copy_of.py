"""A copy as the search for duplicates makes it, without a file."""

from __future__ import annotations

from model_manager.library.duplicates.copies import Copy, FileName


def copy_of(tool: str, path: str, **more: object) -> Copy:
    name = FileName(1, "m", 1, tool, path, path)
    return Copy("v", 1, 10, **{"links": 1, "writable": True, "names": (name,), "key": path, **more})  # type: ignore[arg-type]
