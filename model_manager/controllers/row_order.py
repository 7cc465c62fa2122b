"""The order of the library's rows: by any column, names from A to Z within it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from model_manager.catalog.rows import Row

_BY: dict[str, Callable[[Row], Any]] = {
    "name": lambda row: row.name.lower(), "category": lambda row: row.category,
    "quant": lambda row: row.quant or row.quant_label or "",
    "size": lambda row: row.size, "bytes": lambda row: row.bytes, "tools": lambda row: row.tools,
    "used": lambda row: row.used_at or 0, "added": lambda row: row.added, "health": lambda row: row.verdict,
    "base": lambda row: (row.base_model or "").lower(), "parameters": lambda row: row.parameters or 0,
    "context": lambda row: row.context_length or 0, "format": lambda row: row.format,
    "bits": lambda row: row.bits or 0.0,
}  # fmt: skip


def ordered(rows: list[Row], sort: tuple[str, bool]) -> list[Row]:
    """`sort`: the column's name, and whether the greatest comes first."""
    name, descending = sort
    return sorted(sorted(rows, key=lambda row: row.name.lower()), key=_BY[name], reverse=descending)
