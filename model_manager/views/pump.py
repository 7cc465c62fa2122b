"""Brings results from background lanes to the Tk thread, a little at a time."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable
from typing import Any

import ttkbootstrap as ttk

from model_manager.jobs import JobChanged

EVERY_MS = 35
SOON_MS = 8
"""Behind a turn that had something: an answer often brings the next question (first rows: 40 ms sooner)."""
BUDGET_S = 0.010


class Pump:
    """Drains one queue under a time budget. Of several reports of one job only the newest is handled."""

    def __init__(self, root: ttk.App, messages: queue.SimpleQueue[object]) -> None:
        self._root, self._messages = root, messages
        self._handlers: dict[type, list[Callable[[Any], None]]] = {}
        self._after = ""
        self._stopped = False

    def on(self, kind: type, handler: Callable[[Any], None]) -> None:
        """Calls `handler(message)` on the Tk thread for every message of this class."""
        self._handlers.setdefault(kind, []).append(handler)

    def start(self) -> None:
        self._after = self._root.after(EVERY_MS, self._turn)

    def stop(self) -> None:
        self._stopped = True
        if self._after:
            self._root.after_cancel(self._after)

    def _turn(self) -> None:
        busy = False
        try:
            busy = self.drain()
        finally:  # whatever went wrong, the next message is still to come
            if not self._stopped:
                self._after = self._root.after(SOON_MS if busy else EVERY_MS, self._turn)

    def drain(self) -> bool:
        """One turn: what fits into the budget; the rest waits for the next. Answers whether there was anything."""
        end = time.monotonic() + BUDGET_S
        busy = False
        newest: dict[tuple[int, str], JobChanged] = {}
        while time.monotonic() < end and not self._stopped:
            try:
                message = self._messages.get_nowait()
            except queue.Empty:
                break
            busy = True
            if isinstance(message, JobChanged):
                newest[(message.job.id, message.state)] = message
            else:
                self._handle(message)
        for message in newest.values():
            self._handle(message)
        return busy

    def _handle(self, message: object) -> None:
        told = [_tell] if isinstance(message, JobChanged) else []
        for handler in (*told, *self._handlers.get(type(message), ())):
            if self._stopped:
                return
            try:
                handler(message)
            except Exception:  # one screen's mistake must not stop the messages to all others
                self._root.report_callback_exception(*sys.exc_info())


def _tell(message: JobChanged) -> None:
    message.tell()
