"""What grows with the number of models: every command's and every screen's CPU time and memory."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

from grown import collection, of_one_size
from measure import Figure, Result, info, ms

from model_manager.app import build
from model_manager.jobs import Progress
from model_manager.library.scan import watch

COMMANDS = ("list", "list --json", "export --csv", "export", "status", "clean", "duplicates", "show m1", "history",
            "roots", "categories", "doctor")  # fmt: skip
SCREENS = ("library", "disk_map", "duplicates", "clean", "families", "health", "history", "folders")
WITHIN = {"clean": 10.0, "duplicates": 10.0, "screen clean": 10.0, "screen families": 10.0, "screen duplicates": 10.0}
"""Seconds of CPU for the largest collection."""
PEAK, STAYING, EXPONENT = 400_000_000, 250_000_000, 1.1
_IMPORTS = 0.05
"""Seconds below which growing cannot be told from starting."""
Cost = tuple[float, int, int]
"""Seconds of CPU, bytes at the peak, bytes that stay (0 where the process has ended)."""


def growth(here: Path, small: bool, runs: int) -> list[Result]:
    """Collections of which each is ten times as large as the one before; each measured once, second runs alone."""
    sizes = (30, 300, 3000) if small else (1000, 10_000, 100_000)
    costs: dict[str, list[Cost]] = {}
    start = _command(here / "nothing", "--version")[0]
    for size in sizes:
        data = _scanned(here / f"{size}", size, one_size=False)
        _command(data, "duplicates")  # reads pieces of every file, once in its life
        for what in COMMANDS:
            costs.setdefault(what, []).append(_command(data, what))
        for name in SCREENS:
            costs.setdefault(f"screen {name}", []).append(_screen(data, name))
    alike = sizes[1]
    for size in (alike // 10, alike):
        data = _scanned(here / f"alike {size}", size, one_size=True)
        for what in ("duplicates", "duplicates", "clean"):
            name = f"{what}, of one size" + (
                ", first time" if f"{what}, of one size" not in costs and what != "clean" else ""
            )
            costs.setdefault(name, []).append(_command(data, what))
    return [row for what, each in costs.items() for row in _rows(what, each, sizes[-1], start)]


def _rows(what: str, costs: list[Cost], most: int, start: float) -> list[Result]:
    """How it grew from the last but one to the last, and what the last took. `start`: what starting alone takes."""
    (before, _peak, _staying), (last, peak, staying) = costs[-2:]
    grown = math.log10(max(last - start, _IMPORTS) / max(before - start, _IMPORTS))
    rows = [Result("growth", f"{what}, exponent", f"{grown:.2f} ({ms(before)} to {ms(last)})", f"≤ {EXPONENT}",
                   grown <= EXPONENT, Figure(last, before * 10**EXPONENT, "s", (("a tenth as many", before),)))]  # fmt: skip
    if most < 100_000:
        return rows
    if limit := WITHIN.get(what):
        rows.append(
            Result("growth", f"{what}, CPU", ms(last), f"≤ {ms(limit)}", last <= limit, Figure(last, limit, "s"))
        )
        rows.append(_memory(what, "peak", peak, PEAK))
        if staying:
            rows.append(_memory(what, "staying", staying, STAYING))
    else:
        rows.append(info("growth", f"{what}, peak", f"{peak / 1e6:,.0f} MB"))
    return rows


def _memory(what: str, which: str, bytes_: int, most: int) -> Result:
    measured, asked = f"{bytes_ / 1e6:,.0f} MB", f"≤ {most / 1e6:,.0f} MB"
    return Result("growth", f"{what}, {which}", measured, asked, bytes_ <= most, Figure(bytes_, most, "B"))


def _scanned(here: Path, count: int, one_size: bool) -> Path:
    """The data folder of a program that has seen a collection of this size."""
    (of_one_size if one_size else collection)(here / "tree", count)
    app = build(str(here / "data"))
    watch.add_root(app.database, str(here / "tree"))
    app.scanner().run(Progress())
    app.close()
    return here / "data"


def _command(data: Path, words: str) -> Cost:
    return _ended([sys.executable, "-m", "model_manager", "--data-dir", str(data), *words.split()])


def _ended(command: list[str]) -> Cost:
    """What a process took from its start to its end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, nothing, 1), (os.POSIX_SPAWN_DUP2, nothing, 2)]
    _pid, status, used = os.wait4(os.posix_spawn(command[0], command, os.environ, file_actions=actions), 0)
    os.close(nothing)
    if code := os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{' '.join(command)} ended with {code}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, 0


def _screen(data: Path, name: str) -> Cost:
    command = [sys.executable, str(Path(__file__).with_name("opened.py")), str(data), name]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    seconds, peak, staying = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak, staying
