"""The library: which rows are shown, in which order, what is told of the chosen ones."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Protocol

from model_manager.actions import listing
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import ChangedElsewhere, ModelsChanged, RootsChanged, ScanFinished
from model_manager.base.localised import localised
from model_manager.base.text import _, ngettext, shown
from model_manager.catalog.disk_use import DiskUse
from model_manager.catalog.rows import Row
from model_manager.controllers.card import CardController
from model_manager.controllers.changes import Choices
from model_manager.controllers.library_rows import LibraryRows
from model_manager.controllers.messages import FilesRead, RemovedHere, StatusMessage
from model_manager.controllers.places_shown import counts_of
from model_manager.controllers.removing import choices_of, plan_of
from model_manager.controllers.user_labels import LabelsController
from model_manager.jobs import Latest
from model_manager.library.listing.model_json import Json
from model_manager.library.listing.opened_file import OpenedFile
from model_manager.library.listing.query import Query

if TYPE_CHECKING:
    from model_manager.actions.planning import Way
    from model_manager.operations import Plan


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


class LibraryController:
    """`handle` is called on the window's thread for every message; everything slow runs in the lane `query`."""

    def __init__(self, app: App, view: LibraryView) -> None:
        self._app, self._view = app, view
        self._rows = LibraryRows(app, self._take, self._show_all)
        self._card = CardController(app, self._show_card, self._show_opened)
        self.shown: list[Row] = []
        self.search = self._understood = ""
        """What was typed, and the last of it that could be understood."""
        self.chips: set[str] = set()
        self.place: tuple[str, str] = ("all", "")
        self.selected: set[Hashable] = set()
        self._query = Query("", ())
        self._bytes = self._sick = self._there = 0
        self._asking_roots = Latest(app.jobs)
        self._away: frozenset[tuple[int, str]] = frozenset()
        """The folders that cannot be looked at now, and why."""
        self._card_is_old = False
        """Whether what the card shows is to be read again once the rows are."""
        self._removed: set[int] = set()
        """Models that were cleared away in this window and may be listed still."""
        self.tick, self.sort_by = self._rows.tick, self._rows.sort_by
        words = LabelsController(app)
        self.set_category, self.tag, self.set_note = words.set_category, words.tag, words.set_note
        self.set_pinned = words.set_pinned
        self.open_file, self.watch_folder_of_opened = self._card.open_file, self._card.watch_folder

    @property
    def rows(self) -> list[Row]:
        return self._rows.all

    @property
    def sort(self) -> tuple[str, bool]:
        """The column that the rows are in the order of, and whether it falls."""
        return self._rows.sort

    @sort.setter
    def sort(self, sort: tuple[str, bool]) -> None:
        self._rows.sort = sort

    def start(self) -> None:
        """Loads every row."""
        self._rows.load()

    def handle(self, message: object) -> None:
        if isinstance(message, ModelsChanged):
            self._rows.outdate(message.ids)
            self.tick()
        elif isinstance(message, FilesRead):
            self._rows.look_for_copies()
        elif isinstance(message, RemovedHere):
            self._removed |= message.ids
        elif isinstance(message, RootsChanged):
            self._look_at_roots()
        elif isinstance(message, ChangedElsewhere):
            self._card_is_old = True
            self._read_all_again()
        elif isinstance(message, ScanFinished):
            self._take_scan(message)

    def _read_all_again(self) -> None:
        self._rows.outdate()
        self.tick()

    def _take_scan(self, scan: ScanFinished) -> None:
        self._look_at_roots()
        self._rows.look_for_copies()
        if scan.models != len(self.rows):  # another process has scanned meanwhile: ours found nothing changed
            self._read_all_again()
        if self._card.file:
            self.open_file(self._card.file)  # the scan may have found it

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

    def select(self, ids: set[Hashable]) -> None:
        self.selected = ids
        self._card.choose(ids)
        if len(ids) != 1:
            chosen = [row for row in self.rows if row.id in ids]
            self._view.show_details(None, len(chosen), DiskUse(chosen).bytes)

    def _show_card(self, details: Json) -> None:
        self._view.show_details(details, 1, details["model"]["size"])

    def _show_opened(self, found: OpenedFile) -> None:
        if found.id is not None:
            self._view.show_model(found.id)
        elif found.card is not None:
            self.selected = set()
            self._view.show_details(found.card, 1, found.card["model"]["size"])

    def _look_at_roots(self) -> None:
        """What is on a drive that was unplugged is no longer there, and what came back is: no model has changed by that."""

        def work(progress: object) -> frozenset[tuple[int, str]]:
            return frozenset((root.id, root.state) for root in listing.away(self._app))

        self._asking_roots.start(_("Looking at the folders"), "query", work, self._take_away)

    def _take_away(self, away: frozenset[tuple[int, str]]) -> None:
        if away == self._away:
            return
        self._away = away
        self._read_all_again()
        if len(self.selected) == 1 and not self._card.file:
            self.select(self.selected)  # its card offers what can be done where it lies now

    def removal(self, ids: tuple[int, ...], places: tuple[int, ...] = ()) -> Callable[[Way], Plan]:
        """How to plan that these models, or only these places, go."""
        return lambda way: plan_of(self._app, ids, places, way)

    def choices(self, id_: int, place: int | None = None) -> Choices:
        """What else may be meant; see `removing`."""
        return choices_of(self._app, id_, place)

    def categories(self) -> list[str]:
        return self._rows.slugs

    def _take(self, before: list[Row]) -> None:
        next_one = self._was_removed_here(before)
        there = [row for row in self.rows if not row.away]
        self._there, self._bytes = len(there), DiskUse(there).bytes
        self._sick = sum([row.verdict not in ("good", "unknown") for row in there])
        self._view.show_places(*counts_of(there, self.categories()))
        self._show_all(next_one)
        if self._card_is_old and not self._rows.all_are_stale:
            self._card_is_old = False
            self._read_card_again()

    def _show_all(self, next_one: bool = False) -> None:
        """What is shown of rows that are others now: nothing of what was found among the ones before holds."""
        self.shown, self._query = self.rows, Query("", ())
        self._filter(next_one)

    def _was_removed_here(self, before: list[Row]) -> bool:
        """Whether the row behind the chosen ones may be chosen, should all of these have gone: only where they were cleared
        away in this window. Else the next press of a key would be about a model that nobody chose; it is said that they went."""
        there = {row.id for row in self.rows}
        gone = {row.id: row.name for row in before if row.id in self.selected and row.id not in there}
        elsewhere = [name for id_, name in gone.items() if id_ not in self._removed]
        self._removed &= there
        if elsewhere and len(elsewhere) < 2:
            text = _("{name} is not in the library any more.").format(name=shown(elsewhere[0]))
            self._app.jobs.post(StatusMessage(text))
        elif elsewhere:
            text = ngettext("{n} of the chosen models is not in the library any more.",
                            "{n} of the chosen models are not in the library any more.", len(elsewhere))  # fmt: skip
            self._app.jobs.post(StatusMessage(text))
        return not elsewhere

    def _read_card_again(self) -> None:
        """Of the one chosen model, if it is still listed."""
        if len(self.selected) == 1 and not self._card.file and self.selected <= {row.id for row in self.rows}:
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
        return Query(" ".join(term for term in terms if term), {*self._rows.slugs, "diffusion"})

    def _say_totals(self) -> None:
        sick = self._sick
        size = figures.size(self._bytes)
        parts = [ngettext("{n} model, {size} on disk", "{n} models, {size} on disk", self._there, size=size)]
        if away := len(self.rows) - self._there:
            parts.append(_("{n} not there now").format(n=figures.count(away)))
        if len(self.shown) != len(self.rows):
            there = DiskUse(row for row in self.shown if not row.away)
            parts.append(
                _("{n} shown, {size}").format(n=figures.count(len(self.shown)), size=figures.size(there.bytes))
            )
        if sick:
            parts.append(_("{n} sick").format(n=sick))
        self._view.show_totals(" · ".join(parts))
