"""The computer as adapters see it: home, environment, system, drives, processes."""

from __future__ import annotations

import itertools
import os
import sys
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from model_manager.base import reach
from model_manager.base.home import home
from model_manager.stores.tool_facts import TOOLS

System = Literal["linux", "macos", "windows"]
_MOST_FOLDERS = 20_000
_MOST_UNREAD = 20
_MOST_NAMES = 20_000
"""In one folder: one with more holds data and no program."""
_NO_PROGRAMS = frozenset(
    {"node_modules", "site-packages", "__pycache__", "venv", "Library", "AppData", "snap", "lost+found"}
)
_DRIVES = ("/media/", "/run/media/", "/mnt/", "/Volumes/", "/data", "/srv")


@dataclass(frozen=True, slots=True)
class Process:
    """A running program of this user: its command line, environment and working folder."""

    pid: int
    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    folder: str

    @property
    def place(self) -> str:
        """The folder of the script or program: a tool's own folder, wherever it was started from."""
        return os.path.dirname(os.path.normpath(os.path.join(self.folder, _script(self.arguments))))


@dataclass(frozen=True)
class Env:
    """Everything `find` may ask; tests build their own."""

    home: str
    environ: Mapping[str, str]
    system: System = "linux"
    drives: tuple[str, ...] = ()
    """Mount points of further drives, searched for programs that people unpack where they like."""
    scratch: str = ""
    """A private folder for copies of other programs' databases."""
    processes: Iterable[Process] = field(default=())
    """Programs of this user that a tool may be known by."""
    left_out: tuple[str, ...] = ()
    """Patterns of the names that the person wants left out."""
    not_asked: frozenset[str] = frozenset()
    """Tools whose service on this computer is not to be asked."""
    held: tuple[tuple[str, str], ...] = ()
    """Paths that an operation which is not settled may still put back, each with the reason in words."""
    unread: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Settings that could not be read, by path, and why. Shared by the copies that `replace` makes."""

    def say(self, path: str, why: str) -> None:
        """Notes that a tool's settings could not be read."""
        if len(self.unread) < _MOST_UNREAD:
            self.unread[path] = why

    def path(self, *parts: str) -> str:
        """A path below the home folder."""
        return os.path.join(self.home, *parts)

    def expand(self, text: str) -> str:
        """`~` and `$NAME` as the tools expand them, with this environment's values."""
        text = text.strip().strip("\"'")
        if text == "~" or text.startswith(("~/", "~\\")):
            text = self.home + text[1:]
        for name in sorted(self.environ, key=len, reverse=True):
            if "$" not in text:
                break
            text = text.replace("${" + name + "}", self.environ[name]).replace("$" + name, self.environ[name])
        return text

    def variable(self, name: str) -> str:
        """An environment variable that holds a path, expanded; empty when unset or blank."""
        return self.expand(self.environ.get(name, ""))

    def cache(self) -> str:
        if self.system == "windows":
            return self.environ.get("LOCALAPPDATA") or self.path("AppData", "Local")
        if self.system == "macos":
            return self.path("Library", "Caches")
        return self.xdg_cache()

    def xdg_cache(self) -> str:
        """`XDG_CACHE_HOME` or `~/.cache`: what Python tools use on every system."""
        return self.environ.get("XDG_CACHE_HOME") or self.path(".cache")

    def config(self) -> str:
        if self.system == "windows":
            return self.environ.get("APPDATA") or self.path("AppData", "Roaming")
        if self.system == "macos":
            return self.path("Library", "Application Support")
        return self.environ.get("XDG_CONFIG_HOME") or self.path(".config")

    def data(self) -> str:
        if self.system == "windows":
            return self.environ.get("LOCALAPPDATA") or self.path("AppData", "Local")
        if self.system == "macos":
            return self.path("Library", "Application Support")
        return self.environ.get("XDG_DATA_HOME") or self.path(".local", "share")

    def flatpaks(self, kind: Literal["cache", "config", "data"]) -> Iterator[str]:
        """The private folders of installed Flatpak programs: `~/.var/app/*/cache` and so on."""
        base = self.path(".var", "app")
        try:
            names = sorted(os.listdir(base))
        except OSError:
            return
        for name in names:
            yield os.path.join(base, name, kind)

    @cached_property
    def folders(self) -> Mapping[str, frozenset[str]]:
        """Folders within three levels of home and of each drive, with the names in them.

        Programs that people unpack where they like are found by what lies in them. Read once, the nearest first;
        hidden folders, code libraries and trashes are not entered; 20,000 folders at most. Stability Matrix keeps
        programs one level deeper (`Data/Packages/<name>`) or in a hidden folder: `Packages` costs no level.
        """
        found: dict[str, frozenset[str]] = {}
        hidden = {os.path.join(base, "StabilityMatrix") for base in (self.config(), self.data())}
        waiting = deque((base, 0) for base in (self.home, *self.drives, *sorted(hidden)))
        while waiting and len(found) < _MOST_FOLDERS:
            folder, depth = waiting.popleft()
            if folder in found or reach.on_silent(folder):
                continue
            try:
                with os.scandir(folder) as entries:
                    names = itertools.islice(entries, _MOST_NAMES + 1)
                    listed = sorted(names, key=lambda entry: entry.name)
            except OSError:
                continue
            if len(listed) > _MOST_NAMES:
                continue
            found[folder] = frozenset(entry.name for entry in listed)
            if depth < 3 or os.path.basename(folder) == "Packages":
                waiting.extend((entry.path, depth + 1) for entry in listed if _may_hold_programs(entry))
        return found

    def unpacked(self, *needed: str) -> Iterator[tuple[str, frozenset[str]]]:
        """Folders that hold all these names."""
        wanted = frozenset(needed)
        for folder, names in self.folders.items():
            if wanted <= names:
                yield folder, names

    def running(self, *names: str) -> Iterator[Process]:
        """Processes whose program or script has one of these names (see `Tool.programs`)."""
        for process in self.processes:
            if _is_called(process.arguments, names):
                yield process


def _script(arguments: Sequence[str]) -> str:
    """What a command line runs: the script of an interpreter (`python -s ComfyUI/main.py`), else the program."""
    if not arguments:
        return ""
    program = os.path.basename(arguments[0]).lower()
    if not program.startswith(("python", "dotnet")):
        return arguments[0]
    words = iter(arguments[1:])
    for word in words:
        if word in ("-X", "-W"):
            next(words, None)
        elif word and not word.startswith("-"):
            return word
    return arguments[0]


def _heads(arguments: Sequence[str]) -> set[str]:
    """The names, in lower case, that a command line may be known by."""
    return {os.path.basename(argument).lower() for argument in (*arguments[:2], _script(arguments)) if argument}


def _may_hold_programs(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    if name.startswith((".", "$")) or name in _NO_PROGRAMS:
        return False
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def this_computer(drives: tuple[str, ...], scratch: str) -> Env:
    """The real environment."""
    system: System = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")  # type: ignore[assignment]
    own = home()
    return Env(own, dict(os.environ) | {"HOME": own}, system, drives, scratch, _Processes(own))


def is_drive(point: str) -> bool:
    """Whether a mount point is where people's further drives appear."""
    return any(point == place.rstrip("/") or point.startswith(place.rstrip("/") + "/") for place in _DRIVES)


class _Processes:
    """Read when first asked for: most questions need none, and 100 programs take 20 ms."""

    def __init__(self, home: str) -> None:
        self._home = home

    def __iter__(self) -> Iterator[Process]:
        return iter(self._now)

    @cached_property
    def _now(self) -> tuple[Process, ...]:
        return tuple(_processes(self._home))


def _processes(home: str) -> Iterator[Process]:
    """This user's processes with the same home; those of others cannot be read and are passed over."""
    try:
        numbers = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return
    for number in numbers:
        folder = f"/proc/{number}"
        try:
            if os.stat(folder).st_uid != os.getuid():
                continue
            with open(f"{folder}/cmdline", "rb") as file:
                arguments = os.fsdecode(file.read(65_536)).split("\0")
            if not is_tool(arguments):
                continue
            with open(f"{folder}/environ", "rb") as file:
                pairs = os.fsdecode(file.read(262_144)).split("\0")
            environ = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
            if environ.get("HOME", home) == home:
                yield Process(int(number), tuple(arguments), environ, os.readlink(f"{folder}/cwd"))
        except OSError:
            continue


_PROGRAMS = frozenset(name for tool in TOOLS.values() for name in tool.programs)


def is_tool(arguments: list[str]) -> bool:
    """Whether a command line is one that some adapter may ask for."""
    return _is_called(arguments, _PROGRAMS)


def _is_called(arguments: Sequence[str], names: Collection[str]) -> bool:
    """Whether a command line is known by one of these names; `koboldcpp*` stands for every name that begins so."""
    heads = _heads(arguments)
    beginnings = tuple(name[:-1] for name in names if name.endswith("*"))
    return any(head in names or head.startswith(beginnings) for head in heads)
