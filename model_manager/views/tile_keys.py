"""The box of the disk map that the keyboard is at."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Any

import ttkbootstrap as ttk

from model_manager.controllers.disk_map import Tile
from model_manager.views import theme

_WAYS = {"<Left>": (-1, 0), "<Right>": (1, 0), "<Up>": (0, -1), "<Down>": (0, 1)}


class TileKeys:
    """Arrows go to the nearest box in their direction; Home and End to the largest and the smallest model."""

    def __init__(self, canvas: tk.Canvas, on_tile: Callable[[Tile | None], None]) -> None:
        self._canvas, self._on_tile = canvas, on_tile
        self._boxes: list[Tile] = []
        self.tile: Tile | None = None
        for name, way in _WAYS.items():
            canvas.bind(name, lambda event, to=way: self._go(*to))
        canvas.bind("<Home>", lambda event: self._mark(max(self._boxes, key=_area, default=None)))
        canvas.bind("<End>", lambda event: self._mark(min(self._boxes, key=_area, default=None)))
        canvas.bind("<FocusIn>", self._come, add="+")
        canvas.bind("<FocusOut>", lambda event: self.paint(), add="+")

    def take(self, tiles: Sequence[Tile]) -> None:
        """Other boxes; the keyboard stays at the same model where it is still there."""
        filled = {(tile.group, tile.key) for tile in tiles if tile.depth}
        self._boxes = [tile for tile in tiles if tile.depth or (tile.group, tile.key) not in filled]
        before = self.tile
        same = (tile for tile in self._boxes if before is not None and (tile.id, tile.key) == (before.id, before.key))
        self.tile = next(same, max(self._boxes, key=_area, default=None))
        if _has_focus(self._canvas):
            self._on_tile(self.tile)

    def paint(self) -> None:
        """A frame in two colours around the box: it is seen on every other colour."""
        canvas, tile = self._canvas, self.tile
        canvas.delete("key")
        if tile is None or not _has_focus(canvas):
            return
        thick, colours = theme.px(canvas, 3), ttk.Style().colors
        for inset, width, ink in ((thick, 2 * thick, colours.bg), (thick // 2 + 1, thick, colours.fg)):
            canvas.create_rectangle(
                tile.x + inset, tile.y + inset, tile.x + tile.width - inset, tile.y + tile.height - inset,
                outline=ink, width=width, tags=("key",),
            )  # fmt: skip

    def below(self) -> tuple[int, int]:
        """Where its menu opens, in pixels of the screen."""
        x, y = (self.tile.x + self.tile.width / 2, self.tile.y + self.tile.height / 2) if self.tile else (0, 0)
        return self._canvas.winfo_rootx() + round(x), self._canvas.winfo_rooty() + round(y)

    def _come(self, event: tk.Event[Any]) -> None:
        self._mark(self.tile)

    def _mark(self, tile: Tile | None) -> None:
        if tile is not None:
            self.tile = tile
            self._on_tile(tile)
        self.paint()

    def _go(self, right: int, down: int) -> str:
        now = self.tile
        if now is not None:
            found = min(
                (tile for tile in self._boxes if _ahead(now, tile, right, down) > 0),
                key=lambda tile: _ahead(now, tile, right, down) + 3 * _aside(now, tile, right), default=None,
            )  # fmt: skip
            self._mark(found)
        return "break"


def _has_focus(canvas: tk.Misc) -> bool:
    """By its path: tkinter cannot name what has the focus where that is Tk's own, as in a file dialog."""
    return str(canvas.tk.call("focus")) == str(canvas)


def _area(tile: Tile) -> float:
    return tile.width * tile.height


def _ahead(now: Tile, other: Tile, right: int, down: int) -> float:
    """How far the other's near edge lies beyond the middle of this one, in pixels; not above 0 where it is behind."""
    if other is now:
        return 0.0
    if right:
        edge = other.x if right > 0 else -(other.x + other.width)
        return edge - right * (now.x + now.width / 2)
    edge = other.y if down > 0 else -(other.y + other.height)
    return edge - down * (now.y + now.height / 2)


def _aside(now: Tile, other: Tile, right: int) -> float:
    """How far the other lies beside the way, in pixels: 0 where its span has the middle of this one."""
    if right:
        middle, low, high = now.y + now.height / 2, other.y, other.y + other.height
    else:
        middle, low, high = now.x + now.width / 2, other.x, other.x + other.width
    return max(0.0, low - middle, middle - high)
