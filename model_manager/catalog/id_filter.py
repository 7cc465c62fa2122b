"""A query over some models, or over all."""

from __future__ import annotations

import json
from collections.abc import Iterable


def these(ids: Iterable[int] | None, column: str) -> tuple[str, tuple[object, ...]]:
    """A further condition that `column` is one of `ids` (all: None), and its value."""
    if ids is None:
        return "", ()
    return f" AND {column} IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
