"""What a long piece of work says on stderr while it lasts: one line that changes on a terminal, a line now and then else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from model_manager.actions import scanning
from model_manager.actions.scanning import ScansElsewhere
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _
from model_manager.jobs import Progress

EVERY = 10.0
"""Seconds between two lines where stderr is no terminal."""
_LEAST = 64 << 20
"""Bytes: less is read before a line about it."""


@contextmanager
def reading_told(clock: Callable[[], float] = time.monotonic) -> Iterator[Progress]:
    """The progress for work that reads files: it tells how far it is, from its first bytes on."""
    if sys.stderr.isatty():
        yield Progress(_on_terminal)
        print("\r\x1b[K", end="", file=sys.stderr)
    else:
        yield Progress(_Lines(clock))


@contextmanager
def scanning_told(app: App, phases: bool = False) -> Iterator[Progress]:
    """The progress for a scan: it tells once that it waits for another one, and on a terminal its `phases`."""
    terminal, told = sys.stderr.isatty(), False

    def tell(progress: Progress) -> None:
        nonlocal told
        if terminal and phases:
            print(f"\r\x1b[K{localised(progress.phase)} …", end="", file=sys.stderr, flush=True)
        elif scanning.waits(app) and not told:
            told = True
            print(f"{localised(progress.phase)} …", file=sys.stderr, flush=True)

    yield Progress(tell)
    if terminal and phases:
        print("\r\x1b[K", end="", file=sys.stderr)


def tell_unseen(busy: ScansElsewhere) -> None:
    """That the folders which were changed could not be looked at, and who will."""
    print(localised(busy), file=sys.stderr)


def _on_terminal(progress: Progress) -> None:
    if progress.total:
        print(f"\r\x1b[K{_how_far(progress)}", end="", file=sys.stderr, flush=True)


class _Lines:
    """A line at the beginning and every ten seconds. What is over at once says nothing."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        if progress.total < _LEAST or self._clock() < self._next:
            return
        self._next = self._clock() + EVERY
        print(_how_far(progress), file=sys.stderr, flush=True)


def _how_far(progress: Progress) -> str:
    return _("reading to be sure: {done} of {total} …").format(
        done=figures.size(progress.done), total=figures.size(progress.total)
    )
