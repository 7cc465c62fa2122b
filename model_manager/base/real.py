"""Paths as they really lie."""

from __future__ import annotations

import os


def resolved(path: str) -> str:
    """A path with its folder resolved and its last name as it is: a link and what it leads to stay two."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def is_below(path: str, folder: str) -> bool:
    """Whether a path lies below a folder, by name."""
    return path.startswith(folder.rstrip(os.sep) + os.sep)
