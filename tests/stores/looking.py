"""Reads one tool's folders the way a scan does, and holds a tree to have been left as it was."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from factory import safetensors_bytes

from model_manager.base.facts import Facts
from model_manager.base.reading import open_quietly
from model_manager.formats.sniff import facts_of
from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover, Problem
from model_manager.stores.host.env import Env, Process
from model_manager.stores.walk.store_reader import StoreReader

WEIGHTS = safetensors_bytes({"x.weight": ("F16", (8, 8))})
OLD = time.time() - 30 * 86_400


@dataclass(frozen=True)
class Read:
    roots: list[FoundRoot]
    models: list[FoundModel]
    leftovers: list[Leftover]
    problems: list[Problem]

    @property
    def names(self) -> set[str]:
        return {model.name for model in self.models}

    def one(self, name: str) -> FoundModel:
        (model,) = [model for model in self.models if model.name == name]
        return model

    def category(self, name: str) -> str:
        """The category that the tool itself gives a model; empty when it gives none."""
        return next((str(claim.value) for claim in self.one(name).claims if claim.field == "category"), "")

    def found_by(self, home: Path) -> list[tuple[str, str]]:
        """(path below home, how it was found), in the order of precedence."""
        return [(os.path.relpath(root.path, home), root.found_by) for root in self.roots]


def env_of(home: Path, *processes: Process, **environ: str) -> Env:
    return Env(
        str(home), {"HOME": str(home), **environ}, scratch=str(home.parent / "scratch"), processes=tuple(processes)
    )


def process(folder: Path, *arguments: str, **environ: str) -> Process:
    return Process(4711, arguments, environ, str(folder))


def read(tool: str, env: Env) -> Read:
    """Every root of a tool, described; a root skips those inside it."""

    def facts(path: str, stat: os.stat_result) -> Facts:
        with open_quietly(path) as file:
            return facts_of(file, stat.st_size, os.path.basename(path))

    roots = list(BY_TOOL[tool].find(env))
    models: list[FoundModel] = []
    leftovers: list[Leftover] = []
    problems: list[Problem] = []
    for root in roots:
        inside = root.path + os.sep
        looking = StoreReader(facts, frozenset(other.path for other in roots if other.path.startswith(inside)))
        for item in BY_TOOL[tool].describe(root, looking):
            (models if isinstance(item, FoundModel) else leftovers).append(item)  # type: ignore[arg-type]
        problems += looking.problems
    return Read(roots, models, leftovers, problems)


@contextmanager
def untouched(home: Path) -> Iterator[None]:
    """Names, sizes and times of everything below stay what they are; times of access of files alone.

    No system call lists a folder or reads a link without touching its own time of access.
    """
    for folder, _folders, files in os.walk(home):
        for name in files:
            os.utime(os.path.join(folder, name), (OLD, OLD), follow_symlinks=False)
    before = _listing(home)
    yield
    assert _listing(home) == before


def _listing(home: Path) -> dict[bytes, tuple[int, ...]]:
    found = {}
    for folder, folders, files in os.walk(os.fsencode(home)):
        for name in folders + files:
            stat = os.lstat(os.path.join(folder, name))
            times = (stat.st_atime_ns,) if S_ISREG(stat.st_mode) else ()
            found[os.path.join(folder, name)] = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, *times)
    return found
