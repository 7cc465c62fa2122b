"""What the records of a journal say happened; records that cannot be are not believed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from scenes import plan_of

from model_manager.operations import Operation, Plan, Step
from model_manager.operations.operation import replay
from model_manager.operations.plan import to_record


def plan(*undo: bool) -> Plan:
    return plan_of(*(Step(n, n, "move", f"/m/{n}", "/n", 1, 0, "", back, None) for n, back in enumerate(undo, 1)))


def told(wanted: Plan, *records: Any) -> Operation:
    return replay([{"record": "plan", "plan": to_record(wanted)}, *records]).operation()


def at(kind: str, when: float = 1.0, **more: object) -> dict[str, object]:
    return {"record": kind, "at": when, **more}


def step(kind: str, n: int = 1, **more: object) -> dict[str, object]:
    return {"record": kind, "n": n, **more}


@pytest.mark.parametrize("first", [{}, {"record": "apply"}, {"record": "plan"}, {"record": "plan", "plan": []}])
def test_without_a_plan_there_is_no_operation(first: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        replay([first])
    with pytest.raises(ValueError):
        replay([])


@pytest.mark.parametrize(
    "bad",
    [
        {}, {"record": "explode"}, {"record": ["done"]}, {"record": "apply"}, {"record": "apply", "at": "now"},
        step("done", 9), step("done", facts=[]), {"record": "done"}, {"record": "done", "n": "1"},
        step("refused", problem=5), at("undo", units=5), at("undo", units=["1"]),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_ends_what_is_believed(bad: dict[str, object]) -> None:
    found = told(plan(True), at("apply"), bad, step("done"), at("end"))
    assert found.damaged.startswith("line 3 of its journal cannot be read: a record")
    assert found.state == "stuck" and not found.undoable and found.steps[0].state == "planned"


def test_the_states_as_people_see_them() -> None:
    two = plan(True, False)
    assert told(two).state == "planned"
    assert told(two, at("apply")).state == "partly"
    both = (at("apply"), step("done"), step("done", 2), at("end", 2.0))
    assert told(two, *both).state == "applied" and told(two, *both).undoable
    back = (at("undo", 3.0), step("undoing"), step("undone"), step("kept", 2, problem="final"), at("end", 4.0))
    partly = told(two, *both, *back)
    assert partly.state == "partly" and not partly.undoable and partly.steps[1].problem == "final"
    assert partly.undone_at == 4.0 and partly.undoing
    assert told(two, at("apply"), step("refused"), step("refused", 2), at("end")).state == "refused"
    assert told(two, *both, at("undo"), step("undone"), step("undone", 2), at("end")).state == "undone"
    assert told(two, at("apply"), step("unfinished", problem="disk"), step("done", 2), at("end")).state == "stuck"


def test_the_times_on_the_command_line() -> None:
    shown = told(plan(True), at("apply", 0.0), step("done"), at("end"), at("undo"), step("undone"), at("end", 60.0))
    assert shown.as_json()["applied_at"] == "1970-01-01T00:00:00Z"
    assert shown.as_json()["undone_at"] == "1970-01-01T00:01:00Z" and shown.as_json()["undoable"] is False
    assert told(plan(True)).as_json()["applied_at"] is None


def test_a_plan_that_left_something_out_is_done_in_part() -> None:
    whole = plan(True)
    records = (at("apply"), step("done"), at("end"))
    assert told(whole, *records).state == "applied"
    assert told(replace(whole, left=("/m/x: in use",)), *records).state == "partly"


def test_what_is_in_the_middle_is_said_as_such() -> None:
    found = told(plan(True, True), at("apply"), step("doing", facts={"at": "/m/1"}), step("note", facts={"made": 5}))
    assert (found.settled, found.undoing, found.applied_at, found.undone_at) == (False, False, 1.0, None)
    assert found.steps[0].phase == "doing" and found.steps[0].facts == {"at": "/m/1", "made": 5}
    assert found.steps[1].phase == "planned" and found.steps[1].facts == {} and found.halves == {1}
    ended = told(plan(True, True), at("apply"), step("done"), step("refused", 2, problem="why"), at("end", 9.0))
    assert ended.settled and ended.halves == frozenset() and ended.undone_at is None and ended.steps[1].problem == "why"
    back = told(
        plan(True, True), at("apply"), step("done"), step("done", 2), at("end"), at("undo", 3.0), step("undone")
    )
    assert back.undoing and not back.settled and back.undone_at is None and back.halves == frozenset()


def test_a_record_that_cannot_be_is_told_with_its_line() -> None:
    found = told(plan(True), at("apply"), step("done"), step("done", 9))
    assert found.damaged == "line 4 of its journal cannot be read: a record of a step that the plan does not have"


def test_which_units_an_undo_was_asked_for() -> None:
    first = {"record": "plan", "plan": to_record(plan(True, True))}
    assert replay([first, at("apply"), at("undo", units=[2])]).undo_units == {2}
    assert replay([first, at("apply"), at("undo", units=[2]), at("undo")]).undo_units is None


def test_when_it_was_done_or_planned() -> None:
    one = plan(True)
    assert told(one).at == one.created_at and told(one, at("apply", 5.0)).at == 5.0
