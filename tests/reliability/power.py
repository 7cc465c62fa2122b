"""What a file system may have kept after the power went: every change is recorded, then replayed without some.

A model of the promises that programs may rely on: the content of a file is there once it was synced, names in a
folder once that folder was synced; what was not synced may be there or not, each on its own; a rename is one step.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Event:
    """`kind` is a name's change (with `folder` where it is durable once synced), a content, or a sync."""

    kind: str
    path: str
    other: str = ""
    data: bytes = b""


class Recorder:
    """Patches the calls by which operations and the journal change anything below some folders."""

    def __init__(self, tops: list[str]) -> None:
        self.tops, self.events = tops, []  # type: ignore[var-annotated]
        self._saved: dict[tuple[Any, str], Any] = {}
        self._paths: dict[int, str] = {}

    def __enter__(self) -> Recorder:
        from model_manager.operations import disk

        for name in ("mkdir", "rmdir", "unlink", "rename", "replace", "link", "symlink", "fsync", "open"):
            self._patch(os, name, getattr(self, f"_{name}", None) or self._named(name))
        self._patch(disk, "_rename_exclusively", self._exclusive)
        return self

    def __exit__(self, *_: object) -> None:
        for (where, name), function in self._saved.items():
            setattr(where, name, function)

    def _patch(self, where: Any, name: str, function: Callable[..., Any]) -> None:
        self._saved[(where, name)] = getattr(where, name)
        setattr(where, name, function)

    def _real(self, name: str) -> Callable[..., Any]:
        return self._saved[(os, name)]

    def _ours(self, path: object) -> bool:
        return isinstance(path, str) and any(path.startswith(top + "/") or path == top for top in self.tops)

    def _note(self, kind: str, path: object, other: object = "", data: bytes = b"") -> None:
        if self._ours(path) or self._ours(other):
            self.events.append(Event(kind, str(path), str(other), data))

    def _named(self, name: str) -> Callable[..., Any]:
        def call(path: Any, *rest: Any, **named: Any) -> Any:
            result = self._real(name)(path, *rest, **named)
            self._note(name, os.fspath(path), rest[0] if rest and isinstance(rest[0], str) else "")
            return result

        return call

    def _open(self, path: Any, flags: int, *rest: Any, **named: Any) -> int:
        number = self._real("open")(path, flags, *rest, **named)
        self._paths[number] = str(path)
        if flags & os.O_CREAT and flags & os.O_EXCL:
            self._note("create", path)
        return int(number)

    def _fsync(self, number: int) -> None:
        self._real("fsync")(number)
        path = self._paths.get(number, "")
        if os.path.isdir(path):
            self._note("sync-folder", path)
        elif path:
            size = os.fstat(number).st_size
            self._note("content", path, data=_content(path, size))

    def _exclusive(self, path: str, target: str) -> bool:
        if os.path.lexists(target):
            raise FileExistsError(target)
        self._real("rename")(path, target)
        self._note("rename", path, target)
        return True


def _content(path: str, size: int) -> bytes:
    return Path(path).read_bytes()[:size]


def replay(
    events: list[Event], dropping: str, chance: random.Random, start: Path, place: Path, far_start: Path, far: Path
) -> None:
    """Brings `place` and `far` to what may be there after these events and then no power."""
    for source, target in ((start, place), (far_start, far)):
        shutil.rmtree(target)
        shutil.copytree(source, target, symlinks=True)
    for event in _kept(events, dropping, chance):
        _apply(event)


def _kept(events: list[Event], dropping: str, chance: random.Random) -> list[Event]:
    """Synced changes, and of the others all, none or some. Names of one folder keep their order."""
    kept = []
    cut_folders: set[str] = set()
    for number, event in enumerate(events):
        if event.kind in ("content", "sync-folder"):
            kept.append(event)
            continue
        folders = {os.path.dirname(event.other or event.path)}
        later = events[number + 1 :]
        durable = any(one.kind == "sync-folder" and one.path in folders for one in later)
        if not durable:
            drop = dropping == "all" or (dropping == "some" and chance.random() < 0.5)
            if drop or folders & cut_folders:
                cut_folders |= folders
                continue
        kept.append(event)
    return kept


def _apply(event: Event) -> None:
    try:
        if event.kind == "mkdir":
            os.mkdir(event.path)
        elif event.kind == "rmdir":
            os.rmdir(event.path)
        elif event.kind == "unlink":
            os.unlink(event.path)
        elif event.kind in ("rename", "replace"):
            os.replace(event.path, event.other)
        elif event.kind == "link":
            os.link(event.path, event.other)
        elif event.kind == "symlink":
            os.symlink(event.path, event.other)
        elif event.kind == "create":
            Path(event.path).touch(0o600)
        elif event.kind == "content" and os.path.lexists(event.path):
            Path(event.path).write_bytes(event.data)
    except OSError:
        return  # it stood on something that was dropped
