"""A tip at the pointer, or at the row that the keyboard is at: the whole text of a cell that is too narrow for it."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from model_manager.views import theme

_DELAY_MS = 450


class Hover:
    """Shows at most one tip. `offer` at every motion; the same text again changes nothing."""

    def __init__(self, widget: tk.Misc) -> None:
        self._widget = widget
        self._tip: ttk.Toplevel | None = None
        self._timer = ""
        self._at: tuple[int, int] | None = None
        self.text = ""
        for name in ("<Leave>", "<ButtonPress>", "<KeyPress>", "<FocusOut>", "<Unmap>"):
            widget.bind(name, lambda event: self.offer(""), add="+")
        widget.bind("<Destroy>", lambda event: self._drop(), add="+")

    def offer(self, text: str, at: tuple[int, int] | None = None) -> None:
        """The text for where the pointer is now, or for a place on the screen, in pixels; "" for none."""
        if text == self.text:
            return
        self._drop()
        self._at = at
        self.text = text
        if text:
            self._timer = self._widget.after(_DELAY_MS, self._show)

    @property
    def shown(self) -> bool:
        return self._tip is not None

    def _show(self) -> None:
        self._timer = ""
        widget = self._widget
        self._tip = tip = ttk.Toplevel(
            master=widget, position=(0, 0), override_redirect=True, window_type="tooltip", topmost=True
        )
        tip.withdraw()
        label = ttk.Label(tip, text=self.text, bootstyle="@card", justify="left", wraplength=theme.px(widget, 560),
                          padding=(theme.px(widget, 8), theme.px(widget, 5)), relief="solid", borderwidth=1)  # fmt: skip
        label.pack()
        tip.update_idletasks()
        gap = theme.px(widget, 14)
        left, top = self._at or (widget.winfo_pointerx(), widget.winfo_pointery())
        x = min(left + gap, widget.winfo_screenwidth() - tip.winfo_reqwidth() - gap)
        y = top + (0 if self._at else gap)
        if y + tip.winfo_reqheight() > widget.winfo_screenheight():
            y = top - 2 * gap - tip.winfo_reqheight()
        tip.geometry(f"+{max(0, x)}+{max(0, y)}")
        tip.deiconify()

    def _drop(self) -> None:
        if self._timer:
            self._widget.after_cancel(self._timer)
            self._timer = ""
        if self._tip is not None:
            self._tip.destroy()
            self._tip = None
        self.text = ""
