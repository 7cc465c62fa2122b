"""One screen of the window opened: `opened.py DATA SCREEN` prints [seconds of CPU, bytes at the peak, bytes staying]."""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import TYPE_CHECKING

from measure import peak, resident
from screen import display

from model_manager.app import build

if TYPE_CHECKING:
    from model_manager.views.window import Window


def opened(data: str, name: str) -> tuple[float, int, int]:
    from model_manager.views.window import Window

    app = build(data)
    with display():
        shown = Window(app)
        shown.scan = lambda: None  # type: ignore[method-assign]  the screen alone is measured
        start = time.process_time()
        shown.start()
        until_quiet(shown)
        if name != "library":  # a screen is opened beside the rows, as people do
            start = time.process_time()
            shown.open(name)
            until_quiet(shown)
        seconds = time.process_time() - start
        gc.collect()
        staying = resident()
        shown.close()
    app.close()
    return seconds, peak(), staying


def until_quiet(shown: Window) -> None:
    """Runs the window's loop until no job is left and what they found was shown."""
    turns = 0
    while turns < 40:
        shown.root.update()
        turns = 0 if shown.app.jobs.live() else turns + 1
        time.sleep(0.005)


if __name__ == "__main__":
    print(json.dumps(opened(*sys.argv[1:])))
