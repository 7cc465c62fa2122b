"""Disks and journals that kill the process, or fail, at the nth call."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from model_manager.operations import Disk
from model_manager.operations.journal import Journal

CHANGES = (
    "make_folder", "remove_folder", "remove", "remove_tree", "rename", "replace", "exchange", "hard_link", "symbolic_link",
    "share_extents", "write_new", "copy", "dress", "set_times", "sync_file", "open_part", "write_at",
    "cut", "sync_open",
)  # fmt: skip
READS = ("lstat", "resolve", "names", "read", "free", "looks", "same_bytes", "sync_folder", "read_at")


def _watched(names: tuple[str, ...], around: Callable[..., Any]) -> dict[str, Any]:
    def method(name: str) -> Callable[..., Any]:
        def call(self: Any, *arguments: Any, **named: Any) -> Any:
            return around(self, lambda: getattr(Disk, name)(self, *arguments, **named))

        return call

    return {name: method(name) for name in names}


class _Counting(Disk):
    def __init__(self, at: int, number: int = 0) -> None:
        self.at, self.number, self.count, self.deep = at, number, 0, 0

    def tick(self) -> bool:
        self.count += 1
        return self.count == self.at


def _kill(disk: _Counting, call: Callable[[], Any]) -> Any:
    """Ends the process before or after a change; a change inside another counts as part of it."""
    if disk.deep == 0 and disk.tick():
        os.kill(os.getpid(), signal.SIGKILL)
    disk.deep += 1
    try:
        result = call()
    finally:
        disk.deep -= 1
    if disk.deep == 0 and disk.tick():
        os.kill(os.getpid(), signal.SIGKILL)
    return result


def _fail(disk: _Counting, call: Callable[[], Any]) -> Any:
    """Fails instead of the nth call, whether it reads or changes."""
    if disk.tick():
        raise OSError(disk.number, os.strerror(disk.number))
    return call()


Killing: Any = type("Killing", (_Counting,), _watched(CHANGES, _kill))
Failing: Any = type("Failing", (_Counting,), _watched(CHANGES + READS, _fail))


class KillingJournal(Journal):
    """Ends the process before or after the nth durable write of the journal."""

    def __init__(self, folder: str, at: int) -> None:
        super().__init__(folder)
        self.at, self.count = at, 0

    def _tick(self) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def sync(self, number: int) -> None:
        self._tick()
        super().sync(number)
        self._tick()


class FailingJournal(Journal):
    """Fails at the nth durable write."""

    def __init__(self, folder: str, at: int, number: int) -> None:
        super().__init__(folder)
        self.at, self.number, self.count = at, number, 0

    def sync(self, number: int) -> None:
        self.count += 1
        if self.count == self.at:
            raise OSError(self.number, os.strerror(self.number))
        super().sync(number)


def in_child(work: Callable[[], object]) -> bool:
    """Runs in a process of its own; whether that was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def meddled(name: str, act: Callable[[], object], after: bool = False) -> Disk:
    """A disk where somebody acts just before the first call of this method, or just after it."""
    left = [act]

    def call(self: Disk, *arguments: Any, **named: Any) -> Any:
        if left and not after:
            left.pop()()
        result = getattr(Disk, name)(self, *arguments, **named)
        if left and after:
            left.pop()()
        return result

    made: Disk = type("Meddled", (Disk,), {name: call})()
    return made
