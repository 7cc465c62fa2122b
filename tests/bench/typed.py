"""The window under a person's hands: keystrokes with the list in any order, and a card while other work goes on."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from grown import collection
from measure import Result, below, info, ms, percentile
from opened import until_quiet
from screen import display, keystroke, typed

from model_manager.app import build
from model_manager.jobs import Progress
from model_manager.library.scan import watch

if TYPE_CHECKING:
    from model_manager.views.window import Window

ORDERS = ("name", "size", "category", "used")


def orders(here: Path, small: bool, runs: int) -> list[Result]:
    """Keystrokes over rows with long names and paths, in each order that a heading gives."""
    from model_manager.views.window import Window

    count = 10_000 if small else 100_000
    filler = str(Path(__file__).with_name("screen.py"))
    long_folder = here / "models" / ("a folder with a long name as people have them " * 3).strip()
    long_folder.parent.mkdir()
    subprocess.run([sys.executable, filler, str(here / "data"), str(long_folder), str(count)], check=True)
    app = build(str(here / "data"))
    results = []
    with display():
        shown = Window(app)
        shown.scan = lambda: None  # type: ignore[method-assign]
        shown.start()
        until_quiet(shown)
        for column in ORDERS:
            shown.library.controller.sort_by(column, False)
            until_quiet(shown)
            seconds = [keystroke(shown, text) for text in typed() * runs]
            results.append(
                below("orders", f"keystroke, {count:,} rows by {column}, p95", percentile(seconds, 95), 0.05)
            )
        shown.close()
    app.close()
    return results


def beside(here: Path, small: bool, runs: int) -> list[Result]:
    """A model's card, asked for while Clean up or Duplicates loads, from the choice to the card shown."""
    from model_manager.views.window import Window

    app = build(str(here / "data"))
    watch.add_root(app.database, str(collection(here / "tree", 1000 if small else 10_000)))
    app.scanner().run(Progress())
    with display():
        shown = Window(app)
        shown.scan = lambda: None  # type: ignore[method-assign]
        shown.start()
        until_quiet(shown)
        ids = [row.id for row in shown.library.controller.rows]
        alone = [_card(shown, ids[number]) for number in range(2 * runs)]
        results = [info("beside", "card alone, median", ms(statistics.median(alone)))]
        for number, name in enumerate(("clean", "duplicates"), 1):
            seconds: list[float] = []
            for turn in range(runs):
                shown.open(name)
                shown.screens[name].controller.start()
                seconds.append(_card(shown, ids[100 * number + turn]))
                until_quiet(shown)
                shown.open("library")
            results.append(below("beside", f"card while {name} loads, the longest", max(seconds), 0.1))
        shown.close()
    app.close()
    return results


def _card(shown: Window, id_: int) -> float:
    """Seconds until the card of a model is shown."""
    controller, told = shown.library.controller, []
    view = controller._view
    show: Callable[..., None] = view.show_details

    def seen(details: dict[str, object] | None, *rest: int) -> None:
        show(details, *rest)
        if details is not None:
            told.append(details)

    view.show_details = seen  # type: ignore[method-assign]
    start = time.perf_counter()
    controller.select({id_})
    while not told and time.perf_counter() - start < 60:
        shown.root.update()
        time.sleep(0.001)
    del view.show_details
    return time.perf_counter() - start
