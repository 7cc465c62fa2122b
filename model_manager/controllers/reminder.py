"""A word, once per start and at most once a week, on what this program put in the trash or set aside long ago."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from model_manager.app import App
from model_manager.base import figures
from model_manager.base.events import ScanFinished
from model_manager.base.text import _, ngettext

if TYPE_CHECKING:
    from model_manager.actions.history import Trashed

_DAY = 86_400
_WEEK = 7 * _DAY


@dataclass(frozen=True, slots=True)
class Due:
    """How many things lie there for longer than `days`, and the bytes that deleting them for good brings back."""

    count: int
    frees: int
    days: int


class ReminderView(Protocol):
    def remind(self, text: str) -> None: ...


class ReminderController:
    """Looks in the background once the first scan has ended; empties nothing."""

    def __init__(self, app: App, view: ReminderView) -> None:
        self._app, self._view = app, view
        self._looked = False

    def handle(self, message: object) -> None:
        if isinstance(message, ScanFinished) and not self._looked:
            self._looked = True
            self._look()

    def _look(self) -> None:
        values, now = self._app.settings.values, time.time()
        # A time that is still to come was written by a clock that went wrong: it must not silence this for years.
        told = 0 <= now - values.reminded_at < _WEEK
        if values.remind_after_days <= 0 or told:
            return

        def work(progress: object) -> Due | None:
            from model_manager.actions.history import in_trash

            if not self._app.paths.journal.exists():
                return None
            return due(in_trash(self._app), values.remind_after_days, now)

        self._app.jobs.start(
            _("Looking into the trash"), "query", work, lambda found: self.tell(found) if found else None
        )

    def tell(self, found: Due) -> None:
        """Says it, and remembers when."""
        self._app.settings.values.reminded_at = time.time()
        self._app.jobs.start(_("Saving settings"), "query", lambda progress: self._app.settings.save())
        self._view.remind(
            ngettext(
                "{n} thing that this program cleared away more than {days} days ago still takes {size}.",
                "{n} things that this program cleared away more than {days} days ago still take {size}.",
                found.count,
                days=str(found.days),
                size=figures.size(found.frees),
            )
        )


def due(items: Iterable[Trashed], days: int, now: float) -> Due | None:
    """What still lies there after so many days and takes room; None when there is nothing."""
    old = [item for item in items if item.where == "trash" and item.frees > 0 and item.at <= now - days * _DAY]
    if not old:
        return None
    return Due(len({(item.operation, item.unit) for item in old}), sum(item.frees for item in old), days)
