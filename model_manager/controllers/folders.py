"""Settings, Folders: which places are watched, and the base folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from model_manager.actions import listing, roots
from model_manager.actions.roots import RootsChange
from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import ModelsChanged
from model_manager.base.localised import localised
from model_manager.base.text import _
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.messages import LookAgain, ScanWanted, StatusMessage
from model_manager.jobs import Latest
from model_manager.library.listing.model_json import Json


class FoldersView(Protocol):
    def show_roots(self, roots: list[Json], base_path: str, offer: str) -> None: ...


class FoldersController:
    """Every change runs in the background and is followed by a scan of what it touched."""

    def __init__(self, app: App, view: FoldersView, changes: ChangesController) -> None:
        self._app, self._view, self._changes = app, view, changes
        self._loading = Latest(app.jobs)

    def start(self) -> None:
        self._loading.start(_("Reading the folders"), "query", lambda progress: self._load(), self._show)

    def _show(self, found: _Roots) -> None:
        self._view.show_roots(found.roots, self._app.settings.values.base_path, found.offer)

    def add(self, path: str) -> None:
        self._change(lambda: roots.add(self._app, path))

    def remove(self, id_: str) -> None:
        self._change(lambda: roots.remove(self._app, id_))

    def ignore(self, id_: str) -> None:
        self._change(lambda: roots.ignore(self._app, id_))

    def move(self, id_: str, path: str) -> None:
        self._change(lambda: roots.move(self._app, id_, path))

    @property
    def kept(self) -> list[str]:
        """The folders whose copies always stay."""
        return self._app.settings.values.reference_folders

    def keep_copies(self, id_: str) -> None:
        """Makes a folder one whose copies always stay when duplicates are cleared, or an ordinary one again."""

        self._change(lambda: roots.keep_copies(self._app, id_))

    def set_base_path(self, path: str) -> None:
        self._change(lambda: roots.set_base_path(self._app, path))

    def plan_folders(self) -> None:
        """Plans the category folders; the person sees the plan before anything happens."""
        base = self._app.settings.values.base_path
        self._changes.plan(lambda way: roots.plan_category_folders(self._app, base))

    def _change(self, work: Callable[[], RootsChange]) -> None:
        def run(progress: object) -> _Roots:
            try:
                self._follow(work())
            except ModelManagerError as error:
                self._app.jobs.post(StatusMessage(localised(error)))
            return self._load()

        self._app.jobs.start(_("Changing the folders"), "query", run, self._show)

    def _follow(self, changed: RootsChange) -> None:
        """Tells which models are elsewhere, and has those folders scanned that the change is about."""
        if changed.models:
            self._app.jobs.post(ModelsChanged(tuple(changed.models)))
        self._app.jobs.post(ScanWanted() if changed.look is None else LookAgain(changed.look))

    def _load(self) -> _Roots:
        likely = os.path.join(os.path.expanduser("~"), "AI", "models")
        return _Roots(listing.roots_json(self._app), likely if os.path.isdir(likely) else "")


class _Roots:
    def __init__(self, roots: list[Json], offer: str) -> None:
        self.roots, self.offer = roots, offer
