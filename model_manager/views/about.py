"""About: versions, and where things are kept."""

from __future__ import annotations

import importlib.metadata
import sys

import ttkbootstrap as ttk

from model_manager import __version__
from model_manager.base.frozen import is_frozen
from model_manager.base.text import _, later
from model_manager.views import theme

_LIBRARIES = ("ttkbootstrap", "huggingface_hub", "safetensors", "gguf", "xxhash", "send2trash", "platformdirs")
_KEYS = (
    ("Ctrl+F", later("search")), ("Esc", later("clear the search")), ("F5", later("scan again")), ("Ctrl+A", later("choose all")),
    ("Space", later("choose or not")), ("Enter", later("open the folder")), ("Ctrl+1 … 9", later("screens")), ("Ctrl+,", later("look")),
    ("Ctrl+J", later("jobs")), ("Ctrl+Z", later("undo")), ("Menu, Shift+F10", later("context menu")), ("F1", later("this window")),
)  # fmt: skip


class About(ttk.Toplevel):
    """Closes with Esc."""

    def __init__(self, root: ttk.App) -> None:
        super().__init__(title=_("About Model Manager"), transient=root)
        frame = ttk.Frame(self, padding=theme.px(root, 22))
        frame.pack(fill="both", expand=True)
        ttk.Label(frame, text="Model Manager", font=theme.bold(root, 6)).pack(anchor="w")
        python = sys.version.split()[0]
        ttk.Label(frame, text=_("Version {version}, Python {python}").format(version=__version__, python=python)).pack(
            anchor="w"
        )
        says = _(
            "Sees every AI model on this computer. Changes nothing on disk without a plan that you have seen; "
            "nothing leaves this computer."
        )
        ttk.Label(frame, text=says, wraplength=theme.px(root, 440), justify="left").pack(
            anchor="w", pady=theme.px(root, 10)
        )
        columns = ttk.Frame(frame)
        columns.pack(fill="x")
        keys = [(key, _(what)) for key, what in _KEYS]
        for number, (title, rows) in enumerate(((_("Keys"), keys), (_("Libraries"), list(_versions())))):
            side = ttk.Frame(columns)
            side.grid(row=0, column=number, sticky="n", padx=(0, theme.px(root, 30)))
            ttk.Label(side, text=title, font=theme.bold(root)).grid(row=0, column=0, sticky="w", pady=theme.px(root, 4))
            for line, (left, right) in enumerate(rows, 1):
                ttk.Label(side, text=left).grid(row=line, column=0, sticky="w", padx=(0, theme.px(root, 14)))
                ttk.Label(side, text=right).grid(row=line, column=1, sticky="w")
        ttk.Button(frame, text=_("Close"), bootstyle="primary", command=self.destroy).pack(
            anchor="e", pady=(theme.px(root, 14), 0)
        )
        theme.centre(self, root)
        self.bind("<Escape>", lambda event: self.destroy())


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in _LIBRARIES:
        try:
            found.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append((name, _("left out") if is_frozen() else _("missing")))
    return found
