"""Deep checks of large files against hashing them with openssl."""

from __future__ import annotations

import random
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from factory import gguf_bytes
from measure import Figure, Result, by_turns, ratio

from model_manager.app import build
from model_manager.jobs import Progress
from model_manager.library.deep import check_deep
from model_manager.library.scan import watch

_TYPES = {"F16": (1, 2), "Q4_K": (256, 144)}
"""Type -> (values of a block, its bytes)."""
_ROW = 4096


def deep(here: Path, small: bool, runs: int) -> list[Result]:
    """2 GB of healthy values, warm; and a file of which all but the first tensor is a hole."""
    size = 200_000_000 if small else 2_000_000_000
    results = []
    for kind in _TYPES:
        path = here / f"tree {kind}" / f"model-{kind}.gguf"
        _write(path, kind, size, hollow=False)
        command = ["openssl", "dgst", "-sha256", str(path)]
        check = _checker(here / f"data {kind}", path.parent)
        seconds = by_turns(
            {"ours": check, "openssl": lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)}, runs
        )
        results.append(
            ratio("deep", f"{kind}, wall on two cores, openssl dgst -sha256", seconds["ours"], "openssl dgst -sha256",
                  seconds["openssl"], 1.2)
        )  # fmt: skip
        path.unlink()
    path = here / "tree hollow" / "hollow-F16.gguf"
    _write(path, "F16", 4 * size, hollow=True)
    check = _checker(here / "data hollow", path.parent)
    rates = []
    for _turn in range(runs):
        start = time.perf_counter()
        check()
        rates.append(path.stat().st_size / (time.perf_counter() - start))
    rate = statistics.median(rates)
    figure = Figure(rate, 10e9, "B/s", more=True)
    return [*results, Result("deep", "holes skipped", f"{rate / 1e9:.1f} GB/s", "≥ 10 GB/s", rate >= 10e9, figure)]


def _checker(data: Path, tree: Path) -> Callable[[], object]:
    """Reads the one model of a tree to its end, each time anew."""
    app = build(str(data))
    watch.add_root(app.database, str(tree))
    app.scanner().run(Progress())
    return lambda: check_deep(app.database, app.volumes, [1], again=True)


def _write(path: Path, kind: str, size: int, hollow: bool) -> None:
    """A GGUF of eight large tensors of noise whose exponents and scales are numbers; of a hollow one only both ends."""
    values, block = _TYPES[kind]
    rows = size // 8 // (_ROW // values * block)
    head = gguf_bytes(
        {"general.name": "deep"},
        {f"blk.{part}.ffn_up.weight": (kind, (_ROW, rows)) for part in range(8)},
        header_only=True,
    )
    noise = bytearray(random.Random(7).randbytes(block * (1 << 15)))
    for place in (1,) if kind == "F16" else (1, 3):
        noise[place::block] = bytes(byte & 0x3B for byte in noise[place::block])
    end = len(head) + 8 * rows * (_ROW // values) * block
    path.parent.mkdir()
    with open(path, "wb") as file:
        file.write(head)
        while not hollow and file.tell() < end:
            file.write(noise[: end - file.tell()])
        file.truncate(end)
        file.seek(end - 4096)
        file.write(noise[:4096])
