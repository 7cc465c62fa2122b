"""The disk map: what takes the room, by kind or by tool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from model_manager.base import figures
from model_manager.base.text import _, shown
from model_manager.catalog.disk_use import DiskUse
from model_manager.catalog.rows import Row
from model_manager.library.labels.categories import CATEGORIES
from model_manager.library.listing import treemap
from model_manager.library.scan import watch

_MOST_GROUPS = 40
_Weighed = tuple[Row, int]
"""A row with the bytes that it adds: a file that several of them have has one place on the map."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One rectangle to paint: a group's frame (`depth` 0) or a model in it (`depth` 1)."""

    x: float
    y: float
    width: float
    height: float
    title: str
    detail: str
    depth: int
    group: int
    id: int | None = None
    key: str = ""


class DiskMapView(Protocol):
    def show_tiles(self, tiles: list[Tile], path: str, total: str) -> None: ...


class DiskMapController:
    """Groups rows by kind or by tool; a click on a group looks into it."""

    def __init__(self, view: DiskMapView) -> None:
        self._view = view
        self.rows: list[Row] = []
        self.group_by = "kind"
        self.inside = ""
        self._size = (0.0, 0.0)

    def set_rows(self, rows: list[Row]) -> None:
        self.rows = rows
        self.lay_out(*self._size)

    def choose(self, group_by: str) -> None:
        self.group_by, self.inside = group_by, ""
        self.lay_out(*self._size)

    def zoom(self, key: str) -> None:
        self.inside = key
        self.lay_out(*self._size)

    def lay_out(self, width: float, height: float, header: float = 18.0) -> None:
        """Computes the tiles for a canvas of this size."""
        self._size = (width, height)
        groups: dict[str, list[_Weighed]] = {}
        room = DiskUse()
        for row in self.rows:
            for key in self._keys(row):
                if not self.inside or key == self.inside:
                    groups.setdefault(key, []).append((row, room.add(row)))
        order = sorted(groups, key=lambda key: -_sum(groups[key]))[:_MOST_GROUPS]
        sizes = [float(_sum(groups[key])) for key in order]
        tiles: list[Tile] = []
        for box in treemap.squarify(sizes, 0, 0, width, height):
            if box.index >= 0:
                tiles += self._group(box, order[box.index], groups[order[box.index]], header)
        self._view.show_tiles(tiles, self._name(self.inside) if self.inside else "", figures.size(room.bytes))

    def _keys(self, row: Row) -> list[str]:
        return [row.category] if self.group_by == "kind" else row.tools.split(",")[:1]

    def _name(self, key: str) -> str:
        if self.group_by == "kind":
            return _(dict(CATEGORIES).get(key, key))
        return watch.label_of(key)

    def _group(self, box: treemap.Box, key: str, rows: list[_Weighed], header: float) -> list[Tile]:
        size = _sum(rows)
        title = f"{self._name(key)}  {figures.size(size)}"
        detail = _("{name}: {n} models, {size}").format(
            name=self._name(key), n=figures.count(len(rows)), size=figures.size(size)
        )
        tiles = [Tile(box.x, box.y, box.width, box.height, title, detail, 0, box.index, key=key)]
        if box.height > header * 2 and box.width > header * 2:
            most = max(120, treemap.MOST * 3 // 4 * len(rows) // max(1, len(self.rows)))
            inner = treemap.squarify(
                [float(bytes_) for _row, bytes_ in rows],
                box.x + 2,
                box.y + header,
                box.width - 4,
                box.height - header - 2,
                most,
            )
            tiles += [self._tile(one, rows, box.index, key) for one in inner]
        return tiles

    def _tile(self, box: treemap.Box, rows: list[_Weighed], group: int, key: str) -> Tile:
        if box.index < 0:
            title = _("{n} smaller").format(n=figures.count(box.count))
            return Tile(box.x, box.y, box.width, box.height, title, title, 1, group, key=key)
        row, bytes_ = rows[box.index]
        parts = [
            shown(row.name),
            figures.size(bytes_),
            row.quant or "",
            row.base_model or "",
            watch.label_of(row.tools.split(",")[0]),
        ]
        return Tile(
            box.x, box.y, box.width, box.height, shown(row.name), " · ".join(part for part in parts if part), 1, group,
            row.id, key,
        )  # fmt: skip


def _sum(rows: list[_Weighed]) -> int:
    return sum(bytes_ for _row, bytes_ in rows)
