"""The real window over a catalogue, and its end."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gui.waiting import wait

from model_manager.app import App, build


@contextmanager
def window_over(app: App, size: str = "1280x800", scans: bool = True) -> Iterator[Any]:
    """One Tk root lives at a time. `scans`: the disk is looked at, from the start on."""
    import ttkbootstrap as ttk

    from model_manager.views.window import Window

    app.settings.values.window = f"{size}+0+0"
    window = Window(app)
    ttk.set_bootstyle_strict(True)
    if not scans:
        window.scanning.scan = lambda: None  # type: ignore[method-assign]
        window.scanning.look_again = lambda roots: None  # type: ignore[method-assign]
    window.start()
    yield window
    window.leave()
    app.close()
    gc.collect()  # here: images that another thread collects wait a second each for a main loop that is gone


def empty_home(base: Path) -> App:
    """The program's own data and a home folder below `base`, with nothing in them."""
    os.environ["HOME"] = str(base / "home")
    (base / "home").mkdir()
    return build(str(base / "data"))


@contextmanager
def generated_window(base: Path) -> Iterator[Any]:
    """A window over two thousand models that are on no disk: scans would not find them."""
    from gui.generated import fill

    app = empty_home(base)
    fill(app, "/home/robin")
    with window_over(app, scans=False) as window:
        wait(window, lambda: len(window.library.controller.rows) > 2000)
        yield window
