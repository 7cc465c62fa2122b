"""The keys that work everywhere in the window, and the way that the focus takes through it."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any

from model_manager.views.sidebar import SCREENS
from model_manager.views.widgets import traversal
from model_manager.views.widgets.focus_ring import FocusRing

if TYPE_CHECKING:
    from model_manager.views.help import Help
    from model_manager.views.window import Window

_FIELDS = ("TEntry", "TCombobox", "TSpinbox", "Text")


class Keys:
    """One for the window. The table of keys in Help says the same."""

    def __init__(self, window: Window) -> None:
        self._window, self._root = window, window.root
        self._left: dict[str, str] = {}
        """Screen -> what had the focus there."""
        self._help: Help | None = None
        root = window.root
        control = "Command" if root.tk.call("tk", "windowingsystem") == "aqua" else "Control"
        root.bind(f"<{control}-f>", lambda event: self._search())
        root.bind("<F5>", lambda event: window.scan())
        root.bind(f"<{control}-z>", self._undo)
        root.bind(f"<{control}-comma>", lambda event: self._settings())
        root.bind(f"<{control}-j>", lambda event: window.status.toggle())
        root.bind("<F1>", lambda event: self._show_help())
        root.bind("<F6>", lambda event: self._next_part(1))
        root.bind("<Shift-F6>", lambda event: self._next_part(-1))
        for number, name in enumerate(("library", *(name for name, _title, _words in SCREENS[:8])), 1):
            root.bind(f"<{control}-Key-{number}>", lambda event, screen=name: window.go(screen))
        traversal.attach(root)
        self.ring = FocusRing(root)

    def focus_screen(self, name: str) -> None:
        """Gives an open screen the focus: where it was there, or at its table."""
        self._root.update_idletasks()
        screen = self._window.screens[name]
        now, before = str(self._root.tk.call("focus")), self._left.get(name, "")
        known = traversal.stops(screen)
        if now not in known:
            self._root.tk.call("focus", before if before in known else traversal.main_stop(screen) or ".")

    def note_focus(self, path: str) -> None:
        """Remembers where the focus is in the open screen."""
        window = self._window
        if window.current and path.startswith(f"{window.screens[window.current]}."):
            self._left[window.current] = path

    def _show_help(self) -> None:
        from model_manager.views.help import Help

        if self._help is not None and self._help.winfo_exists():
            self._help.text.focus_force()
        else:
            self._help = Help(self._root, self._window.app.paths)

    def _undo(self, event: tk.Event[Any]) -> None:
        """In a field it belongs to what is typed there, not to the disk."""
        if str(self._root.tk.call("winfo", "class", str(event.widget))) not in _FIELDS:
            self._window.undo()

    def _settings(self) -> None:
        self._window.open("settings")
        self._window.screens["settings"].focus_list()

    def _search(self) -> None:
        self._window.open("library")
        self._root.update_idletasks()
        self._window.library.focus_search()

    def _next_part(self, by: int) -> None:
        """A message first, where one is; else the sidebar, the screens, what is open, its card, the status bar."""
        window = self._window
        screen, messages = window.screens[window.current], window.toasts.open
        card = [window.library.details] if screen is window.library else []
        parts = [*messages, window.sidebar.tree, window.sidebar.screens, screen, *card, window.status]
        now = str(self._root.tk.call("focus"))
        inside = [number for number, part in enumerate(parts) if now == str(part) or now.startswith(f"{part}.")]
        at = inside[-1] if inside else 0 if by < 0 else -1
        if messages and at >= len(messages) and by > 0:
            at = -1
        for step in range(1, len(parts) + 1):
            part = parts[(at + by * step) % len(parts)]
            stop = str(part) if part.winfo_class() == "Treeview" else traversal.main_stop(part)
            if stop:
                self._root.tk.call("focus", stop)
                return
