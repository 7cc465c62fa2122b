"""Changes of the disk: many models to the trash, and one model of many files."""

from __future__ import annotations

import math
import time
from pathlib import Path

from factory import gguf_bytes
from grown import collection
from measure import Figure, Result, below, ms

from model_manager.app import build
from model_manager.catalog.rows import read_rows
from model_manager.jobs import Progress
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.selection import Selection
from model_manager.library.scan import watch

EACH = 0.015
"""Seconds of CPU for a model, planned and applied."""


def operations(here: Path, small: bool, runs: int) -> list[Result]:
    counts = (100, 400) if small else (1000, 4000)
    seconds = [
        _trashed(here / f"models {count}", collection(here / f"models {count}" / "tree", count)) for count in counts
    ]
    files = (200, 800) if small else (2000, 8000)
    whole = [_trashed(here / f"files {count}", _of_files(here / f"files {count}" / "tree", count)) for count in files]
    return [
        below("operations", f"{counts[1]:,} models to the trash, CPU a model", seconds[1] / counts[1], EACH),
        _linear(f"{counts[1]:,} models to the trash", counts, seconds),
        _linear(f"one model of {files[1]:,} files to the trash", files, whole),
    ]


def _linear(what: str, counts: tuple[int, int], seconds: list[float]) -> Result:
    few, many = seconds
    exponent = math.log(many / few) / math.log(counts[1] / counts[0])
    figure = Figure(many, few * (counts[1] / counts[0]) ** 1.1, "s", (("a quarter as many", few),))
    measured = f"exponent {exponent:.2f} ({ms(few)} to {ms(many)})"
    return Result("operations", what, measured, "exponent ≤ 1.1", exponent <= 1.1, figure)


def _trashed(here: Path, tree: Path) -> float:
    """Seconds of CPU from what shall go to what went, for every model of a tree."""
    app = build(str(here / "data"))
    watch.add_root(app.database, str(tree))
    app.scanner().run(Progress())
    with app.database.read() as tx:
        ids = tuple(row.id for row in read_rows(tx))
    start = time.process_time()
    plan = plan_removal(app.database, app.volumes, app.env(), Selection(ids))
    done = app.operations.apply(plan)
    seconds = time.process_time() - start
    assert done.state == "applied", done.state
    app.close()
    return seconds


def _of_files(top: Path, count: int) -> Path:
    folder = top / "shards"
    folder.mkdir(parents=True)
    for number in range(1, count + 1):
        (folder / f"m-{number:05}-of-{count:05}.gguf").write_bytes(
            gguf_bytes({"split.no": number - 1, "split.count": count}, seed=number)
        )
    return top
