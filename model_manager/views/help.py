"""Help: what each screen does, what is never done without asking, the keys, where data is kept, versions."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Iterator

import ttkbootstrap as ttk

from model_manager import __version__
from model_manager.base import libraries
from model_manager.base.frozen import is_frozen
from model_manager.base.paths import OwnPaths
from model_manager.base.text import _, later, shown
from model_manager.views import theme
from model_manager.views.sidebar import SCREENS
from model_manager.views.widgets.focus_back import gives_back

_KEYS = (
    ("Ctrl+F", later("search")), ("Esc", later("clear the search")), ("F5", later("scan again")),
    ("Ctrl+A", later("choose all")), ("Space", later("choose or not, tick")), ("Enter", later("open the folder; press a button")),
    ("Del", later("move to the trash, after a review")), ("Ctrl+1 … 9", later("screens")), ("Ctrl+,", later("settings")),
    ("Ctrl+↑ ↓", later("to another row, and what is chosen stays")), ("Shift+↑ ↓", later("choose more rows")),
    ("← →", later("fold a row, and open it")),
    ("Backspace", later("up, in the disk map")),
    ("Tab, Shift+Tab", later("to the next thing, and back")),
    ("F6, Shift+F6", later("to the next part of the window, and back; to a message while there is one")),
    ("Ctrl+J", later("jobs")), ("Ctrl+Z", later("undo")), ("Menu, Shift+F10", later("context menu; sorting and columns too")),
    ("F1", later("this window")),
)  # fmt: skip
_LIBRARY = (
    later("Library"),
    later("Every model that any of your tools has, with what it is, why we believe that, and where it lies."),
)
_NEVER = (
    later("Nothing on your disk changes without a plan that you have seen: every path, its size, and what comes back."),
    later(
        "The last copy of something called a copy is never cleared away; nothing counts as a copy before it was read."
    ),
    later("The trash is never emptied on its own, and only what this program put there can be deleted here."),
    later("Nothing outside the folders that are watched is touched."),
    later("Nothing is sent anywhere, and no model's code is ever run."),
)


class Help(ttk.Toplevel):
    """One text to scroll with the keyboard; Esc closes."""

    def __init__(self, root: ttk.App, paths: OwnPaths) -> None:
        super().__init__(title=_("Help"), transient=root)
        gap = theme.px(root, 14)
        frame = ttk.Frame(self, padding=gap)
        frame.pack(fill="both", expand=True)
        ttk.Button(frame, text=_("Close"), bootstyle="primary", command=self.destroy).pack(
            side="bottom", anchor="e", pady=(gap, 0)
        )
        colours = ttk.Style().colors
        self.text = tk.Text(frame, wrap="word", width=84, height=30, relief="flat", borderwidth=0, padx=gap, pady=gap // 2,
                            background=colours.bg, foreground=colours.fg, font="TkDefaultFont", cursor="arrow")  # fmt: skip
        bar = ttk.Scrollbar(frame, orient="vertical", command=self.text.yview)
        self.text.configure(yscrollcommand=bar.set)
        bar.pack(side="right", fill="y")
        self.text.pack(side="left", fill="both", expand=True)
        tab = theme.px(root, 150)
        self._fonts = theme.bold(root, 2), theme.bold(root)
        self.text.tag_configure("head", font=self._fonts[0], spacing1=gap, spacing3=gap // 2)
        self.text.tag_configure("name", font=self._fonts[1])
        self.text.tag_configure("line", tabs=(tab,), lmargin2=tab, spacing3=gap // 4)
        self.text.tag_configure("plain", spacing3=gap // 4)
        self._write(paths)
        self.text.configure(state="disabled")
        self.bind("<Escape>", lambda event: self.destroy())
        theme.centre(self, root)
        gives_back(self)
        self.text.configure(takefocus=1)  # Tk passes over a text that cannot be written in
        self.text.focus_set()

    def _write(self, paths: OwnPaths) -> None:
        self._head(_("What each screen does"))
        screens = [_LIBRARY, *((title, words) for _name, title, words in SCREENS)]
        self._lines((_(title), _(words)) for title, words in screens)
        self._head(_("What is never done"))
        for words in _NEVER:
            self.text.insert("end", f"•  {_(words)}\n", "plain")
        self._head(_("Keys"))
        self._lines((key, _(words)) for key, words in _KEYS)
        self._head(_("Where data is kept"))
        kept = _(
            "What is known of your models, your notes and tags, the settings, the log and the journal of changes lie in"
        )
        self.text.insert("end", f"{kept}\n", "plain")
        self.text.insert("end", f"{shown(str(paths.data))}\n", ("plain", "name"))
        self._head(_("How to remove everything"))
        removing = _(
            "Delete that folder, and the program itself (its uninstall.sh does that). What was set aside or moved to the "
            "trash stays there; put it back under History first. Your models are left as they are."
        )
        self.text.insert("end", f"{removing}\n", "plain")
        self._head(_("Version {version}, Python {python}").format(version=__version__, python=sys.version.split()[0]))
        self._lines(_versions())

    def _head(self, words: str) -> None:
        self.text.insert("end", f"{words}\n", "head")

    def _lines(self, rows: Iterator[tuple[str, str]]) -> None:
        for name, words in rows:
            self.text.insert("end", name, ("line", "name"))
            self.text.insert("end", f"\t{words}\n", "line")


def _versions() -> Iterator[tuple[str, str]]:
    for name, version in libraries.installed():
        yield name, version or (_("left out") if is_frozen() else _("missing"))
