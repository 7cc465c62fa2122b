"""Every change of the disk from the window: planned in the background, shown, applied as shown, undone."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from model_manager.app import App
from model_manager.base import figures
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import OperationChanged
from model_manager.base.localised import localised
from model_manager.base.text import _, shown
from model_manager.controllers.messages import Said
from model_manager.jobs import JobChanged, Progress

if TYPE_CHECKING:
    from model_manager.operations import Operation, Plan
    from model_manager.operations.draft import Way

    Make = Callable[[Way], Plan]


@dataclass(frozen=True, slots=True)
class Planned:
    """What the review shows. `plan` is None when it could not be made that way; `problem` says why.

    `make` plans it anew in another way; None where there is only one.
    """

    plan: Plan | None
    way: Way
    problem: str = ""
    make: Make | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """An operation ended: `text` tells it, `undoable` whether a button may put it back.

    `frees_later`: bytes that come back only when what it moved to the trash is deleted for good.
    """

    id: str
    text: str
    undoable: bool
    frees_later: int = 0


class ChangesView(Protocol):
    def review(self, planned: Planned) -> None: ...


class Changes:
    """One for the window; the screens give it a way to make their plan."""

    def __init__(self, app: App, view: ChangesView) -> None:
        self._app, self._view = app, view
        self.last = ""
        """The operation that Ctrl+Z puts back."""

    def plan(self, make: Make, way: Way = "trash", ways: bool = False, another: bool = False) -> None:
        """Makes a plan in the background and shows it. `ways`: the person may choose another way, and the settings say
        which one comes first.
        """
        if way == "trash" and ways and not another and self._app.settings.values.clear_way == "aside":
            way = "aside"

        def work(progress: object) -> Planned:
            from model_manager.operations.draft import NoTrash

            choice = make if ways else None
            try:
                plan = make(way)
                if not plan.steps:
                    why = " ".join(localised(warning) for warning in plan.warnings)
                    return Planned(None, way, _("Nothing to do: what was chosen is not there any more, or is as it should "
                                                "be already. {why}").format(why=why).strip())  # fmt: skip
                return Planned(plan, way, "", choice)
            except NoTrash as error:
                return Planned(
                    None, way, f"{shown(error.path)}: {localised(error.reason)}. {localised(error.hint)}.", choice
                )
            except ModelManagerError as error:
                return Planned(None, way, localised(error))

        self._app.jobs.start(_("Planning"), "query", work)

    def handle(self, message: object) -> None:
        if isinstance(message, JobChanged) and message.state == "done":
            result = message.job.result
            if isinstance(result, Planned):
                if result.plan is None and result.make is None:
                    self._app.jobs.post(Said(result.problem))
                else:
                    self._view.review(result)
        elif isinstance(message, Applied):
            self.last = message.id if message.undoable else ""

    def apply(self, plan: Plan) -> None:
        """Applies the very plan that was shown, then reads again what it changed."""

        def work(progress: Progress) -> str:
            try:
                done = self._app.operations.apply(plan, progress)
            except ModelManagerError as error:
                self._app.jobs.post(Said(localised(error)))
                return localised(error)
            finally:
                self._look_again(plan)
            words = outcome(done)
            later = done.plan.frees - done.plan.frees_now if done.state in ("applied", "partly") else 0
            self._app.jobs.post(Applied(done.id, words, done.undoable, later))
            return words

        self._app.jobs.start(localised(plan.title), "files", work)

    def plan_emptying(self, id_: str) -> None:
        """Plans to delete for good what this operation moved to the trash; the review asks."""

        def make(way: Way) -> Plan:
            from model_manager.operations.trashed import plan_empty, trashed

            found = [operation for operation in self._app.operations.history()[0] if operation.id == id_]
            return plan_empty(trashed(found, self._app.volumes), self._app.volumes)

        self.plan(make, "delete")

    def undo(self, id_: str, units_: Collection[int] | None = None) -> None:
        """Puts an operation back, or only these units of it."""

        def work(progress: Progress) -> str:
            try:
                done = self._app.operations.undo(id_, units_, progress)
            except ModelManagerError as error:
                self._app.jobs.post(Said(localised(error)))
                return localised(error)
            self._look_again(done.plan)
            words = _told_undone(done, units_)
            self._app.jobs.post(Said(words))
            return words

        self.last = "" if id_ == self.last else self.last
        self._app.jobs.start(_("Undoing"), "files", work)

    def _look_again(self, plan: Plan) -> None:
        from model_manager.library.removal import touched

        self._app.scanner(self._app.jobs.post).run(Progress(), touched(self._app.database, plan))
        self._app.jobs.post(OperationChanged(plan.id))


def outcome(done: Operation) -> str:
    """What became of a plan, in a sentence or two."""
    problems = [now.problem for now in done.steps if now.problem]
    title = localised(done.plan.title)
    if done.state == "applied":
        later = done.plan.frees - done.plan.frees_now
        if later:
            return _("{title}: done. {size} come back when the trash is emptied.").format(
                title=title, size=figures.size(later)
            )
        if done.plan.frees:
            return _("{title}: done. {size} came back.").format(title=title, size=figures.size(done.plan.frees))
        return _("{title}: done.").format(title=title)
    why = localised([*problems, *done.plan.left, ""][0])
    if done.state == "partly":
        return _("{title}: not all of it was done. {why}").format(title=title, why=why)
    return _("{title}: nothing was changed. {why}").format(title=title, why=why)


def _told_undone(done: Operation, units_: Collection[int] | None) -> str:
    stays = [
        now.problem
        for step, now in zip(done.plan.steps, done.steps, strict=True)
        if now.problem and now.state != "undone" and (units_ is None or step.unit in units_)
    ]
    return _("Some of it stays: {why}").format(why=localised(stays[0])) if stays else _("It is as it was before.")
