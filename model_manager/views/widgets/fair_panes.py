"""Two panes beside each other, of which the one at the side may never take more than its share."""

from __future__ import annotations

import ttkbootstrap as ttk


class FairPanes:
    """`side`: `left` or `right`. Where the window is narrow the pane there gives way, and with the room it comes back; a
    border that a person drags stays there until the window becomes another size."""

    def __init__(self, panes: ttk.Panedwindow, side: str, share: float) -> None:
        self._panes, self._left, self._share = panes, side == "left", share
        self._width = 0
        self._gave_way = False
        panes.bind("<Configure>", lambda event: self._resized(event.width), add="+")

    def _resized(self, width: int) -> None:
        if width != self._width and width > 1 and len(self._panes.panes()) == 2:
            self._width = width
            self._panes.after_idle(self._limit)

    def _limit(self) -> None:
        if not self._panes.winfo_exists():
            return
        width, at = self._panes.winfo_width(), self._panes.sashpos(0)
        wanted = int(self._panes.nametowidget(self._panes.panes()[0 if self._left else 1]).winfo_reqwidth())
        most = round(width * self._share)
        now = at if self._left else width - at
        best = min(wanted, most) if self._gave_way else min(now, most)
        self._gave_way = best < wanted and (self._gave_way or now > most)
        if best != now:
            self._panes.sashpos(0, best if self._left else width - best)
