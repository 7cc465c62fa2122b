"""The disk map: a treemap on a canvas. Hover names, a click looks into a group, a right click opens the model.

Arrows go from box to box, Enter does what a click does, Backspace and Esc go up.
"""

from __future__ import annotations

import contextlib
import tkinter as tk
import tkinter.font as tkfont
from collections.abc import Callable
from typing import Any

import ttkbootstrap as ttk

from model_manager.base.text import _
from model_manager.controllers.disk_map import DiskMapController, Tile
from model_manager.controllers.library import LibraryController
from model_manager.views import theme
from model_manager.views.empty_states import where_to_begin
from model_manager.views.tile_keys import TileKeys

# Hues that stay apart for most kinds of colour vision (Okabe and Ito 2008), mixed with the theme's background.
_HUES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c6bb1", "#bcbd22", "#7f7f7f", "#17becf")


class DiskMapScreen(ttk.Frame):
    """Implements DiskMapView. Shows what the library shows: its search narrows the map too."""

    def __init__(self, parent: tk.Misc, library: LibraryController, open_model: Callable[[int], None]) -> None:
        super().__init__(parent)
        self._library, self._open_model = library, open_model
        self.controller = DiskMapController(self)
        self._tiles: list[Tile] = []
        self._timer = ""
        self._rows_seen: object = None
        gap = theme.px(self, 8)
        head = ttk.Frame(self, padding=gap)
        head.pack(fill="x")
        ttk.Label(head, text=_("Disk map"), font=theme.bold(self, 3)).pack(side="left")
        self.total = ttk.Label(head)
        self.total.pack(side="left", padx=gap * 2)
        self.group = tk.StringVar(self, "kind")
        for value, title in (("tool", _("By tool")), ("kind", _("By kind"))):
            ttk.Radiobutton(
                head, text=title, value=value, variable=self.group, bootstyle="primary outline toolbutton",
                command=lambda: self.controller.choose(self.group.get()),
            ).pack(side="right", padx=(theme.px(self, 4), 0))  # fmt: skip
        self.up = ttk.Button(head, text=_("Up"), icon="arrow-up", command=lambda: self.controller.zoom(""))
        self.canvas = ttk.Canvas(self, highlightthickness=0, takefocus=1)
        self.canvas.pack(fill="both", expand=True, padx=gap)
        self.words = ttk.Label(self, padding=(gap, theme.px(self, 4)))
        self.words.pack(fill="x")
        self.canvas.bind("<Configure>", lambda event: self._soon())
        self.canvas.bind("<Motion>", self._hover)
        self.canvas.bind("<Button-1>", self._click)
        self.canvas.bind("<Button-3>", self._open)
        self.marker = TileKeys(self.canvas, self._tell)
        for key in ("<Return>", "<space>"):
            self.canvas.bind(key, lambda event: self._act(self.marker.tile))
        for key in ("<BackSpace>", "<Escape>"):
            self.canvas.bind(key, lambda event: self._go_up())
        for key in ("<Menu>", "<Shift-F10>", "<App>"):
            with contextlib.suppress(tk.TclError):  # a key name that this system's Tk does not know
                self.canvas.bind(key, lambda event: self._menu(self.marker.tile, *self.marker.below()))

    def start(self) -> None:
        self._soon()

    def handle(self, message: object) -> None:
        if self.winfo_ismapped() and self._rows_seen is not self._library.rows:
            self._soon()

    def restyle(self) -> None:
        self._paint()

    def show_tiles(self, tiles: list[Tile], path: str, total: str) -> None:
        self._tiles = tiles
        self.marker.take(tiles)
        if not self.words.cget("text"):
            self._tell(None)
        self.total.configure(text=f"{path}  {total}" if path else total)
        if path:
            self.up.pack(side="right", padx=theme.px(self, 8))
        else:
            self.up.pack_forget()
        self._paint()

    def _soon(self) -> None:
        if self._timer:
            self.after_cancel(self._timer)
        self._timer = self.after(80, self._lay_out)

    def _lay_out(self) -> None:
        self._rows_seen = self._library.rows
        self.controller.rows = self._library.rows
        header = tkfont.nametofont("TkDefaultFont", root=self).metrics("linespace") + 4
        self.controller.lay_out(self.canvas.winfo_width(), self.canvas.winfo_height(), header)

    def _paint(self) -> None:
        canvas, colours = self.canvas, ttk.Style().colors
        canvas.delete("all")
        canvas.configure(background=colours.bg)
        if not self._tiles:
            text = _("The map shows what takes the room, once models are found.")
            if not self._library.rows:
                text = f"{where_to_begin()}\n\n{text}"
            middle = (canvas.winfo_width() // 2, canvas.winfo_height() // 2)
            canvas.create_text(*middle, text=text, fill=theme.muted(ttk.Style()), justify="center",
                               width=min(theme.px(self, 420), canvas.winfo_width()))  # fmt: skip
            return
        font = tkfont.nametofont("TkDefaultFont", root=self)
        bold = theme.bold(self)
        inset = theme.px(self, 5)  # the frame that the keyboard draws round a tile leaves its title alone
        for number, tile in enumerate(self._tiles):
            fill = theme.mixed(_HUES[tile.group % len(_HUES)], colours.bg, 0.34 if tile.depth else 0.55)
            ink = max(("#000000", "#ffffff"), key=lambda one, behind=fill: theme.contrast(one, behind))
            canvas.create_rectangle(
                tile.x,
                tile.y,
                tile.x + tile.width,
                tile.y + tile.height,
                fill=fill,
                outline=colours.bg,
                tags=(f"t{number}",),
            )
            used = bold if tile.depth == 0 else font
            gap = min(inset, (tile.height - used.metrics("linespace")) / 2)  # a head is just as high as its title
            room = int(tile.width - 2 * inset)
            if room > 24 and gap >= 1:
                text = _clipped(tile.title, room, used)
                canvas.create_text(tile.x + inset, tile.y + gap, text=text, anchor="nw", fill=ink, font=used)
        self.marker.paint()

    def _at(self, event: tk.Event[Any]) -> Tile | None:
        found = None
        for tile in self._tiles:
            if tile.x <= event.x < tile.x + tile.width and tile.y <= event.y < tile.y + tile.height:
                found = tile
        return found

    def _hover(self, event: tk.Event[Any]) -> None:
        self._tell(self._at(event))

    def _tell(self, tile: Tile | None) -> None:
        self.words.configure(text=tile.detail if tile else _explanation(self.group.get()))

    def _click(self, event: tk.Event[Any]) -> None:
        self._act(self._at(event))

    def _act(self, tile: Tile | None) -> None:
        if tile is None:
            return
        if self.controller.inside and tile.id is not None:
            self._open_model(tile.id)
        else:
            self.controller.zoom(tile.key)

    def _open(self, event: tk.Event[Any]) -> None:
        self._menu(self._at(event), event.x_root, event.y_root)

    def _go_up(self) -> None:
        if self.controller.inside:
            self.controller.zoom("")

    def _menu(self, tile: Tile | None, x: int, y: int) -> None:
        if tile is not None and tile.id is not None:
            id_ = tile.id
            menu = ttk.Menu(self, tearoff=False)
            menu.add_command(label=_("Show in the library"), command=lambda: self._open_model(id_))
            menu.tk_popup(x, y)


def _explanation(group: str) -> str:
    if group == "tool":
        return _(
            "Each frame is a tool, each box in it a model, as large as what it takes on disk. Colours only part them."
        )
    return _("Each frame is a kind, each box in it a model, as large as what it takes on disk. Colours only part them.")


def _clipped(text: str, width: int, font: tkfont.Font) -> str:
    if font.measure(text) <= width:
        return text
    while text and font.measure(text + "…") > width:
        text = text[: max(0, min(len(text) - 1, int(len(text) * width / max(1, font.measure(text + "…")))))]
    return text + "…" if text else ""
