"""The window: start, keystrokes over 100,000 rows, memory, and the loop's gaps while a large scan runs."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import Figure, Result, below, info, ms, percentile, ratio, resident
from trees import fill, many_files

from model_manager.app import build
from model_manager.library.scan import watch

_BARE = """
import time, ttkbootstrap as ttk
root = ttk.App("bare")
ttk.Label(root, text="bare").pack()
root.geometry("1240x760")
root.update(); root.winfo_pointerx()
print(time.perf_counter(), flush=True)
"""
_OURS = """
import time
from model_manager.app import build
from model_manager.views.window import Window
window = Window(build())
window.start()
window.root.update(); window.root.winfo_pointerx()
print(time.perf_counter(), flush=True)
import os; os._exit(0)
"""


@contextmanager
def display() -> Iterator[None]:
    """An X server of our own."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[writing], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as answer:
        os.environ["DISPLAY"] = f":{answer.readline().strip()}"
    try:
        yield
    finally:
        server.terminate()
        server.wait(10)


def window(here: Path, small: bool, runs: int) -> list[Result]:
    """From starting the process to a painted window: ours with an empty catalogue, and one with a single label."""
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    with display():
        for turn in range(runs + 1):
            for name, code in (("ours", _OURS), ("bare", _BARE)):
                start = time.perf_counter()
                done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, text=True)
                if turn:
                    seconds[name].append(float(done.stdout.split()[-1]) - start)
    return [
        ratio("window", "start to painted, a bare window", seconds["ours"], "a bare window", seconds["bare"], 1.5),
        below("window", "start to painted", statistics.median(seconds["ours"]), 1.0),
    ]


def rows(here: Path, small: bool, runs: int) -> list[Result]:
    """Keystrokes and memory with all rows in the window. The search field's own delay of 60 ms is not counted."""
    from model_manager.views.window import Window

    count = 10_000 if small else 100_000
    subprocess.run([sys.executable, __file__, str(here / "data"), str(here / "models"), str(count)], check=True)
    app = build(str(here / "data"))
    with display():
        shown = Window(app)
        shown.scan = lambda: None  # type: ignore[method-assign]
        before = resident()
        start = time.perf_counter()
        shown.start()
        while len(shown.library.controller.rows) < count:
            shown.root.update()
            time.sleep(0.005)
        shown.root.update()
        loaded = time.perf_counter() - start
        gc.collect()
        full = resident()
        seconds = [keystroke(shown, text) for text in typed() * runs]
        shown.close()
    app.close()
    return [
        below("filter", f"keystroke over {count:,} rows to painted rows, p95", percentile(seconds, 95), 0.05),
        info("filter", "median, most", f"{ms(statistics.median(seconds))}, {ms(max(seconds))}"),
        info("memory", "window without rows", f"{before / 1e6:.0f} MB"),
        Result(
            "memory",
            f"resident with {count:,} rows",
            f"{full / 1e6:.0f} MB",
            "≤ 150 MB",
            full <= 150e6,
            Figure(full, 150e6, "B"),
        ),
        info("memory", "start to all rows shown", ms(loaded)),
    ]


def typed() -> list[str]:
    """What stands in the field after each key of a few searches."""
    words = ("llama", "qwen3-00", "llm >5gb", "grain 77", "nothing like it", "-pony q8")
    return [word[:length] for word in words for length in range(1, len(word) + 1)]


def keystroke(shown: object, text: str) -> float:
    start = time.perf_counter()
    shown.library.controller.find(text)  # type: ignore[attr-defined]
    shown.root.update()  # type: ignore[attr-defined]
    shown.root.winfo_pointerx()  # type: ignore[attr-defined]  asks the X server: it has painted when it answers
    return time.perf_counter() - start


def heartbeat(here: Path, small: bool, runs: int) -> list[Result]:
    """Gaps between ticks of 5 ms in the window's loop while a first scan of a large tree runs beside it."""
    from model_manager.views.window import Window

    sys.setswitchinterval(0.001)  # as the program's own start does
    top = many_files(here / "tree", 10_000 if small else 100_000)
    gaps: list[float] = []
    firsts: list[float] = []
    with display():
        for turn in range(1 if small else 3):
            app = build(str(here / f"data {turn}"))
            watch.add_root(app.database, str(top))
            shown = Window(app)
            shown.start()
            shown.root.update()
            last = began = time.perf_counter()
            first = 0.0

            def tick() -> None:
                nonlocal last
                now = time.perf_counter()
                gaps.append(now - last)
                last = now
                shown.root.after(5, tick)

            shown.root.after(5, tick)
            while shown.scanning.job is None or shown.scanning.is_running:
                shown.root.update()
                if not first and shown.library.table.rows:
                    first = time.perf_counter() - began
                time.sleep(0.001)
            firsts.append(first)
            shown.close()
            app.close()
    return [
        below("heartbeat", "gap p99 during a scan", percentile(gaps, 99), 0.05),
        below("heartbeat", "gap, the longest", max(gaps), 0.2),
        info("heartbeat", f"gap p50 of {len(gaps):,} ticks", ms(percentile(gaps, 50))),
        info("first scan", "window there to first rows in its table", ms(statistics.median(firsts))),
    ]


if __name__ == "__main__":
    data, folder, number = sys.argv[1:]
    filled = build(data)
    fill(filled, Path(folder), int(number))
    filled.close()
