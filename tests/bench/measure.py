"""Timing by turns, what a run found, and the machine it ran on."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata

from model_manager.base.volumes import Volumes

LIBRARIES = ("gguf", "safetensors", "huggingface_hub", "ttkbootstrap", "xxhash")


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `asked` and `met` are None for lines that only inform."""

    benchmark: str
    what: str
    measured: str
    asked: str = ""
    met: bool | None = None

    def record(self) -> dict[str, object]:
        return asdict(self)


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


def ratio(benchmark: str, what: str, ours: list[float], peer: list[float], most: float) -> Result:
    """Our median as a multiple of the peer's."""
    mine, other = statistics.median(ours), statistics.median(peer)
    times = mine / other
    return Result(benchmark, what, f"{times:.2f} × ({ms(mine)}, peer {ms(other)})", f"≤ {most:g} ×", times <= most)


def below(benchmark: str, what: str, seconds: float, most: float) -> Result:
    return Result(benchmark, what, ms(seconds), f"≤ {ms(most)}", seconds <= most)


def info(benchmark: str, what: str, measured: str) -> Result:
    return Result(benchmark, what, measured)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def percentile(values: list[float], percent: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def peak() -> int:
    """The most memory that this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def resident() -> int:
    """What this process holds now, in bytes (Linux)."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def machine(folder: str) -> list[tuple[str, str]]:
    """The facts that a figure depends on; no names of hosts or folders."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    return [
        ("cores", str(os.cpu_count())),
        ("memory", f"{memory:.0f} GiB"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("file system", Volumes().of(folder, os.stat(folder).st_dev).kind),
        ("Python", platform.python_version()),
        ("libraries", versions),
        ("cache", "warm: each side runs once uncounted before it is measured"),
        ("load before", f"{os.getloadavg()[0]:.1f}"),
    ]
