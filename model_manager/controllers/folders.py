"""Settings, Folders: which places are watched, and the base folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Protocol

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import ModelsChanged
from model_manager.base.localised import localised
from model_manager.base.text import _
from model_manager.controllers.changes import Changes
from model_manager.controllers.messages import Said, ScanWanted
from model_manager.jobs import Latest
from model_manager.library.labels.categories import slugs
from model_manager.library.labels.category_folders import plan_category_folders
from model_manager.library.listing.present import Json, roots_json
from model_manager.library.scan import watch
from model_manager.operations import Plan
from model_manager.operations.draft import Way


class FoldersView(Protocol):
    def show_roots(self, roots: list[Json], base_path: str, offer: str) -> None: ...


class Folders:
    """Every change runs in the background and is followed by a scan of what it touched."""

    def __init__(self, app: App, view: FoldersView, changes: Changes) -> None:
        self._app, self._view, self._changes = app, view, changes
        self._loading = Latest(app.jobs)

    def start(self) -> None:
        self._loading.start(_("Reading the folders"), "query", lambda progress: self._load(), self._show)

    def _show(self, found: _Roots) -> None:
        self._view.show_roots(found.roots, self._app.settings.values.base_path, found.offer)

    def add(self, path: str) -> None:
        def change() -> None:
            watch.must_be_meant(path)
            watch.add_root(self._app.database, path)

        self._change(change)

    def remove(self, id_: str) -> None:
        self._change(lambda: self._have_gone(watch.remove_root(self._app.database, id_)[1]))

    def ignore(self, id_: str) -> None:
        self._change(lambda: self._have_gone(watch.ignore_root(self._app.database, id_)))

    def move(self, id_: str, path: str) -> None:
        self._change(lambda: watch.move_root(self._app.database, id_, path))

    @property
    def kept(self) -> list[str]:
        """The folders whose copies always stay."""
        return self._app.settings.values.reference_folders

    def keep_copies(self, id_: str) -> None:
        """Makes a folder one whose copies always stay when duplicates are cleared, or an ordinary one again."""

        def work() -> None:
            path = watch.named(self._app.database, id_).path
            kept = self._app.settings.values.reference_folders
            self._app.settings.values.reference_folders = (
                [one for one in kept if one != path] if path in kept else [*kept, path]
            )
            self._app.settings.save()

        self._change(work)

    def set_base_path(self, path: str) -> None:
        def work() -> None:
            watch.set_base_path(self._app.database, self._app.settings, path)

        self._change(work)

    def plan_folders(self) -> None:
        """Plans the category folders; the person sees the plan before anything happens."""
        base = self._app.settings.values.base_path

        def make(way: Way) -> Plan:
            return plan_category_folders(base, slugs(self._app.database), self._app.paths, self._app.volumes)

        self._changes.plan(make)

    def _change(self, work: Callable[[], object]) -> None:
        def run(progress: object) -> _Roots:
            try:
                work()
            except ModelManagerError as error:
                self._app.jobs.post(Said(localised(error)))
            self._app.jobs.post(ScanWanted())
            return self._load()

        self._app.jobs.start(_("Changing the folders"), "query", run, self._show)

    def _have_gone(self, ids: Iterable[int]) -> None:
        """The next scan finds nothing changed: what it would compare with is gone from the catalogue already."""
        self._app.jobs.post(ModelsChanged(tuple(ids)))

    def _load(self) -> _Roots:
        likely = os.path.join(os.path.expanduser("~"), "AI", "models")
        return _Roots(roots_json(self._app.database), likely if os.path.isdir(likely) else "")


class _Roots:
    def __init__(self, roots: list[Json], offer: str) -> None:
        self.roots, self.offer = roots, offer
