"""The rows of the library: read, put in order and read again in the background; only the newest reading is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from model_manager.actions import labels, listing
from model_manager.app import App
from model_manager.base.text import _
from model_manager.catalog.rows import Row
from model_manager.controllers import copy_counts
from model_manager.controllers.copy_counts import CopyCounts
from model_manager.controllers.row_order import ordered
from model_manager.jobs import Latest
from model_manager.library.labels.categories import CATEGORIES

_EVERY = 0.25
"""Seconds between two readings of what changed by itself."""
_LATER = 5.0
"""Seconds until what could not be loaded is asked for again."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rows in their order, and the names of all categories there are."""

    rows: list[Row]
    slugs: list[str]


class LibraryRows:
    """`took(before)` is called when the rows are others now, `marked()` when only what is known of their copies is."""

    def __init__(self, app: App, took: Callable[[list[Row]], None], marked: Callable[[], None]) -> None:
        self._app, self._took, self._marked = app, took, marked
        self.all: list[Row] = []
        self.slugs: list[str] = [slug for slug, _name in CATEGORIES]
        self.sort: tuple[str, bool] = ("size", True)
        """The column, and whether it falls."""
        self._stale: set[int] | None = set()
        """Models whose rows are not as the catalogue has them by now; None: all."""
        self._asked: set[int] | None = set()
        """Of these, the ones that are being read."""
        self._loading, self._looking = Latest(app.jobs), Latest(app.jobs)
        self._not_before = 0.0
        self._failed = False
        """Whether the last loading failed, which was told then."""

    @property
    def all_are_stale(self) -> bool:
        return self._stale is None

    def load(self) -> None:
        """Reads every row now."""
        self._stale = None
        self._load()

    def outdate(self, ids: Iterable[int] | None = None) -> None:
        """These rows have changed, all without: read again at the next `tick` that may."""
        if ids is None:
            self._stale = None
        elif self._stale is not None:
            self._stale.update(ids)

    def tick(self) -> None:
        """Reads what has changed, four times a second at most."""
        due = self._stale is None or bool(self._stale)
        if due and not self._loading.is_running and time.monotonic() > self._not_before:
            self._load()

    def sort_by(self, column: str, descending: bool) -> None:
        """Another order. What is being read meanwhile is read for that order: its rows in the old one are not wanted."""
        self.sort = (column, descending)
        self._load()

    def look_for_copies(self) -> None:
        """Which rows have copies is asked anew: what was read elsewhere changes that."""
        rows = self.all
        self._looking.start(
            _("Looking for copies"),
            "query",
            lambda progress: copy_counts.look(self._app, rows),
            self._take_twins,
            quiet=True,
        )

    def _load(self) -> None:
        wanted = _both(self._stale, self._asked if self._loading.is_running else set())
        self._asked, self._stale = wanted, set()
        before, sort, known = self.all, self.sort, self.slugs

        def work(progress: object) -> Loaded:
            if wanted is not None and not wanted:
                return Loaded(ordered(before, sort), known)
            return Loaded(ordered(_read(self._app, before, wanted), sort), labels.slugs(self._app))

        title = _("Loading the library") if wanted is None or wanted else _("Sorting")
        self._loading.start(title, "query", work, self.take, self._fail, quiet=self._failed)

    def take(self, loaded: Loaded) -> None:
        """These are the rows from now on."""
        before, self.all, self.slugs = self.all, loaded.rows, loaded.slugs
        self._failed = False
        self._took(before)
        self._not_before = time.monotonic() + _EVERY if self.all else 0.0  # the first rows never wait
        self.tick()

    def _fail(self) -> None:
        self._stale, self._failed = None, True
        self._not_before = time.monotonic() + _LATER  # the same again, but not at once

    def _take_twins(self, found: CopyCounts) -> None:
        if self._loading.is_running or self.all is not found.before:
            self.look_for_copies()  # behind what is being loaded
        elif found.news:
            self.all = found.after
            self._marked()


def _both(some: set[int] | None, others: set[int] | None) -> set[int] | None:
    return None if some is None or others is None else some | others


def _read(app: App, before: list[Row], ids: set[int] | None) -> list[Row]:
    """The rows as the catalogue has them, of these models or of all. What is known of copies is kept until that is asked."""
    if ids is None:
        return listing.rows(app)
    wanted, read = listing.rows_again(app, ids)
    copies = {row.id: row.copies for row in before if row.id in wanted}
    kept = [row for row in before if row.id not in wanted]
    return kept + [row._replace(copies=copies.get(row.id, 0)) for row in read]
