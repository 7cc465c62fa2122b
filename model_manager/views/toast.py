"""Short messages that go by themselves; the pointer or the focus on one keeps it."""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import partial

import ttkbootstrap as ttk

from model_manager.views import theme

_STAY_MS = 6000
_MOST = 3


class Toasts:
    """Stacks at the lower right of the window, three at most, above what stands at the foot of a screen."""

    def __init__(
        self, root: ttk.App, on_left: Callable[[], None], foot: Callable[[], int] = lambda: 0
    ) -> None:  # fmt: skip
        """`on_left()`: a message that had the focus is gone. `foot()`: pixels above the window's lower edge with buttons in
        them, which no message may cover."""
        self._root, self._on_left, self._foot = root, on_left, foot
        self.open: list[ttk.Frame] = []
        self._timers: dict[ttk.Frame, str] = {}
        self._stay: dict[ttk.Frame, int] = {}
        self._texts: dict[ttk.Frame, str] = {}
        self._about: dict[ttk.Frame, str] = {}
        self._on_closed: dict[ttk.Frame, Callable[[], None]] = {}

    def show(
        self, text: str, *actions: tuple[str, Callable[[], None]], stay_ms: int = _STAY_MS, about: str = "",
        on_closed: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        """Shows a message for six seconds, with a button for each action, the likeliest first; Esc or ✕ closes it.

        `about`: what it tells of, to be withdrawn with that. `on_closed()`: the person has closed it.
        """
        while len(self.open) >= _MOST:
            self._close(self.open[0])
        toast = ttk.Frame(
            self._root, bootstyle="@card", padding=theme.px(self._root, 12), relief="solid", borderwidth=1
        )
        label = ttk.Label(toast, text=text, bootstyle="@card", wraplength=theme.px(self._root, 420), justify="left")
        label.pack(side="left")
        for number, (title, command) in enumerate(actions):
            style = {} if number else {"bootstyle": "primary"}
            act = ttk.Button(toast, text=title, command=partial(self._act, toast, command), **style)
            act.pack(side="left", padx=(theme.px(self._root, 10), 0))
        button = ttk.Button(toast, text="✕", bootstyle="@card", width=2, command=lambda: self._dismiss(toast))
        button.pack(side="right", padx=(theme.px(self._root, 10), 0))
        for one in (child for child in toast.winfo_children() if child.winfo_class() == "TButton"):
            one.bind("<Escape>", lambda event: self._dismiss(toast))
            one.bind("<FocusIn>", lambda event: self._hold(), add="+")
            one.bind("<FocusOut>", lambda event: self._release(), add="+")
        for part in (toast, *toast.winfo_children()):
            part.bind(
                "<Motion>", lambda event: self._hold(), add="+"
            )  # it moves: a message may come below one that rests
        toast.bind("<Leave>", lambda event: self._left(toast))
        toast.bind("<Configure>", lambda event: self.place())  # how high it is, is known only now
        self.open.append(toast)
        self._texts[toast], self._about[toast] = text, about
        if on_closed is not None:
            self._on_closed[toast] = on_closed
        self._stay[toast] = stay_ms
        self.place()
        toast.lift()
        self._begin(toast)
        # Seen, and reached by keys, from now on. Last: in what happens here another message may come and this one go.
        self._root.update_idletasks()

    def withdraw(self, about: Container[str]) -> None:
        """Closes what tells of things that are not so any more."""
        for toast in list(self.open):
            if self._about.get(toast) and self._about[toast] in about:
                self._close(toast)

    def _dismiss(self, toast: ttk.Frame) -> None:
        told = self._on_closed.get(toast)
        self._close(toast)
        if told is not None:
            told()

    def _act(self, toast: ttk.Frame, command: Callable[[], None]) -> None:
        self._close(toast)
        command()

    def _hold(self) -> None:
        """All of them stay, or a newer one would go while an older one is read."""
        for timer in self._timers.values():
            self._root.after_cancel(timer)
        self._timers.clear()

    def _release(self) -> None:
        self._hold()
        for toast in self.open:
            self._begin(toast)

    def _begin(self, toast: ttk.Frame) -> None:
        self._timers[toast] = self._root.after(self._stay[toast], lambda: self._gone(toast))

    def _left(self, toast: ttk.Frame) -> None:
        """Tk tells it of going over to a part of the message too."""
        if not str(self._root.winfo_containing(*self._root.winfo_pointerxy())).startswith(str(toast)):
            self._release()

    def _gone(self, toast: ttk.Frame) -> None:
        """Unless the pointer has left what the keyboard is still in."""
        if not self._has_focus(toast):
            self._close(toast)

    def _has_focus(self, toast: ttk.Frame) -> bool:
        return str(self._root.tk.call("focus")).startswith(f"{toast}.")

    def _close(self, toast: ttk.Frame) -> None:
        if toast in self.open:
            had_focus = self._has_focus(toast)
            if toast in self._timers:
                self._root.after_cancel(self._timers.pop(toast))
            self.open.remove(toast)
            del self._texts[toast], self._about[toast], self._stay[toast]
            self._on_closed.pop(toast, None)
            toast.destroy()
            self.place()
            if had_focus:
                self._on_left()

    def says(self, text: str) -> bool:
        """Whether a message with these words is to be seen."""
        return any(self._texts.get(toast) == text for toast in self.open)

    def place(self) -> None:
        """One above the other, the newest lowest. Nothing is waited for here: in what would happen meanwhile another message
        may come, and one of these go."""
        below = max(theme.px(self._root, 40), self._foot())
        for toast in reversed(self.open):
            toast.place(relx=1.0, rely=1.0, x=-theme.px(self._root, 16), y=-below, anchor="se")
            below += toast.winfo_reqheight() + theme.px(self._root, 8)
