"""Applies plans, undoes operations, and settles at start what a kill left in the middle.

A unit goes whole or not at all: when one of its steps is refused or fails, its others go back and the
next unit is tried. An interrupted apply keeps its whole units and puts the half one back; an
interrupted undo goes on to its end. What cannot be taken back happens only once its unit is whole.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator

from model_manager.base.errors import ModelManagerError, UsageError, reason_of
from model_manager.base.messages import said, told_by
from model_manager.base.paths import OwnPaths
from model_manager.base.reserve import Reserve
from model_manager.base.set_aside import aside_name
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.jobs import Cancelled, Progress
from model_manager.operations.disk import Disk
from model_manager.operations.journal import Journal, JournalFailed, Log
from model_manager.operations.kept_files import must_hold_after, must_hold_before
from model_manager.operations.lock import held
from model_manager.operations.operation import Operation
from model_manager.operations.plan import Plan, Step
from model_manager.operations.proof import must_be_equal
from model_manager.operations.records import tell, understood
from model_manager.operations.refusal import MustGoBack, NotInForce, Refused
from model_manager.operations.verb import Site, Stamped
from model_manager.operations.verbs import VERBS
from model_manager.operations.whole import why_not_whole
from model_manager.operations.work import Work

WAIT = 10.0
"""Seconds to wait for another process that is changing files."""

Guard = Callable[[tuple[Step, ...], str | None], str]
"""Says why a unit may not be touched now (its tool runs, it lies outside the roots), or nothing.

Told with it what asked for the unit when it was planned, which is asked once more; None when it is put back.
`once_aside` is asked the same when all of it lies aside and nothing has gone for good.
"""

_INTERRUPTED = later("interrupted: what was begun was put back")


class Operations:
    """Everything that changes the user's disk. Any thread or process may call; one at a time acts."""

    def __init__(
        self,
        paths: OwnPaths,
        disk: Disk | None = None,
        volumes: Volumes | None = None,
        journal: Journal | None = None,
        wait: float = WAIT,
        guard: Guard = lambda unit, origin: "",
        once_aside: Guard = lambda unit, origin: "",
        stamped: Stamped = lambda path, before, after: None,
    ) -> None:
        self._paths, self._wait, self._stamped = paths, wait, stamped
        self._guard, self._once_aside = guard, once_aside
        self._disk, self._volumes = disk or Disk(), volumes or Volumes()
        self._journal = journal or Journal(str(paths.journal))
        self._reserve = Reserve(str(paths.data))
        self.at_work = ""
        """The operation that is being applied or undone here: what it takes is held by itself."""

    def store(self, plan: Plan) -> Operation:
        """Keeps a plan to be applied later by its id; changes nothing else."""
        self._create_folder()
        self._journal.create(plan)
        return self._journal.read(plan.id).operation()

    def get(self, id_: str) -> Operation:
        """One operation or stored plan. ModelManagerError when there is none."""
        return self._journal.read(id_).operation()

    def history(self) -> tuple[list[Operation], list[ModelManagerError]]:
        """Every operation and stored plan, newest first, and the journals that could not be read."""
        return self._journal.history()

    def apply(self, plan: Plan, progress: Progress | None = None) -> Operation:
        """Does what the plan says, once. Refusals are in the operation that comes back.

        Raises ModelManagerError when nothing could be begun or the journal failed, and Cancelled;
        the units that are whole by then stay and can be undone, the one at work is put back.
        """
        unknown = _unknown_verb(plan)
        if unknown:
            raise UsageError(said("apply the plan"), plan.id, said("this version cannot {0}", repr(unknown)))
        with self._alone(), self._first_time(plan) as log:
            log.add("apply")
            work = Work(plan, progress or Progress())
            site = self._site(plan, work.worked)
            try:
                for unit in plan.units():
                    work.begin(unit)
                    self._apply_unit(log, site, unit)
            except Cancelled:
                self._end(log, later("stopped before its turn"))
                raise
            self._end(log)
            return log.story.operation()

    def undo(self, id_: str, units: Collection[int] | None = None, progress: Progress | None = None) -> Operation:
        """Puts back what is in force of an operation, last step first; what cannot go says why.

        `units`: only these of it. Raises Cancelled; the units that are back by then are back, the others as they were.
        """
        with self._alone(), self._opened(id_) as log:
            before = log.story.operation()
            if not log.story.began:
                raise ModelManagerError(said("undo the operation"), id_, said("it was never applied"))
            if not before.settled:
                raise ModelManagerError(
                    said("undo the operation"), id_, said("it is stuck: {0}", _first_problem(before))
                )
            if not before.undoable:
                raise ModelManagerError(said("undo the operation"), id_, said("nothing of it is left to undo"))
            if unknown := _unknown_verb(before.plan):
                raise ModelManagerError(said("undo the operation"), id_, said("this version cannot {0}", repr(unknown)))
            log.add("undo", units=units)
            self._undo_rest(log, progress or Progress())
            return log.story.operation()

    def give_up(self, id_: str) -> Operation:
        """Ends an operation that cannot be settled, as it stands: what lies aside stays there, nothing is held for it."""
        with self._alone(), self._opened(id_) as log:
            if log.story.operation().settled or not log.story.began:
                raise ModelManagerError(
                    said("give up the operation"), id_, said("it is settled: there is nothing to give up")
                )
            for step in log.story.plan.steps:
                if log.story.phase(step.n) in ("doing", "undoing", "stuck", "unfinished"):
                    aside = aside_name(log.story.plan.id, step.n)
                    tell(
                        log,
                        "refused",
                        step,
                        said("given up by you: it may lie in the trash, or beside its place as {0}", aside),
                    )
            self._end(log, later("given up before its turn"))
            return log.story.operation()

    def recover(self) -> list[Operation]:
        """Settles what a kill or a failing disk left in the middle. Call at start; safe at any time.

        Gives the operations that it looked at. One that cannot be settled now (its drive is not
        connected) stays `stuck`, hinders no other, and is tried again next time.
        """
        if not self._journal.unsettled():
            return []  # without the lock: a start need not wait for another window's long move
        with self._alone(recover=False):
            return self._recover()

    def _recover(self) -> list[Operation]:
        self._journal.tidy()
        settled = []
        for id_ in self._journal.unsettled():
            with self._opened(id_) as log:
                if _unknown_verb(log.story.plan):
                    continue  # left by a newer version, which will settle it
                if log.story.operation().undoing:
                    self._undo_rest(log, Progress(), settling=True)
                else:
                    site = self._site(log.story.plan)
                    for unit in log.story.plan.units():
                        if not self._leave(log, unit, settling=True):
                            self._settle_unit(log, site, unit)
                    self._end(log, later("interrupted before its turn"))
                settled.append(log.story.operation())
        return settled

    def _apply_unit(self, log: Log, site: Site, unit: tuple[Step, ...]) -> None:
        if why := self._guard(unit, log.story.plan.origins.get(unit[0].unit, "")):
            self._put_back(log, site, unit, why)
            return
        try:
            must_hold_before(self._disk, self._volumes, unit)
            keeps = (kept for step in unit for kept in step.keeps)
            must_be_equal(self._disk, self._volumes, keeps, site.ctimes, site.worked)
        except (Refused, OSError) as error:
            self._put_back(log, site, unit, reason_of(error))
            return
        except Cancelled:
            self._put_back(log, site, unit, later("stopped: what was begun was put back"))
            raise
        for step in unit:
            try:
                self._do(log, site, step)
            except JournalFailed:
                self._put_back(log, site, unit, later("the journal could not be written"))
                raise
            except Cancelled:
                self._put_back(log, site, unit, later("stopped: what was begun was put back"))
                raise
            except (Refused, OSError) as error:
                self._put_back(log, site, unit, reason_of(error), step)
                if log.failure:
                    raise log.failure from None
                return
        self._finish_unit(log, site, unit)

    def _finish_unit(self, log: Log, site: Site, unit: tuple[Step, ...]) -> None:
        """The last acts of a unit that is whole and recorded as such, if what is to stay is there."""
        try:
            must_hold_after(self._disk, self._volumes, unit)
        except (Refused, OSError) as error:
            self._put_back(log, site, unit, reason_of(error))
            return
        if why := self._once_aside(unit, log.story.plan.origins.get(unit[0].unit)):
            self._put_back(log, site, unit, why)
            return
        for step in unit:
            finish = getattr(VERBS[step.verb], "finish", None)
            if finish is None:
                continue
            try:
                understood(finish, site, step, log)
                if log.story.phase(step.n) == "unfinished":
                    log.add("done", step.n)
            except MustGoBack as refused:
                self._put_back(log, site, (step,), told_by(refused))
            except Refused as refused:
                log.add("kept", step.n, problem=told_by(refused))
            except OSError as error:
                log.add("unfinished", step.n, problem=reason_of(error))

    def _do(self, log: Log, site: Site, step: Step) -> None:
        verb = VERBS[step.verb]
        facts = verb.check(site, step)
        log.add("doing", step.n, facts)
        verb.do(site, step, log.story.facts(step.n), lambda noted: log.add("note", step.n, noted))
        log.add("done", step.n)

    def _settle_unit(self, log: Log, site: Site, unit: tuple[Step, ...]) -> None:
        phases = {log.story.phase(step.n) for step in unit}
        if phases <= {"done", "unfinished"}:
            self._finish_unit(log, site, unit)
        elif phases not in ({"planned"}, {"refused"}):
            self._put_back(log, site, unit, _INTERRUPTED)

    def _put_back(self, log: Log, site: Site, unit: tuple[Step, ...], why: str, culprit: Step | None = None) -> None:
        """Takes the steps of a unit back, last first, and marks them refused.

        Goes on when the journal fails: half a unit is worse than a missing record, and recovery finds
        out from the disk what it was not told.
        """
        for step in reversed(unit):
            self._step_back(log, site, step, must=True)
        self._settle_back(log, site, unit)
        for step in unit:
            if log.story.phase(step.n) in ("planned", "undone"):
                others = culprit is not None and step is not culprit
                problem = said("left, as another step of its unit was refused: {0}", why) if others else why
                tell(log, "refused", step, problem, must=True)

    def _undo_rest(self, log: Log, progress: Progress, settling: bool = False) -> None:
        plan, asked = log.story.plan, log.story.undo_units
        work = Work(plan, progress, undoing=True)
        site = self._site(plan, work.worked)
        try:
            for unit in reversed(list(plan.units())):
                if (asked is not None and unit[0].unit not in asked) or self._leave(log, unit, settling):
                    continue
                work.begin(unit)
                if why := why_not_whole(log, site, unit):
                    self._keep(log, unit, why)
                    continue
                for step in reversed(unit):
                    self._step_back(log, site, step, must=False)
                self._settle_back(log, site, unit)
        finally:
            self._end(log)

    def _keep(self, log: Log, unit: tuple[Step, ...], why: str) -> None:
        for step in unit:
            if log.story.phase(step.n) == "done":
                tell(log, "kept", step, why)

    def _leave(self, log: Log, unit: tuple[Step, ...], settling: bool) -> bool:
        """Whether a unit must be left as it is now, which is told of its steps that are in force or in the middle.

        `settling` what was interrupted: half a unit is tried again at the next start.
        """
        begun = tuple(step for step in unit if log.story.phase(step.n) not in ("planned", "refused", "undone"))
        why = self._guard(begun, None) if begun else ""
        if not why:
            return False
        is_half = settling and not {log.story.phase(step.n) for step in unit} <= {"done", "unfinished"}
        for step in unit:
            phase, told = log.story.phase(step.n), log.story.operation().steps[step.n - 1].problem
            if phase == "done":
                tell(log, "stuck" if is_half else "kept", step, why)
            elif phase in ("doing", "undoing", "stuck", "unfinished") and (phase, told) != ("stuck", why):
                tell(log, "stuck", step, why)
        return True

    def _settle_back(self, log: Log, site: Site, unit: tuple[Step, ...]) -> None:
        """What is done once a unit was put back; what fails is tried again at the next start."""
        for step in unit:
            settle = getattr(VERBS[step.verb], "settle", None)
            if settle is None or log.story.phase(step.n) != "undone":
                continue
            try:
                understood(settle, site, step, log)
            except OSError as error:
                tell(log, "stuck", step, said("put back, but for its time: {0}", reason_of(error)), must=True)

    def _step_back(self, log: Log, site: Site, step: Step, must: bool) -> None:
        """Takes one step back if it is in force.

        `must`: a half-done unit has to go, so a failing disk leaves it stuck, to be tried again;
        otherwise the user's undo left it as it was, and may be asked for again.
        """
        verb, n = VERBS[step.verb], step.n
        phase = log.story.phase(n)
        if phase in ("planned", "refused", "undone"):
            return
        try:
            if phase == "done" or understood(verb.recover, site, step, log) == "done":
                if not step.undo and not must:
                    raise Refused(said("this cannot be undone"))
                tell(log, "undoing", step, must=must)
                understood(verb.undo, site, step, log)
            tell(log, "undone", step, must=must)
        except Cancelled:
            tell(log, self._after_failure(log, site, step, must), step, later("stopped: it is as it was"), must)
            raise
        except Refused as refused:
            gone = must and isinstance(refused, NotInForce)
            tell(log, "refused" if gone else "kept", step, told_by(refused), must)
        except OSError as error:
            tell(log, self._after_failure(log, site, step, must), step, reason_of(error), must)

    def _after_failure(self, log: Log, site: Site, step: Step, must: bool) -> str:
        try:
            side = understood(VERBS[step.verb].recover, site, step, log)
        except OSError:
            return "stuck"
        if side == "undone":
            return "undone"
        return "stuck" if must else "kept"

    def _end(self, log: Log, rest: str = "") -> None:
        """Writes the end, unless something is stuck: then recovery comes back to it."""
        steps = [step for unit in log.story.plan.units() for step in unit]
        for step in steps:
            if rest and log.story.phase(step.n) == "planned":
                tell(log, "refused", step, rest)
        if log.failure:
            raise log.failure
        if not any(log.story.phase(step.n) in ("stuck", "unfinished") for step in steps):
            log.add("end")

    def _site(self, plan: Plan, worked: Callable[[int], None] = lambda size: None) -> Site:
        self._volumes.forget()  # drives come and go
        return Site(self._disk, self._volumes, plan.id, worked=worked, stamped=self._stamped, steps=plan.steps)

    @contextlib.contextmanager
    def _alone(self, recover: bool = True) -> Iterator[None]:
        """Holds the lock; whoever has it finds no other at work, so what is unsettled was left by a kill."""
        self._create_folder()
        self._journal.believe(said("change files"))
        with held(os.path.join(self._paths.data, "changing.lock"), self._wait):
            self._reserve.give_back()
            if recover:
                self._recover()
            yield
            self._reserve.keep()

    @contextlib.contextmanager
    def _opened(self, id_: str) -> Iterator[Log]:
        log = self._journal.open(id_)
        self.at_work = id_
        try:
            yield log
        finally:
            self.at_work = ""
            log.close()

    @contextlib.contextmanager
    def _first_time(self, plan: Plan) -> Iterator[Log]:
        """The plan's journal, made now unless it was stored; never a second time, never another plan."""
        if plan.id not in self._journal.ids():
            self._journal.create(plan)
        with self._opened(plan.id) as log:
            if log.story.plan != plan:
                raise ModelManagerError(
                    said("apply the plan"), plan.id, said("it is not the plan that was stored under this id")
                )
            if log.story.began:
                raise ModelManagerError(
                    said("apply the plan"), plan.id, said("it was applied already"), said("make a new plan")
                )
            yield log

    def _create_folder(self) -> None:
        """The data folder, durable from the first: a journal in a folder that a power loss takes along is none."""
        missing, folder = [], str(self._paths.data)
        while not os.path.lexists(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        try:
            self._paths.create()
            for made in reversed(missing):
                self._journal.sync_folder(os.path.dirname(made))
        except OSError as error:
            raise ModelManagerError(said("make the data folder"), str(self._paths.data), reason_of(error)) from error


def _unknown_verb(plan: Plan) -> str:
    return next((step.verb for step in plan.steps if step.verb not in VERBS), "")


def _first_problem(operation: Operation) -> str:
    return next((step.problem for step in operation.steps if step.state == "stuck"), later("it was interrupted"))
