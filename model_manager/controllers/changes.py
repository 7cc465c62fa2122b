"""Every change of the disk from the window: planned in the background, shown, applied as shown, undone."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from model_manager.actions.undoing import ToUndo, newest, no_longer_so, to_undo, undo
from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import OperationChanged
from model_manager.base.localised import localised
from model_manager.base.text import _, shown
from model_manager.controllers.messages import LookAgain, Noticed, RemovedHere, StatusMessage
from model_manager.controllers.outcome import name_of, outcome, told_undone
from model_manager.jobs import Cancelled, Job, Latest, Progress

if TYPE_CHECKING:
    from model_manager.actions.planning import Way
    from model_manager.actions.scanning import ScansElsewhere
    from model_manager.operations import Plan

    Make = Callable[[Way], Plan]
    """How to plan it in one way or another."""


_MOST_TOLD = 9


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the things that may be meant, in words: a whole model, or one place of it."""

    text: str
    make: Make


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be meant, and the number of that which was asked for."""

    all: tuple[Choice, ...] = ()
    now: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """What the review shows. `plan` is None when it could not be made that way; `problem` says why.

    `make` plans it anew in another way; None where there is only one. `choices`: what else may be meant.
    """

    plan: Plan | None
    way: Way
    problem: str = ""
    make: Make | None = None
    choices: Choices = Choices()


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
    def ask_undo(self, asked: ToUndo) -> None: ...

    """Before bytes are copied: says how many and how long, and calls `put_back` if that is wanted."""

    def withdraw(self, ids: Collection[str]) -> None: ...

    """What was told of these operations is not so any more: put back, emptied, here or elsewhere."""


class ChangesController:
    """One for the window; the screens give it a way to make their plan."""

    def __init__(self, app: App, view: ChangesView) -> None:
        self._app, self._view = app, view
        self._asking = Latest(app.jobs)
        self._told: list[str] = []
        """The operations that a message tells of."""
        self._going_back: Job | None = None
        """What the key for undo began and has not ended: that key does one thing after another."""
        self._in_vain: set[str] = set()
        """Operations that could not be put back when that was tried: the key goes on to the one before."""
        self._asked: set[tuple[str, tuple[int, ...] | None]] = set()
        """What is being looked at, to be undone: a second press of the key asks no second time."""

    def plan(
        self, make: Make, way: Way = "trash", ways: bool = False, another: bool = False,
        choices: Callable[[], Choices] = Choices,
    ) -> None:  # fmt: skip
        """Makes a plan in the background and shows it. `ways`: the person may choose another way, and the settings say
        which one comes first. `choices` says, in the background too, what else may be meant.
        """
        if way == "trash" and ways and not another and self._app.settings.values.clear_way == "aside":
            way = "aside"

        def work(progress: object) -> Planned:
            from model_manager.actions.planning import NoTrash, NotThere, told_as_gone

            choice, others = make if ways else None, Choices()
            try:
                others = choices()
                plan = told_as_gone(self._app, lambda: make(way))
                if not plan.steps:
                    why = " ".join(localised(warning) for warning in plan.warnings)
                    return Planned(None, way, _("Nothing to do: what was chosen is not there any more, or is as it should "
                                                "be already. {why}").format(why=why).strip())  # fmt: skip
                return Planned(plan, way, "", choice, others)
            except NoTrash as error:
                return Planned(
                    None,
                    way,
                    f"{shown(error.path)}: {localised(error.reason)}. {localised(error.hint)}.",
                    choice,
                    others,
                )
            except NotThere as error:
                self._app.jobs.post(LookAgain(frozenset(one.root for one in error.missing)))
                return Planned(None, way, localised(error.reason))
            except ModelManagerError as error:
                return Planned(None, way, localised(error), choices=others)

        self._app.jobs.start(_("Planning"), "query", work, self._take_planned)

    def handle(self, message: object) -> None:
        if isinstance(message, Applied):
            self._told = [*self._told[-_MOST_TOLD:], message.id]
        elif isinstance(message, OperationChanged):
            self._look_what_stands()

    def _take_planned(self, planned: Planned) -> None:
        if planned.plan is None and planned.make is None and not planned.choices.all:
            self._app.jobs.post(StatusMessage(planned.problem))
        else:
            self._view.review(planned)

    def _withdraw(self, ids: frozenset[str]) -> None:
        self._told = [id_ for id_ in self._told if id_ not in ids]
        self._view.withdraw(ids)

    def _go_on(self, found: ToUndo | None) -> Job | None:
        """Undoes what was looked at, or asks first; answers the job where one was begun."""
        if found is None:
            return None
        if found.undoing.rooms:
            self._view.ask_undo(found)
            return None
        return self.put_back(found.operation.id, found.units)

    def _look_what_stands(self) -> None:
        """Asks what became of the operations that messages tell of."""
        told = frozenset(self._told)
        if not told:
            return

        def look(progress: object) -> frozenset[str]:
            return no_longer_so(self._app, told)

        self._asking.start(_("Reading the history"), "query", look, self._withdraw, quiet=True)

    def apply(self, plan: Plan) -> None:
        """Applies the very plan that was shown, then reads again what it changed."""

        def work(progress: Progress) -> str:
            from model_manager.actions import applying

            jobs = self._app.jobs
            try:
                done = applying.apply(
                    self._app,
                    plan,
                    self._say_unseen,
                    progress,
                    jobs.post,
                    lambda applied: jobs.post(RemovedHere(applied.gone)),
                ).operation
            except ModelManagerError as error:
                words = localised(self._named(error, plan.id))
                self._app.jobs.post(StatusMessage(words))
                return words
            finally:
                self._app.jobs.post(OperationChanged(plan.id))
            words = outcome(done)
            later = done.plan.frees - done.plan.frees_now if done.state in ("applied", "partly") else 0
            self._app.jobs.post(Applied(done.id, words, done.undoable, later))
            return words

        self._app.jobs.start(localised(plan.title), "files", work)

    def settle(self) -> None:
        """Settles what an earlier run left in the middle, and says what became of it."""

        def work(progress: object) -> None:
            self._app.settle()
            for sentence in self._app.news_of_settled:
                self._app.jobs.post(Noticed(localised(sentence)))
            from model_manager.actions.applying import look_again

            for operation in self._app.settled:
                look_again(self._app, operation.plan, self._say_unseen, self._app.jobs.post)
                self._app.jobs.post(OperationChanged(operation.id))

        if self._app.paths.journal.exists():
            self._app.jobs.start(_("Looking for changes that were interrupted"), "files", work, quiet=True)

    def plan_emptying(self, id_: str) -> None:
        """Plans to delete for good what this operation moved to the trash; the review asks."""

        def make(way: Way) -> Plan:
            from model_manager.actions.history import plan_emptying_of

            return plan_emptying_of(self._app, id_)

        self.plan(make, "delete")

    def undo(self, id_: str, units_: Collection[int] | None = None) -> None:
        """Puts an operation back, or only these units of it; asks first where bytes must be copied for that."""
        wanted = None if units_ is None else tuple(units_)
        if (id_, wanted) in self._asked:
            return
        self._asked.add((id_, wanted))

        def look(progress: object) -> ToUndo | None:
            try:
                return to_undo(self._app, id_, wanted)
            except ModelManagerError as error:
                self._app.jobs.post(StatusMessage(localised(self._named(error, id_))))
                return None
            finally:
                self._asked.discard((id_, wanted))

        self._app.jobs.start(_("Looking what undo would do"), "query", look, self._go_on)

    def undo_last(self) -> None:
        """Puts back what was done last of all that can be, here or in the terminal; pressed again, the one before it."""
        if self._going_back is not None:
            return
        in_vain = frozenset(self._in_vain)

        def look(progress: object) -> ToUndo | None:
            found = newest(self._app, in_vain)
            if found is None:
                self._app.jobs.post(StatusMessage(_("Nothing is left that could be put back.")))
            return found

        def found(what: ToUndo | None) -> None:
            self._going_back = self._go_on(what)

        self._going_back = self._app.jobs.start(
            _("Looking what undo would do"), "query", look, found, lambda: self._end_going_back(self._going_back)
        )

    def _end_going_back(self, job: Job | None) -> None:
        """The key may begin the next one once this has ended."""
        if self._going_back is job:
            self._going_back = None

    def put_back(self, id_: str, units_: Collection[int] | None = None) -> Job:
        """Undoes without a question. Stopped, what is back is back, and the rest as it was."""

        def work(progress: Progress) -> str:
            try:
                done = undo(self._app, id_, self._say_unseen, units_, progress, self._app.jobs.post)
            except ModelManagerError as error:
                self._in_vain.add(id_)
                words = localised(self._named(error, id_))
                self._app.jobs.post(StatusMessage(words))
                return words
            except Cancelled:
                self._app.jobs.post(
                    StatusMessage(_("Stopped. What was put back by then is back, the rest is as it was."))
                )
                raise
            finally:
                self._app.jobs.post(OperationChanged(id_))
            if done.undoable and units_ is None:
                self._in_vain.add(id_)
            words = told_undone(done, units_)
            self._app.jobs.post(StatusMessage(words))
            return words

        job = self._app.jobs.start(
            _("Undoing"), "files", work, lambda words: self._end_going_back(job), lambda: self._end_going_back(job)
        )
        return job

    def _named(self, error: ModelManagerError, id_: str) -> ModelManagerError:
        """An operation is told by its title and time: its id says nothing to a person."""
        if error.path != id_:
            return error
        try:
            from model_manager.actions.applying import operation

            name = name_of(operation(self._app, id_))
        except ModelManagerError:
            name = ""
        return type(error)(error.verb, name, error.reason, error.hint)

    def _say_unseen(self, busy: ScansElsewhere) -> None:
        self._app.jobs.post(StatusMessage(localised(busy)))
