"""The one way to a scan, for the window, the commands and every look after a change.

One scan at a time writes into the catalogue, whichever process it runs in: of two that read the same folder, the slower
would write down what the other has just seen go. A look at a few folders, which a person waits for, goes before a whole
scan of this process: that one stops, and goes on afterwards (what it has read is not read again). Looks that wait become
one. Who waits too long for another process leaves word of what is to be looked at: the one that scans does it at its end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from model_manager.base.errors import ModelManagerError
from model_manager.base.events import Event, ScanFinished
from model_manager.base.messages import said
from model_manager.jobs import Cancelled, Progress
from model_manager.library.scan.turns import Left, Turn

if TYPE_CHECKING:
    from model_manager.actions.context import Context
    from model_manager.library.scan.context import Report
    from model_manager.library.scan.scan import Scan

__all__ = ["Scans", "ScansElsewhere", "look", "scan", "waits"]

PATIENCE = 10.0
"""Seconds that a look waits for a scan of another process: a person waits for it."""
_POLL = 0.05
_WORTH_A_WORD = 0.5
"""Seconds of waiting that nobody is told of."""

Notify = Callable[[Event], None]


class ScansElsewhere(ModelManagerError):
    """A look had no turn. What it was for will be looked at by the scan that has it."""


class Scans:
    """What the scans of one process know of each other. `App` has one; `folder` is the program's own."""

    def __init__(self, folder: str) -> None:
        self._turn, self.left = Turn(folder), Left(folder)
        self._lock = threading.Lock()
        self._asked: list[Collection[int]] = []
        """Looks that wait, each with its folders. Told apart as objects: two may want the same."""
        self.waits = False
        """Whether one of this process waits for its turn, for longer than nobody would notice."""
        self.cut_short: Scan | None = None
        """The scan that gave way and has yet to go on: the next ones know what is new to it, so that a model that it met
        at another place stays itself."""

    @contextmanager
    def turn(self, progress: Progress, patience: float | None = None, goes_first: bool = False) -> Iterator[None]:
        """Waits, for ever or so many seconds, and holds the turn. Raises ScansElsewhere, and Cancelled."""
        began = time.monotonic()
        try:
            while not ((goes_first or not self.is_asked()) and self._turn.taken()):
                self._wait(progress, time.monotonic() - began, patience)
        finally:
            self.waits = False
        try:
            yield
        finally:
            self._turn.drop()

    def _wait(self, progress: Progress, waited: float, patience: float | None) -> None:
        if patience is not None and waited >= patience:
            raise ScansElsewhere(
                said("look at the folders again"), "", said("another Model Manager is scanning"),
                said("it looks at them when it has come to its end"),
            )  # fmt: skip
        if waited >= _WORTH_A_WORD and not self.waits:
            self.waits = True
            progress.step(phase=said("Waiting for another scan to end"))
        progress.step()
        time.sleep(_POLL)

    def is_asked(self) -> bool:
        """Whether a look waits, which goes before a whole scan."""
        return bool(self._asked)

    @contextmanager
    def asked(self, roots: Collection[int]) -> Iterator[Collection[int]]:
        """Lets a look wait, as the object that it is known by from here on."""
        mine = frozenset(roots)
        with self._lock:
            self._asked.append(mine)
        try:
            yield mine
        finally:
            self.served([mine])

    def with_others(self, mine: Collection[int]) -> list[Collection[int]]:
        """All looks that wait, for who has the turn; none where another look has done `mine` along with its own."""
        with self._lock:
            return list(self._asked) if any(one is mine for one in self._asked) else []

    def served(self, looks: Collection[Collection[int]]) -> None:
        with self._lock:
            self._asked = [one for one in self._asked if all(one is not other for other in looks)]


class _GivesWay(Progress):
    """The progress of a whole scan, which stops where a look waits."""

    def __init__(self, of: Progress, is_asked: Callable[[], bool]) -> None:
        super().__init__()
        self._of, self._is_asked = of, is_asked
        self.gave_way = False

    def step(self, done: int | None = None, total: int | None = None, phase: str | None = None) -> None:
        self._of.step(done, total, phase)
        if self._is_asked():
            self.gave_way = True
            raise Cancelled


def scan(context: Context, progress: Progress, notify: Notify = lambda event: None) -> Report:
    """Scans every folder, once no other scan is at work anywhere. Raises Cancelled where it was stopped before its turn;
    a scan that was stopped later says so in its report."""
    seconds, read = 0.0, 0
    scans = context.scans
    try:
        while True:
            with scans.turn(progress):
                left = scans.left.every()
                gives_way = _GivesWay(progress, scans.is_asked)
                scanner = context.scanner(_but_its_end(notify, gives_way))
                report = scanner.run(gives_way, after=scans.cut_short)
                seconds, read = seconds + report.seconds, read + report.read_bytes
                if not gives_way.gave_way:
                    if not report.cancelled:
                        scans.left.done(left)
                        _look_at_what_was_left(context, notify)
                    report.seconds, report.read_bytes = seconds, read
                    return report
                scans.cut_short = scanner
    finally:
        scans.cut_short = None


def waits(context: Context) -> bool:
    """Whether a scan of this process waits for another one. The phase of its progress says so too."""
    return context.scans.waits


def look(
    context: Context, roots: Collection[int], progress: Progress, notify: Notify = lambda event: None,
    patience: float = PATIENCE,
) -> None:  # fmt: skip
    """Scans these folders alone, before what a whole scan of this process still has to do.

    Raises ScansElsewhere where another process scans for longer than that; it will look at them at its end.
    """
    if not roots:
        return
    scans = context.scans
    with scans.asked(roots) as mine:
        try:
            with scans.turn(progress, patience, goes_first=True):
                every = scans.with_others(mine)
                _look(context, frozenset().union(*every), progress, notify)
                scans.served(every)
            return
        except ScansElsewhere:
            scans.left.leave(roots)
        # It may have come to its end, and have looked for what is left, just before this was left.
        with scans.turn(progress, patience=0.0, goes_first=True):
            _look_at_what_was_left(context, notify)


def _look(context: Context, roots: Collection[int], progress: Progress, notify: Notify) -> None:
    """For who has the turn."""
    if not roots:
        return
    scanner, scans = context.scanner(notify), context.scans
    report = scanner.run(progress, roots, after=scans.cut_short)
    if scans.cut_short is not None:
        scans.cut_short = scanner
    if report.cancelled:
        raise Cancelled


def _look_at_what_was_left(context: Context, notify: Notify) -> None:
    """Looks for others that could not wait, whichever process they were."""
    left = context.scans.left.every()
    _look(context, frozenset().union(*left.values()), Progress(), notify)
    context.scans.left.done(left)


def _but_its_end(notify: Notify, gives_way: _GivesWay) -> Notify:
    """A scan that gives way has not ended: that is told once."""

    def told(event: Event) -> None:
        if not (isinstance(event, ScanFinished) and gives_way.gave_way):
            notify(event)

    return told
