"""Short messages that go by themselves; the pointer on one keeps it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import ttkbootstrap as ttk

from model_manager.views import theme

_STAY_MS = 6000


class Toasts:
    """Stacks at the lower right of the window, three at most."""

    def __init__(self, root: ttk.App) -> None:
        self._root = root
        self._open: list[ttk.Frame] = []
        self._timers: dict[ttk.Frame, str] = {}

    def show(self, text: str, *actions: tuple[str, Callable[[], None]], stay_ms: int = _STAY_MS) -> None:
        """Shows a message for six seconds, with a button for each action, the likeliest first; Esc or ✕ closes it."""
        if len(self._open) >= 3:
            self._close(self._open[0])
        toast = ttk.Frame(
            self._root, bootstyle="@card", padding=theme.px(self._root, 12), relief="solid", borderwidth=1
        )
        label = ttk.Label(toast, text=text, bootstyle="@card", wraplength=theme.px(self._root, 420), justify="left")
        label.pack(side="left")
        for number, (title, command) in enumerate(actions):
            style = {} if number else {"bootstyle": "primary"}
            act = ttk.Button(toast, text=title, command=partial(self._act, toast, command), **style)
            act.pack(side="left", padx=(theme.px(self._root, 10), 0))
        button = ttk.Button(toast, text="✕", bootstyle="@card", width=2, command=lambda: self._close(toast))
        button.pack(side="right", padx=(theme.px(self._root, 10), 0))
        button.bind("<Escape>", lambda event: self._close(toast))
        toast.bind("<Enter>", lambda event: self._hold(toast))
        toast.bind("<Leave>", lambda event: self._release(toast))
        self._open.append(toast)
        self._place()
        self._timers[toast] = self._root.after(stay_ms, lambda: self._close(toast))

    def _act(self, toast: ttk.Frame, command: Callable[[], None]) -> None:
        self._close(toast)
        command()

    def _hold(self, toast: ttk.Frame) -> None:
        self._root.after_cancel(self._timers[toast])

    def _release(self, toast: ttk.Frame) -> None:
        self._timers[toast] = self._root.after(_STAY_MS, lambda: self._close(toast))

    def _close(self, toast: ttk.Frame) -> None:
        if toast in self._open:
            self._root.after_cancel(self._timers.pop(toast))
            self._open.remove(toast)
            toast.destroy()
            self._place()

    def _place(self) -> None:
        below = theme.px(self._root, 40)
        for toast in reversed(self._open):
            toast.place(relx=1.0, rely=1.0, x=-theme.px(self._root, 16), y=-below, anchor="se")
            toast.lift()
            self._root.update_idletasks()
            below += toast.winfo_reqheight() + theme.px(self._root, 8)
