"""One Tk root for the widgets' tests; every test gets a frame of its own."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def root(display: str) -> Iterator[Any]:
    """The module shares one window: Tk allows no second one at a time."""
    import ttkbootstrap as ttk

    from model_manager.views import theme

    found = ttk.App("widgets", "bootstrap-light", size=(900, 600), position=(0, 0), scaling=4 / 3)
    ttk.set_bootstyle_strict(True)
    theme.mend(found)
    found.failures = failures = []
    found.report_callback_exception = lambda *failure: failures.append(failure)
    found.update()
    found.focus_force()
    yield found
    found.destroy()
    gc.collect()  # here: images that another thread collects wait a second each for a main loop that is gone


@pytest.fixture
def frame(root: Any) -> Iterator[Any]:
    """Fills the window; what a callback raised fails the test."""
    import ttkbootstrap as ttk

    found = ttk.Frame(root)
    found.place(x=0, y=0, width=800, height=500)
    root.failures.clear()
    root.update()
    yield found
    found.destroy()
    root.update()
    assert not root.failures, root.failures


@pytest.fixture
def until(root: Any) -> Callable[..., None]:
    """`until(condition)` runs the window's events until it holds; without one, for a moment."""

    def wait(condition: Callable[[], bool] | None = None, seconds: float = 5.0) -> None:
        end = time.monotonic() + (seconds if condition else 0.05)
        while time.monotonic() < end:
            root.update()
            if condition and condition():
                return
            time.sleep(0.002)
        assert condition is None, "it did not come to that"

    return wait
