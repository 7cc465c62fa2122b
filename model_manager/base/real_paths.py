"""Paths as they really lie."""

from __future__ import annotations

import os

from model_manager.base import reach


def resolved(path: str) -> str:
    """A path with its folder resolved and its last name as it is: a link and what it leads to stay two."""
    return reach.real_parent(path)


def is_below(path: str, folder: str) -> bool:
    """Whether a path lies below a folder, by name."""
    return path.startswith(folder.rstrip(os.sep) + os.sep)
