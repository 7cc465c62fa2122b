"""The order of the library's rows: by any column, names from A to Z within it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from model_manager.catalog.record import COLUMNS, Field
from model_manager.catalog.rows import Row


def ordered(rows: list[Row], sort: tuple[str, bool]) -> list[Row]:
    """`sort`: the column's name, and whether the greatest comes first."""
    name, descending = sort
    by_name = sorted(rows, key=lambda row: row.name.lower(), reverse=descending and name == "name")
    return by_name if name == "name" else sorted(by_name, key=_key(COLUMNS[name]), reverse=descending)


def _key(field: Field) -> Callable[[Row], Any]:
    """Texts whatever their case; what is not known comes before all that is."""
    value = field.value
    if field.type is str:
        return (lambda row: (value(row) or "").lower()) if field.optional else lambda row: value(row).lower()
    return (lambda row: value(row) or 0) if field.optional else value
