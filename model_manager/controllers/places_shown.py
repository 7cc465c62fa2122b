"""What stands in the sidebar: kinds and tools, each with how many models and how much they take on disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from model_manager.base.text import _
from model_manager.catalog.disk_use import DiskUse
from model_manager.catalog.rows import Row
from model_manager.library.labels.categories import CATEGORIES
from model_manager.library.scan import watch

Line = tuple[str, str, int, int]
"""(slug or tool, title, models, bytes on disk)"""


def counts_of(there: Iterable[Row], slugs: Sequence[str]) -> tuple[list[Line], list[Line]]:
    """(kinds in the order of `slugs`, tools with the heaviest first) of these models."""
    by_category: dict[str, DiskUse] = {}
    by_tool: dict[str, DiskUse] = {}
    for row in there:
        parts = row.category.split("/")
        for length in range(1, len(parts) + 1):
            by_category.setdefault("/".join(parts[:length]), DiskUse()).add(row)
        for tool in row.tools.split(","):
            by_tool.setdefault(tool, DiskUse()).add(row)
    names = dict(CATEGORIES)
    order = [*slugs, *(slug for slug in sorted(by_category) if slug not in slugs)]
    categories = [
        (slug, _(names.get(slug, slug)), by_category[slug].count, by_category[slug].bytes)
        for slug in order
        if slug in by_category
    ]
    tools = [
        (tool, watch.label_of(tool), by_tool[tool].count, by_tool[tool].bytes)
        for tool in sorted(by_tool, key=lambda t: -by_tool[t].bytes)
        if tool
    ]
    return categories, tools
