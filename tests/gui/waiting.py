"""Runs the window's events until something has come to be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait(window: Any, done: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "the window did not get there"
        window.root.update()
        time.sleep(0.005)


def turn(window: Any, seconds: float = 0.25) -> None:
    """Runs the window's events for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        window.root.update()
        time.sleep(0.005)
