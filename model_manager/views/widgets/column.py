"""A column of the virtual table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ScrolledColumn:
    """`text(row)` is the cell; `width` in pixels at 96 dpi; numbers go to the right."""

    id: str
    title: str
    text: Callable[[Any], str]
    width: int = 100
    numeric: bool = False
    stretch: bool = False
    shown: bool = True
    rank: int = 0
    """Columns with a rank leave a narrow window, the highest first; 0 stays."""
