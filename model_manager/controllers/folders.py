"""Settings, Folders: which places are watched, and the base folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.text import _
from model_manager.controllers.library import Said
from model_manager.jobs import JobChanged, Progress
from model_manager.library import watch
from model_manager.library.categories import slugs
from model_manager.library.category_folders import plan_category_folders
from model_manager.library.present import Json, roots_json
from model_manager.operations import Plan


class FoldersView(Protocol):
    def show_roots(self, roots: list[Json], base_path: str, offer: str) -> None: ...
    def review(self, plan: Plan) -> None: ...


class Folders:
    """Every change runs in the background and is followed by a scan of what it touched."""

    def __init__(self, app: App, view: FoldersView, rescan: Callable[[], None]) -> None:
        self._app, self._view, self._rescan = app, view, rescan

    def start(self) -> None:
        self._app.jobs.start(_("Reading the folders"), "query", lambda progress: self._load())

    def handle(self, message: object) -> None:
        if isinstance(message, JobChanged) and isinstance(message.job.result, _Roots) and message.job.state == "done":
            found = message.job.result
            self._view.show_roots(found.roots, self._app.settings.values.base_path, found.offer)

        if isinstance(message, JobChanged) and isinstance(message.job.result, _Planned) and message.job.state == "done":
            self._view.review(message.job.result.plan)

    def add(self, path: str) -> None:
        self._change(lambda: watch.add_root(self._app.database, path))

    def remove(self, id_: str) -> None:
        self._change(lambda: watch.remove_root(self._app.database, id_))

    def ignore(self, id_: str) -> None:
        self._change(lambda: watch.ignore_root(self._app.database, id_))

    def move(self, id_: str, path: str) -> None:
        self._change(lambda: watch.move_root(self._app.database, id_, path))

    def set_base_path(self, path: str) -> None:
        def work() -> None:
            watch.set_base_path(self._app.database, self._app.settings, path)

        self._change(work)

    def plan_folders(self) -> None:
        """Plans the category folders; the view shows the plan before anything happens."""
        base = self._app.settings.values.base_path

        def work(progress: object) -> _Planned | None:
            try:
                known = slugs(self._app.database)
                return _Planned(plan_category_folders(base, known, self._app.paths, self._app.volumes))
            except ModelManagerError as error:
                self._app.jobs.post(Said(str(error)))
                return None

        self._app.jobs.start(_("Planning"), "query", work)

    def apply(self, plan: Plan) -> None:
        """Applies the very plan that was shown."""

        def work(progress: Progress) -> None:
            try:
                done = self._app.operations.apply(plan, progress)
                self._app.jobs.post(Applied(done.id, done.plan.title, done.state))
            except ModelManagerError as error:
                self._app.jobs.post(Said(str(error)))

        self._app.jobs.start(plan.title, "files", work)

    def undo(self, id_: str) -> None:
        def work(progress: object) -> None:
            try:
                done = self._app.operations.undo(id_)
                stays = [now.problem for now in done.steps if now.problem]
                self._app.jobs.post(Said(_("Put back.") if not stays else _("Some stay: {why}").format(why=stays[0])))
            except ModelManagerError as error:
                self._app.jobs.post(Said(str(error)))

        self._app.jobs.start(_("Undoing"), "files", work)

    def _change(self, work: Callable[[], object]) -> None:
        def run(progress: object) -> _Roots:
            try:
                work()
            except ModelManagerError as error:
                self._app.jobs.post(Said(str(error)))
            self._app.jobs.post(ScanWanted())
            return self._load()

        self._app.jobs.start(_("Changing the folders"), "query", run)

    def _load(self) -> _Roots:
        likely = os.path.join(os.path.expanduser("~"), "AI", "models")
        return _Roots(roots_json(self._app.database), likely if os.path.isdir(likely) else "")


class Applied:
    """An operation ended; the window offers to undo it."""

    def __init__(self, id_: str, title: str, state: str) -> None:
        self.id, self.title, self.state = id_, title, state


class _Planned:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan


class ScanWanted:
    """The folders changed: scan soon."""


class _Roots:
    def __init__(self, roots: list[Json], offer: str) -> None:
        self.roots, self.offer = roots, offer
