"""How long a command takes to start, against the command of Hugging Face, whose people use it daily."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from grown import collection
from measure import Result, ratio

from model_manager.app import build
from model_manager.jobs import Progress
from model_manager.library.scan import watch

_WORDS = ("--version", "list", "show m1")


def start(here: Path, small: bool, runs: int) -> list[Result]:
    """CPU of a whole process with 50 models known: loading is all that it does."""
    app = build(str(here / "data"))
    watch.add_root(app.database, str(collection(here / "tree", 50)))
    app.scanner().run(Progress())
    app.close()
    hf = str(Path(sys.executable).with_name("hf"))
    commands = {words: [sys.executable, "-m", "model_manager", "--data-dir", str(here / "data"), *words.split()]
                for words in _WORDS}  # fmt: skip
    commands["hf --version"] = [hf, "--version"]
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(2 * runs + 1):
        for name, command in commands.items():
            taken = _cpu(command)
            if turn:
                seconds[name].append(taken)
    return [
        ratio("start", f"{words}, CPU, hf --version", seconds[words], "hf --version", seconds["hf --version"], 0.3)
        for words in _WORDS
    ]


def _cpu(command: list[str]) -> float:
    before = os.times()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
