"""The library: which rows are shown, in which order, what is told of the chosen ones."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from model_manager.actions import labels, listing
from model_manager.actions import roots as folders
from model_manager.actions.labels import Words
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import ChangedElsewhere, ModelsChanged, RootsChanged, ScanFinished
from model_manager.base.localised import localised
from model_manager.base.text import _, ngettext, shown
from model_manager.catalog.room import Room
from model_manager.catalog.rows import Row
from model_manager.controllers import twins
from model_manager.controllers.changes import Choices
from model_manager.controllers.messages import DetailsStale, LookAgain, RemovedHere, Said
from model_manager.controllers.places_shown import counted
from model_manager.controllers.removing import choices_of, plan_of
from model_manager.controllers.row_order import ordered
from model_manager.controllers.twins import Twins
from model_manager.jobs import Job, JobChanged
from model_manager.library.labels.categories import CATEGORIES
from model_manager.library.listing.opened import Opened
from model_manager.library.listing.present import Json
from model_manager.library.listing.query import Query

if TYPE_CHECKING:
    from model_manager.actions.planning import Way
    from model_manager.operations import Plan

_NOTICED = 60.0
"""Seconds in which a file that a scan could not take for gone is no reason for another one."""
_OVER = ("done", "cancelled", "failed")
_LATER = 5.0
"""Seconds until what could not be loaded is asked for again."""


class LibraryView(Protocol):
    """What the screen must offer."""

    def show_rows(self, rows: list[Row], next_one: bool) -> None: ...

    """`next_one`: where all that was chosen has gone, the row behind it may be chosen."""

    def show_places(
        self, categories: list[tuple[str, str, int, int]], tools: list[tuple[str, str, int, int]]
    ) -> None: ...
    def show_totals(self, text: str) -> None: ...
    def show_details(self, details: Json | None, count: int, size: int) -> None: ...
    def show_query_problem(self, text: str) -> None: ...
    def show_model(self, id_: int) -> None: ...
    def say(self, text: str) -> None: ...


class Library:
    """`handle` is called on the window's thread for every message; everything slow runs in the lane `query`."""

    def __init__(self, app: App, view: LibraryView) -> None:
        self._app, self._view = app, view
        self.rows: list[Row] = []
        self.shown: list[Row] = []
        self.search = self._understood = ""
        """What was typed, and the last of it that could be understood."""
        self.chips: set[str] = set()
        self.place: tuple[str, str] = ("all", "")
        self.sort: tuple[str, bool] = ("size", True)
        self.selected: set[Hashable] = set()
        self._slugs: list[str] = [slug for slug, _name in CATEGORIES]
        self._pending: set[int] | None = set()
        self._busy = False
        self._loaded_at = 0.0
        self._query = Query("", ())
        self._bytes = self._sick = self._there = 0
        self._loading: Job | None = None
        self._failed = False
        """Whether the last loading failed, which was told then."""
        self._away: frozenset[tuple[int, str]] = frozenset()
        """The folders that cannot be looked at now, and why."""
        self._noticed: dict[str, float] = {}
        """Paths that were found missing, and when."""
        self._card_is_old = False
        """Whether what the card shows is to be read again once the rows are."""
        self._opened = ""
        """The file whose card is shown although it lies in no folder that is watched."""
        self._removed: set[int] = set()
        """Models that were cleared away in this window and may be listed still."""

    def start(self) -> None:
        """Loads every row."""
        self._pending = None
        self._load()

    def handle(self, message: object) -> None:
        if isinstance(message, ModelsChanged):
            if self._pending is not None:
                self._pending.update(message.ids)
            self.tick()
        elif isinstance(message, JobChanged) and message.job is self._loading and message.state == "failed":
            self._busy, self._pending = False, None
            self._loaded_at = time.monotonic() + _LATER  # the same again, but not at once
            self._failed = True
        elif isinstance(message, JobChanged) and message.job.lane == "hash" and message.state in _OVER:
            self._look_for_copies()  # what was read tells
        elif isinstance(message, RemovedHere):
            self._removed |= message.ids
        elif isinstance(message, RootsChanged):
            self._look_at_roots()
        elif isinstance(message, JobChanged) and message.job.lane == "query" and message.state == "done":
            result = message.job.result
            if isinstance(result, _Away) and result.roots != self._away:
                self._away, self._pending = result.roots, None
                self.tick()
                if len(self.selected) == 1 and not self._opened:
                    self.select(self.selected)  # its card offers what can be done where it lies now
            if isinstance(result, _Loaded):
                self._take(result)
            elif isinstance(result, Twins):
                self._take_twins(result)
            elif isinstance(result, dict) and "evidence" in result:
                self._details(result)
            elif isinstance(result, Opened):
                self._show_opened(result)
        elif isinstance(message, ChangedElsewhere):
            self._pending, self._card_is_old = None, True
            self.tick()
        elif isinstance(message, ScanFinished):
            self._look_at_roots()
            self._look_for_copies()
            if message.models != len(self.rows):  # another process has scanned meanwhile: ours found nothing changed
                self._pending = None
                self.tick()
            if self._opened:
                self.open_file(self._opened)  # the scan may have found it

    def tick(self) -> None:
        """Loads what has changed, four times a second at most."""
        if not self._busy and (self._pending is None or self._pending) and time.monotonic() - self._loaded_at > 0.25:
            self._load()

    def find(self, text: str) -> None:
        self.search = text
        self._filter()

    def toggle_chip(self, query: str) -> None:
        self.chips ^= {query}
        self._filter()

    def choose_place(self, kind: str, value: str) -> None:
        """`all`, `category` with a slug, or `tool` with its name."""
        self.place = (kind, value)
        self._filter()

    def sort_by(self, column: str, descending: bool) -> None:
        self.sort = (column, descending)
        self._pending = self._pending if self._pending is None else set(self._pending)
        self._order_in_background()

    def open_file(self, path: str) -> None:
        """Chooses the model that this file belongs to; one that the library has not gets a card by its header."""

        def work(progress: object) -> Opened | None:
            try:
                return listing.open_file(self._app, path)
            except ModelManagerError as error:
                self._app.jobs.post(Said(localised(error)))
                return None

        self._app.jobs.start(_("Opening a file"), "query", work)

    def watch_folder_of_opened(self) -> None:
        """Watches the folder of the file that is shown by its header alone, from now on."""
        path = self._opened

        def work(progress: object) -> None:
            try:
                changed = folders.add(self._app, os.path.dirname(path))
            except ModelManagerError as error:
                self._app.jobs.post(Said(localised(error)))
            else:
                self._app.jobs.post(LookAgain(changed.look or frozenset()))

        self._app.jobs.start(_("Changing the folders"), "query", work)

    def _show_opened(self, found: Opened) -> None:
        if found.id is not None:
            self._opened = ""
            self._view.show_model(found.id)
        elif found.card is not None:
            self.selected, self._opened = set(), found.path
            self._view.show_details(found.card, 1, found.card["model"]["size"])

    def select(self, ids: set[Hashable]) -> None:
        self.selected, self._opened = ids, ""
        if len(ids) == 1:
            (id_,) = ids
            self._app.jobs.start(_("Reading details"), "query", lambda progress: self._read_details(int(str(id_))))
        else:
            chosen = [row for row in self.rows if row.id in ids]
            self._view.show_details(None, len(chosen), Room(chosen).bytes)

    def _read_details(self, id_: int) -> Json | None:
        self._notice_what_went(id_)
        try:
            card, states = listing.show(self._app, id_)
            return card | {"states": states}
        except ModelManagerError:  # it went since the rows were read: they are read again
            self._app.jobs.post(ChangedElsewhere())
            return None

    def _notice_what_went(self, id_: int) -> None:
        """One look at each place of a model whose card is opened; what is not there is scanned again, once a minute."""
        lost = listing.what_went(self._app, id_)
        now = time.monotonic()
        fresh = [one for one in lost if now - self._noticed.get(one.path, -_NOTICED) >= _NOTICED]
        self._noticed.update((one.path, now) for one in fresh)
        if fresh:
            self._app.jobs.post(LookAgain(frozenset(one.root for one in fresh)))

    def _look_at_roots(self) -> None:
        """What is on a drive that was unplugged is no longer there, and what came back is: no model has changed by that."""

        def work(progress: object) -> _Away:
            return _Away(frozenset((root.id, root.state) for root in listing.away(self._app)))

        self._app.jobs.start(_("Looking at the folders"), "query", work)

    def _look_for_copies(self) -> None:
        rows = self.rows
        self._app.jobs.start(_("Looking for copies"), "query", lambda progress: twins.look(self._app, rows), quiet=True)

    def _take_twins(self, found: Twins) -> None:
        if self._busy or self.rows is not found.before:
            self._look_for_copies()  # behind what is being loaded
        elif found.news:
            self.rows = self.shown = found.after
            self._query = Query("", ())
            self._filter()

    def set_category(self, ids: set[Hashable], slug: str | None) -> None:
        self._change(ids, Words(category=slug or ""))

    def tag(self, ids: set[Hashable], add: list[str], remove: list[str]) -> None:
        self._change(ids, Words(add=add, remove=remove))

    def set_note(self, id_: int, note: str) -> None:
        self._change({id_}, Words(note=note))

    def set_pinned(self, ids: set[Hashable], pinned: bool) -> None:
        self._change(ids, Words(pinned=pinned))

    def removal(self, ids: tuple[int, ...], places: tuple[int, ...] = ()) -> Callable[[Way], Plan]:
        """How to plan that these models, or only these places, go."""
        return lambda way: plan_of(self._app, ids, places, way)

    def choices(self, id_: int, place: int | None = None) -> Choices:
        """What else may be meant; see `removing`."""
        return choices_of(self._app, id_, place)

    def categories(self) -> list[str]:
        return self._slugs

    def _change(self, ids: set[Hashable], wanted: Words) -> None:
        chosen = tuple(int(str(id_)) for id_ in ids)

        def run(progress: object) -> None:
            try:
                labels.change(self._app, chosen, wanted)
            except ModelManagerError as error:
                self._app.jobs.post(Said(localised(error)))
            self._app.jobs.post(ModelsChanged(chosen))
            self._app.jobs.post(DetailsStale())

        self._app.jobs.start(_("Noting"), "query", run)

    def _load(self) -> None:
        ids, self._pending, self._busy = self._pending, set(), True
        before, sort = self.rows, self.sort

        def work(progress: object) -> _Loaded:
            if ids is None:
                found = listing.rows(self._app)
            else:
                wanted, read = listing.rows_again(self._app, ids)
                fresh = {row.id: row for row in read}
                known = {row.id: row.copies for row in before if row.id in wanted}
                kept = [row for row in before if row.id not in wanted]
                found = kept + [row._replace(copies=known.get(row.id, 0)) for row in fresh.values()]
            return _Loaded(ordered(found, sort), labels.slugs(self._app))

        self._loading = self._app.jobs.start(_("Loading the library"), "query", work, quiet=self._failed)

    def _order_in_background(self) -> None:
        rows, sort = self.rows, self.sort
        known = self._slugs
        self._busy = True
        self._loading = self._app.jobs.start(
            _("Sorting"), "query", lambda progress: _Loaded(ordered(rows, sort), known)
        )

    def _take(self, loaded: _Loaded) -> None:
        next_one = self._was_removed_here(loaded.rows)
        self.rows, self._slugs, self._failed = loaded.rows, loaded.slugs, False
        self._busy, self._loaded_at = False, time.monotonic() if self.rows else 0.0  # the first rows never wait
        self.shown, self._query = self.rows, Query("", ())
        there = [row for row in self.rows if not row.away]
        self._there, self._bytes = len(there), Room(there).bytes
        self._sick = sum([row.verdict not in ("good", "unknown") for row in there])
        self._view.show_places(*counted(there, self._slugs))
        self._filter(next_one)
        if self._card_is_old and self._pending is not None:
            self._card_is_old = False
            self._read_card_again()
        self.tick()

    def _was_removed_here(self, now: list[Row]) -> bool:
        """Whether the row behind the chosen ones may be chosen, should all of these have gone: only where they were cleared
        away in this window. Else the next press of a key would be about a model that nobody chose; it is said that they went."""
        there = {row.id for row in now}
        gone = {row.id: row.name for row in self.rows if row.id in self.selected and row.id not in there}
        elsewhere = [name for id_, name in gone.items() if id_ not in self._removed]
        self._removed &= there
        if elsewhere and len(elsewhere) < 2:
            text = _("{name} is not in the library any more.").format(name=shown(elsewhere[0]))
            self._app.jobs.post(Said(text))
        elif elsewhere:
            text = ngettext("{n} of the chosen models is not in the library any more.",
                            "{n} of the chosen models are not in the library any more.", len(elsewhere))  # fmt: skip
            self._app.jobs.post(Said(text))
        return not elsewhere

    def _read_card_again(self) -> None:
        """Of the one chosen model, if it is still listed."""
        if len(self.selected) == 1 and not self._opened and self.selected <= {row.id for row in self.rows}:
            self.select(self.selected)

    def _filter(self, next_one: bool = False) -> None:
        problem = ""
        try:
            query = self._query_of(self.search)
            self._understood = self.search
        except ModelManagerError as error:
            problem = _("{term}: {why}. The list stays as it was until then.")
            problem = problem.format(term=shown(error.path), why=localised(error.reason))
            query = self._query_of(self._understood)
        self._view.show_query_problem(problem)
        self.shown = query.of(self.shown if query.narrows(self._query) else self.rows)
        self._query = query
        self._view.show_rows(self.shown, next_one)
        self._say_totals()

    def _query_of(self, search: str) -> Query:
        kind, value = self.place
        terms = [search, *sorted(self.chips), f"{kind}:{value}" if kind in ("category", "tool") else ""]
        return Query(" ".join(term for term in terms if term), {*self._slugs, "diffusion"})

    def _say_totals(self) -> None:
        sick = self._sick
        size = figures.size(self._bytes)
        parts = [ngettext("{n} model, {size} on disk", "{n} models, {size} on disk", self._there, size=size)]
        if away := len(self.rows) - self._there:
            parts.append(_("{n} not there now").format(n=figures.count(away)))
        if len(self.shown) != len(self.rows):
            there = Room(row for row in self.shown if not row.away)
            parts.append(
                _("{n} shown, {size}").format(n=figures.count(len(self.shown)), size=figures.size(there.bytes))
            )
        if sick:
            parts.append(_("{n} sick").format(n=sick))
        self._view.show_totals(" · ".join(parts))

    def _details(self, details: Json) -> None:
        model = details["model"]
        if {int(model["id"][1:])} == {int(str(id_)) for id_ in self.selected}:
            self._view.show_details(details, 1, model["size"])


@dataclass(frozen=True, slots=True)
class _Away:
    roots: frozenset[tuple[int, str]]


class _Loaded:
    def __init__(self, rows: list[Row], known: list[str]) -> None:
        self.rows, self.slugs = rows, known
