"""Health: models with something wrong, leftovers, and what could not be read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from model_manager.actions import health, listing, removal
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.events import ModelsChanged
from model_manager.base.localised import localised
from model_manager.base.text import _, ngettext, short_path, shown
from model_manager.catalog.leftovers import LeftoverRow
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.messages import FilesRead, StatusMessage
from model_manager.controllers.removing import without_what_is_gone
from model_manager.jobs import Latest, Progress
from model_manager.library.clean.leftovers import called
from model_manager.library.labels.sources import again
from model_manager.library.labels.verdicts import VERDICTS
from model_manager.library.scan import watch
from model_manager.operations import Plan
from model_manager.stores.walk.running_downloads import may_be_under_way


def _kinds() -> dict[str, str]:
    return {
        "orphan": _("Orphans"), "partial": _("Unfinished downloads"), "archive": _("Unpacked archives"),
        "training-leftover": _("Training leftovers"), "detached-revision": _("Revisions without a name"),
        "empty-folder": _("Empty folders"),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One row of a section; `id` is the model's when it is one, `leftover` the path of what no tool lists."""

    title: str
    size: str
    why: str
    path: str
    id: int | None = None
    leftover: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    summary: str
    lines: tuple[HealthLine, ...]


class HealthView(Protocol):
    def show_sections(self, sections: list[Section]) -> None: ...


class HealthController:
    def __init__(self, app: App, view: HealthView, changes: ChangesController) -> None:
        self._app, self._view, self._changes = app, view, changes
        self._loading = Latest(app.jobs)

    def start(self) -> None:
        """Loads in the background."""
        self._loading.start(_("Reading health"), "lists", self._load, self._view.show_sections)

    def leave(self) -> None:
        """Nobody looks at it any more: what is being loaded is not wanted."""
        self._loading.drop()

    def check_deep(self, ids: Sequence[int] = ()) -> None:
        """Reads every byte of these models, of all without; what was read before and stayed is not read again."""

        def work(progress: Progress) -> str:
            wanted = list(ids) or listing.all_ids(self._app)
            try:
                done = health.check_every_byte(self._app, wanted, progress)
                words = ngettext(
                    "{n} file was read to its last byte.", "{n} files were read to their last byte.", done.files
                )
                if done.kept:
                    words += " " + ngettext(
                        "{n} was read before and stayed.", "{n} were read before and stayed.", done.kept
                    )
                self._app.jobs.post(StatusMessage(words))
                return words
            finally:
                self._app.jobs.post(ModelsChanged(tuple(wanted)))
                self._app.jobs.post(FilesRead())

        self._app.jobs.start(_("Reading every byte"), "hash", work, lambda words: self.start(), self.start)

    def clear_away(self, lines: Sequence[HealthLine]) -> None:
        """Plans that these go; the review asks."""
        ids = tuple(line.id for line in lines if line.id is not None)
        leftovers = tuple(line.leftover for line in lines if line.leftover)

        def make(way: removal.Way) -> Plan:
            return without_what_is_gone(
                self._app, lambda: removal.plan_chosen(self._app, ids, (), leftovers, way)
            )  # fmt: skip

        self._changes.plan(make, ways=True)

    def _load(self, progress: Progress) -> list[Section]:
        home = os.path.expanduser("~")
        found = health.health(self._app, progress)
        rests, unread, unasked = found.rests, found.unread, found.not_found
        sections = []
        by_verdict: dict[str, list[HealthLine]] = {}
        for id_, name, verdict, detail, code, size, path in found.sick:
            why = detail or _("names code: {names}").format(names=", ".join(code))
            if where := again(found.sources.get(id_)):
                why = f"{why}; {where}"
            heading = _(VERDICTS.get(verdict, verdict)) if verdict not in ("good", "unknown") else _("names code")
            by_verdict.setdefault(heading, []).append(
                HealthLine(shown(name), figures.size(size), localised(why), short_path(path, home), id_)
            )
        for verdict, lines in by_verdict.items():
            sections.append(Section(verdict[:1].upper() + verdict[1:], f"{len(lines)}", tuple(lines)))
        by_kind: dict[str, list[LeftoverRow]] = {}
        for row in rests.flagged:
            by_kind.setdefault(row.kind, []).append(row)
        for kind, rows in by_kind.items():
            lines = [_leftover(row) for row in rows]
            total = figures.size(sum(row.bytes for row in rows))
            sections.append(Section(_kinds().get(kind, kind), f"{len(rows)} · {total}", tuple(lines)))
        if rests.unclear:
            lines = [replace(_leftover(row), why=localised(why), leftover="") for row, why in rests.unclear]
            sections.append(Section(_("May be needed elsewhere"), f"{len(lines)}", tuple(lines)))
        if unasked or unread:
            lines = [HealthLine(watch.label_of(tool), "", localised(why), "") for tool, why in unasked]
            lines += [
                HealthLine(shown(path.rsplit("/", 1)[-1]), "", localised(why), short_path(path, home))
                for path, _kind, why in unread
            ]
            sections.append(Section(_("Could not be read"), f"{len(lines)}", tuple(lines)))
        return sections


def _leftover(row: LeftoverRow) -> HealthLine:
    why = f"{watch.label_of(row.tool)}: {localised(row.of)}"
    if row.kind == "partial" and (fresh := may_be_under_way(row.path)):
        why = f"{why}; {localised(fresh)}"
    path = short_path(row.path, os.path.expanduser("~"))
    return HealthLine(shown(called(row)), figures.size(row.bytes), why, path, None, row.path)
