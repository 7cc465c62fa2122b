"""Walking, scanning, scanning again, and the Hugging Face cache."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from measure import Result, below, by_turns, info, ms, ratio
from trees import hub_cache, many_files

from model_manager.app import build
from model_manager.base.events import ModelsChanged
from model_manager.base.facts import Facts
from model_manager.base.reading import open_quietly
from model_manager.formats.sniff import facts_of
from model_manager.jobs import Progress
from model_manager.library.scan import watch
from model_manager.library.scan.scan import Report
from model_manager.stores.discovered import FoundModel
from model_manager.stores.hub.cache import describe_hub
from model_manager.stores.tools.folder import FOLDERS
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

_NOTHING = Facts("gguf")


def _walk(top: Path) -> list[FoundModel]:
    look = StoreReader(lambda path, stat: _NOTHING)
    found = describe_tree(str(top), look, Plain(categories=FOLDERS, believed=False))
    return [one for one in found if isinstance(one, FoundModel)]


def walk(here: Path, small: bool, runs: int) -> list[Result]:
    """Our walk (names, groups, sizes of models) against `find` printing every size and path."""
    top = many_files(here / "tree", 10_000 if small else 100_000)
    command = ["find", str(top), "-printf", "%s %p\n"]
    sides: dict[str, Callable[[], object]] = {
        "ours": lambda: _walk(top),
        "find": lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True),
    }
    seconds = by_turns(sides, runs)
    return [ratio("walk", "wall, find -printf", seconds["ours"], "find -printf", seconds["find"], 1.0)]


def _headers(found: list[FoundModel]) -> None:
    for one in found:
        for file in one.files:
            if file.role == "weights":
                with open_quietly(file.path) as opened:
                    facts_of(opened, file.stat.st_size, os.path.basename(file.path))


class _Home:
    """One data folder and one scan after another in it."""

    def __init__(self, data: Path, top: Path) -> None:
        self.app = build(str(data))
        watch.add_root(self.app.database, str(top))

    def scan(self) -> tuple[float, float, Report]:
        """(seconds, seconds to the first rows, report)"""
        met: list[float] = []

        def notify(event: object) -> None:
            if isinstance(event, ModelsChanged):
                met.append(time.perf_counter())

        start = time.perf_counter()
        report = self.app.scanner(notify).run(Progress())
        end = time.perf_counter()
        return end - start, (met[0] if met else end) - start, report


def scan(here: Path, small: bool, runs: int) -> list[Result]:
    """From nothing to a catalogue of the same tree, and again with nothing changed; the limit is walk + headers."""
    top = many_files(here / "tree", 10_000 if small else 100_000)
    limits: list[float] = []
    first: list[float] = []
    again: list[float] = []
    rows: list[float] = []
    read = 0
    for turn in range(runs + 1):
        start = time.perf_counter()
        _headers(_walk(top))
        limit = time.perf_counter() - start
        home = _Home(here / f"data {turn}", top)
        seconds, shown, report = home.scan()
        assert report.models == (500 if small else 5000), report.models
        second, _shown, rest = home.scan()
        read = max(read, rest.read_bytes)
        home.app.close()
        if turn:
            limits.append(limit)
            first.append(seconds)
            rows.append(shown)
            again.append(second)
    return [
        ratio("first scan", "wall, limit = walk + headers", first, "walk + headers", limits, 2.0),
        below("first scan", "to the first rows", statistics.median(rows), 0.3),
        ratio("rescan", "wall, first scan", again, "first scan", first, 0.1),
        Result("rescan", "bytes of model files read", f"{read:,}", "0", read == 0),
        info(
            "rescan", "our walk alone is", ms(statistics.median(by_turns({"walk": lambda: _walk(top)}, runs)["walk"]))
        ),
    ]


def hub(here: Path, small: bool, runs: int) -> list[Result]:
    """A Hugging Face cache against the library's own scan, with equal totals."""
    from huggingface_hub import scan_cache_dir

    top = hub_cache(here / "hub", 200 if small else 2000)

    def ours() -> int:
        sizes: dict[tuple[int, int], int] = {}
        rest = 0
        for one in describe_hub(str(top), StoreReader(lambda path, stat: _NOTHING)):
            if isinstance(one, FoundModel):
                for file in one.files:
                    stat = file.stat
                    sizes[stat.st_dev, stat.st_ino] = stat.st_size
            else:
                rest += one.size
        return sum(sizes.values()) + rest

    total, theirs = ours(), scan_cache_dir(top).size_on_disk
    seconds = by_turns({"ours": ours, "library": lambda: scan_cache_dir(top)}, runs)
    return [
        ratio(
            "Hugging Face cache", "wall, scan_cache_dir", seconds["ours"], "scan_cache_dir", seconds["library"], 0.25
        ),
        Result("Hugging Face cache", "size totals", f"{total:,} and {theirs:,} bytes", "equal", total == theirs),
    ]
