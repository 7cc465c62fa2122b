"""Another process replaces, cuts, rewrites or takes away what stays, at any moment, while a copy of it goes."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest
from faults import CHANGES, READS
from scenes import VOLUMES, asides, put

from model_manager.base.paths import OwnPaths
from model_manager.operations import Disk, Operation, Operations, Plan
from model_manager.operations.kept_files import kept_as
from model_manager.operations.plan_builder import PlanBuilder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the other program is written for POSIX")

DATA = bytes(range(256)) * 400
OTHER = bytes(reversed(DATA))
WAYS = ("trash", "delete", "hard", "symbolic")
HARMS = ("none", "replaced", "gone", "led", "cut", "rewritten")
PAUSE = 0.001
"""Seconds: the longest pause before a call to the disk."""

TOOL = textwrap.dedent("""
    import json, os, sys, time
    for line in sys.stdin:
        top, harm, delay, seen = json.loads(line)
        keeper, new = os.path.join(top, "keeper"), os.path.join(top, ".new")
        other = bytes(range(255, -1, -1)) * 400
        print("ready", flush=True)
        time.sleep(delay)
        try:
            if harm == "none":
                pass
            elif harm == "replaced":
                with open(new, "wb") as file:
                    file.write(other)
                os.replace(new, keeper)
            elif harm == "gone":
                os.unlink(keeper)
            elif harm == "led":
                os.unlink(keeper)
                os.symlink("copy", keeper)
            elif os.path.islink(keeper) or os.stat(keeper).st_nlink > 1:
                pass  # a writer in place would write to the copy as well once they are one file: that is no race
            else:
                number = os.open(keeper, os.O_WRONLY | os.O_NONBLOCK)
                if os.fstat(number).st_nlink == 1 and not os.path.islink(os.path.join(top, "copy")):
                    os.ftruncate(number, 10) if harm == "cut" else os.write(number, other)
                    if harm == "rewritten":
                        os.utime(keeper, ns=(seen, seen))
                os.close(number)
        except OSError as error:
            print(time.monotonic(), type(error).__name__, flush=True)
        else:
            print(time.monotonic(), "done", flush=True)
""")


class Told(NamedTuple):
    """When the other program had done its harm (the clock of the whole computer), and how it went."""

    at: str
    how: str


Begin = Callable[[Path, str, float], Callable[[], Told]]


@pytest.fixture
def tool() -> Iterator[Begin]:
    """A program of its own that harms the keeper after a delay; the answer waits for it and says how it went."""
    process = subprocess.Popen([sys.executable, "-c", TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    into, out = process.stdin, process.stdout

    def begin(top: Path, harm: str, delay: float) -> Callable[[], Told]:
        _said(into, [str(top), harm, delay, os.stat(top / "keeper").st_mtime_ns])
        assert out.readline() == "ready\n"
        return lambda: Told(*out.readline().split())

    yield begin
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


def _said(into: IO[str], words: list[object]) -> None:
    into.write(json.dumps(words) + "\n")
    into.flush()


class SlowDisk(Disk):
    """Takes a while for each call, so that the other program comes between any two; knows when it last looked at the keeper."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.looked, self.has_removed = chance, 0.0, False


def _slow(name: str) -> Callable[..., Any]:
    def call(self: SlowDisk, *arguments: Any, **named: Any) -> Any:
        time.sleep(self.chance.random() * PAUSE)
        self.has_removed = self.has_removed or name in ("remove", "remove_tree")
        began = time.monotonic()
        result = getattr(Disk, name)(self, *arguments, **named)
        if name in READS and str(arguments[0]).endswith("/keeper") and not self.has_removed:
            self.looked = began
        return result

    return call


for _name in (*CHANGES, *READS):
    setattr(SlowDisk, _name, _slow(_name))


@dataclass(frozen=True)
class Round:
    """A keeper, a copy of it and a plan for the copy, in a folder of its own."""

    base: Path
    way: str
    disk: SlowDisk

    def applied(self) -> Operation:
        return Operations(OwnPaths(self.base / "own"), disk=self.disk).apply(self.plan)

    @cached_property
    def plan(self) -> Plan:
        top = self.base / "m"
        draft = PlanBuilder(VOLUMES, [str(top)], "delete" if self.way == "delete" else "trash")
        draft.begin_unit()
        if self.way in ("hard", "symbolic"):
            draft.link(str(top / "copy"), str(top / "keeper"), self.way, "test", None, 1)
        else:
            draft.take(str(top / "copy"), "test", None, [kept_as(str(top / "keeper"), VOLUMES)])
        return draft.plan("Race")

    def holds_the_bytes(self) -> bool:
        """At the copy's own name, at the keeper's, or in the trash."""
        places = (self.base / "m/copy", self.base / "m/keeper", self.base / "share/Trash/files/copy")
        return any(path.is_file() and path.read_bytes() == DATA for path in places)


@pytest.mark.parametrize(
    "rounds", [pytest.param(60, id="short"), pytest.param(1000, id="long", marks=pytest.mark.slow)]
)
def test_the_bytes_are_always_somewhere(
    rounds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: Begin
) -> None:
    """Whoever came first: what the copy held can still be read."""
    ends: Counter[str] = Counter()
    takes = dict.fromkeys(WAYS, 0.2)
    for number in range(rounds):
        chance = random.Random(number)
        harm = chance.choice(HARMS[1:]) if number >= len(WAYS) else "none"
        race = Round(tmp_path / str(number), WAYS[number % len(WAYS)], SlowDisk(chance))
        monkeypatch.setenv("XDG_DATA_HOME", str(race.base / "share"))
        for name in ("keeper", "copy"):
            put(race.base / "m" / name, DATA)
        _ = race.plan
        ended = tool(race.base / "m", harm, chance.random() * takes[race.way])
        began = time.monotonic()
        done = race.applied()
        if done.state == "applied":
            takes[race.way] = time.monotonic() - began
        told = ended()
        what = f"round {number}: {race.way}, {harm}: {done.state}, {told.how}"
        came = "in time" if float(told.at) < race.disk.looked else "afterwards"
        ends[f"{done.state}, {told.how}, {came}"] += 1
        # Whoever takes the one file away after the last look at it has taken the last: nobody can undo that for him.
        assert race.holds_the_bytes() or came == "afterwards", what
        assert not asides(race.base / "m"), what
        if done.state == "refused":
            assert (race.base / "m/copy").read_bytes() == DATA and not (race.base / "m/copy").is_symlink(), what
    print(dict(ends))
    assert not any(end.startswith("stuck") for end in ends)
    # How the two are spread hangs on how busy the computer is; that they met at all does not.
    for word in ("applied", "refused", "in time", "afterwards"):
        assert sum(count for end, count in ends.items() if word in end) >= len(WAYS), f"{word}: {dict(ends)}"
