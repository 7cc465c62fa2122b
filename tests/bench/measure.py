"""Timing by turns, what a run found, and the machine it ran on."""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from model_manager.base.volumes import Volumes

LIBRARIES = ("gguf", "safetensors", "huggingface_hub", "ttkbootstrap", "xxhash")
PEERS = {
    "find": ("find", "--version"), "rmlint": ("rmlint", "--version"), "jdupes": ("jdupes", "-v"),
    "openssl": ("openssl", "version"), "xxhsum": ("xxhsum", "--version"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """What a chart draws of a line: ours, the peers' and the limit in one unit ("s", "B", "B/s").

    The first peer is the one compared with. `limit` is the most that was asked for; where `more` is better, the least.
    """

    ours: float
    limit: float
    unit: str
    peers: tuple[tuple[str, float], ...] = ()
    more: bool = False

    def share(self, value: float) -> float:
        """As a multiple of the first peer's figure; where there is none, of the limit."""
        return value / (self.peers[0][1] if self.peers else self.limit)


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `asked` is empty and `met` is None for lines that only inform."""

    benchmark: str
    what: str
    measured: str
    asked: str = ""
    met: bool | None = None
    figure: Figure | None = None

    def record(self) -> dict[str, Any]:
        return asdict(self)


def result_of(record: dict[str, Any]) -> Result:
    """What `record` made, also after it was JSON."""
    figure = record["figure"]
    if figure is not None:
        peers = tuple((str(who), float(value)) for who, value in figure["peers"])
        figure = Figure(**{**figure, "peers": peers})
    return Result(**{**record, "figure": figure})


def by_turns(sides: Mapping[str, Callable[[], object]], runs: int, cpu: bool = False) -> dict[str, list[float]]:
    """Seconds of each side's runs, the sides taking turns, after one warm-up each that is not counted."""
    clock = time.process_time if cpu else time.perf_counter
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(runs + 1):
        for name, work in sides.items():
            start = clock()
            work()
            if turn:
                seconds[name].append(clock() - start)
    return seconds


def ratio(
    benchmark: str, what: str, ours: list[float], name: str, peer: list[float], most: float,
    others: Sequence[tuple[str, float]] = (),
) -> Result:  # fmt: skip
    """Our median as a multiple of the median of the peer of this name. `others`: medians that only the chart shows."""
    mine, other = statistics.median(ours), statistics.median(peer)
    times = mine / other
    measured = f"{times:.2f} × ({ms(mine)}, peer {ms(other)})"
    figure = Figure(mine, most * other, "s", ((name, other), *others))
    return Result(benchmark, what, measured, f"≤ {most:g} ×", times <= most, figure)


def below(benchmark: str, what: str, seconds: float, most: float) -> Result:
    return Result(benchmark, what, ms(seconds), f"≤ {ms(most)}", seconds <= most, Figure(seconds, most, "s"))


def info(benchmark: str, what: str, measured: str) -> Result:
    return Result(benchmark, what, measured)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def amount(value: float, unit: str) -> str:
    """A figure with its unit, as the table writes it."""
    if unit == "s":
        return ms(value)
    return f"{value / 1e9:.2f} GB/s" if unit == "B/s" else f"{value / 1e6:,.0f} MB"


def percentile(values: list[float], percent: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def peak() -> int:
    """The most memory that this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def resident() -> int:
    """What this process holds now, in bytes (Linux)."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def version(command: Sequence[str]) -> str:
    """The first number with a dot that a program says of itself."""
    if not shutil.which(command[0]):
        return "missing"
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = re.search(r"\d+\.\d+[\w.]*", done.stdout)
    return found[0] if found else "unknown"


def machine(folder: str) -> list[tuple[str, str]]:
    """The facts that a figure depends on; no names of hosts or folders."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    return [
        ("cores", str(os.cpu_count())),
        ("memory", f"{memory:.0f} GiB"),
        ("kernel", f"{platform.system()} {platform.release().partition('-')[0]}"),
        ("file system", Volumes().of(folder, os.stat(folder).st_dev).kind),
        ("Python", platform.python_version()),
        ("libraries", versions),
        ("programs", ", ".join(f"{name} {version(command)}" for name, command in PEERS.items())),
        ("cache", "warm: each side runs once uncounted before it is measured"),
        ("load before", f"{os.getloadavg()[0]:.1f}"),
    ]
