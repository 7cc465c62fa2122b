"""What was done: an operation is its plan and what the records of its journal say happened since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from model_manager.base.messages import said
from model_manager.base.units import iso
from model_manager.operations.plan import Plan, as_json, from_record
from model_manager.operations.sentences import with_parts

State = Literal["planned", "applied", "partly", "undone", "refused", "stuck"]
StepShown = Literal["planned", "done", "refused", "undone", "stuck"]
Phase = Literal["planned", "doing", "done", "refused", "undoing", "undone", "stuck", "unfinished"]
Facts = Mapping[str, object]

_SHOWN: dict[Phase, StepShown] = {
    "planned": "planned", "doing": "planned", "done": "done", "refused": "refused",
    "undoing": "done", "undone": "undone", "stuck": "stuck", "unfinished": "stuck",
}  # fmt: skip
_PHASES: dict[str, Phase] = {
    "doing": "doing", "done": "done", "refused": "refused", "undoing": "undoing",
    "undone": "undone", "kept": "done", "stuck": "stuck", "unfinished": "unfinished",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepState:
    """Where one step stands, and in words why it was refused, stays or is stuck.

    `phase` is finer than `state`: `doing` and `undoing` mean that the program was ended in between,
    `unfinished` that its unit is whole but its last act (removing what lies aside) failed.
    `facts` is what the verb noted: what undo and recovery go by.
    """

    state: StepShown
    problem: str = ""
    phase: Phase = "planned"
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """A plan and what became of it. Times in seconds since 1970.

    `settled` is False from the first change until the end was written: recovery has to look at it.
    `undoing`: the last thing asked for was to undo it. `damaged` says what is wrong with its journal.
    """

    plan: Plan
    steps: tuple[StepState, ...]
    state: State
    applied_at: float | None = None
    undone_at: float | None = None
    settled: bool = True
    undoing: bool = False
    damaged: str = ""

    @property
    def id(self) -> str:
        return self.plan.id

    @property
    def undoable(self) -> bool:
        """Something of it is in force that can be put back."""
        if self.damaged:
            return False
        return any(now.state == "done" and step.undo for step, now in zip(self.plan.steps, self.steps, strict=True))

    @property
    def halves(self) -> frozenset[int]:
        """The units that are neither whole nor put back: something of them has still to go back to its place."""
        if self.settled:
            return frozenset()
        phases: dict[int, set[Phase]] = {}
        for step, now in zip(self.plan.steps, self.steps, strict=True):
            phases.setdefault(step.unit, set()).add(now.phase)
        whole: tuple[set[Phase], ...] = ({"done", "unfinished"}, {"planned", "refused", "undone"})
        return frozenset(unit for unit, met in phases.items() if not any(met <= one for one in whole))

    @property
    def at(self) -> float:
        """When it was done, in seconds since 1970; when it was planned, as long as it was not."""
        return self.plan.created_at if self.applied_at is None else self.applied_at

    def as_json(self) -> dict[str, object]:
        """The OPERATION of the command line: the PLAN with its times and whether it can be undone."""
        return as_json(self.plan, self.state, self.steps) | {
            "applied_at": None if self.applied_at is None else iso(self.applied_at),
            "undone_at": None if self.undone_at is None else iso(self.undone_at),
            "undoable": self.undoable,
        }


class Replay:
    """Follows the records of one journal. Raises ValueError for a record that cannot be."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._phase: dict[int, Phase] = {step.n: "planned" for step in plan.steps}
        self._problem: dict[int, str] = {}
        self._facts: dict[int, dict[str, object]] = {step.n: {} for step in plan.steps}
        self._applied_at: float | None = None
        self._undone_at: float | None = None
        self._settled, self._undoing = True, False
        self.undo_units: frozenset[int] | None = None
        """The units that the last undo was asked for; None: all of them."""
        self.damaged = ""

    def phase(self, n: int) -> Phase:
        return self._phase[n]

    def facts(self, n: int) -> Facts:
        return self._facts[n]

    @property
    def began(self) -> bool:
        """Whether it was ever applied."""
        return self._applied_at is not None

    def follow(self, record: Mapping[str, object]) -> None:
        """Takes one record after the plan's own."""
        kind = record.get("record")
        if kind in ("apply", "undo"):
            self._begin(kind, _time(record))
            self.undo_units = _units(record)
        elif kind == "end":
            self._settled = True
            if self._undoing:
                self._undone_at = _time(record)
        elif kind == "note" or (isinstance(kind, str) and kind in _PHASES):
            self._follow_step(kind, record)
        else:
            raise ValueError(said("a record of an unknown kind: {0}", f"{kind!r:.40}"))

    def operation(self) -> Operation:
        """How it stands now."""
        steps = tuple(
            StepState(_SHOWN[phase], self._problem.get(n, ""), phase, dict(self._facts[n]))
            for n, phase in self._phase.items()
        )
        return Operation(
            plan=self.plan,
            steps=steps,
            state=self._state([step.state for step in steps]),
            applied_at=self._applied_at,
            undone_at=self._undone_at,
            settled=self._settled,
            undoing=self._undoing,
            damaged=self.damaged,
        )

    def _begin(self, kind: object, at: float) -> None:
        self._settled, self._undoing = False, kind == "undo"
        if kind == "apply":
            self._applied_at = at

    def _follow_step(self, kind: str, record: Mapping[str, object]) -> None:
        n = record.get("n")
        if not isinstance(n, int) or n not in self._phase:
            raise ValueError(said("a record of a step that the plan does not have"))
        facts, problem = record.get("facts", {}), record.get("problem", "")
        if not isinstance(facts, dict) or not isinstance(problem, str):
            raise ValueError(said("a record with strange contents"))
        self._facts[n] |= facts
        if kind != "note":
            self._phase[n] = _PHASES[kind]
            self._problem[n] = with_parts(record, "problem", problem)

    def _state(self, steps: list[StepShown]) -> State:
        if self.damaged or "stuck" in steps:
            return "stuck"
        if not self.began:
            return "planned"
        kinds = set(steps)
        if not self._settled:
            return "partly"
        if kinds <= {"done"}:
            return "partly" if self.plan.left else "applied"
        if "done" in kinds:
            return "partly"
        return "undone" if "undone" in kinds else "refused"


def replay(records: Iterable[Mapping[str, object]]) -> Replay:
    """Follows a whole journal, the plan's record first. Raises ValueError where that one is no plan.

    A later record that cannot be is kept as `damaged`: what follows it is not believed.
    """
    rest = iter(records)
    first = next(rest, {})
    if first.get("record") != "plan":
        raise ValueError(said("does not begin with a plan"))
    story = Replay(from_record(first.get("plan")))
    for line, record in enumerate(rest, 2):
        try:
            story.follow(record)
        except ValueError as error:
            story.damaged = said("line {0} of its journal cannot be read: {1}", line, error)
            break
    return story


def _units(record: Mapping[str, object]) -> frozenset[int] | None:
    units = record.get("units")
    if units is None:
        return None
    if not isinstance(units, list) or not all(isinstance(unit, int) for unit in units):
        raise ValueError(said("a record of strange units"))
    return frozenset(units)


def _time(record: Mapping[str, object]) -> float:
    at = record.get("at")
    if not isinstance(at, float):
        raise ValueError(said("a record without its time"))
    return at
