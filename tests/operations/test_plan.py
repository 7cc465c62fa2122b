"""A plan comes back from the journal as it was shown, or not at all; its JSON is what any reader can take."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from typing import Any

import pytest
from scenes import plan_of

from model_manager.base.messages import said
from model_manager.operations import Plan, Step, StepState, as_json
from model_manager.operations.identity import Identity, identity_from_record, identity_to_record
from model_manager.operations.plan import KeptFile, Proof, from_record, is_id, new_id, printable, to_record
from model_manager.operations.sentences import parts_of

STRANGE = os.fsdecode(b"/m/caf\xe9.gguf")


def plan() -> Plan:
    seen = Identity("uuid:1", 5, 10, 20, "tree")
    step = Step(1, 1, "move", STRANGE, "/m/new", 10, 0, "why", True, seen, {"kind": "x"}, "a model")
    return plan_of(step, Step(2, 2, "delete", "/m/b", None, 3, 3, "why", False, None))


def record(**changes: object) -> Any:
    return copy.deepcopy(to_record(plan())) | changes


def step(**changes: object) -> Any:
    whole = record()
    whole["steps"][0] |= changes
    return whole


def test_through_the_journal_and_back() -> None:
    wanted = plan()
    assert from_record(json.loads(json.dumps(to_record(wanted)))) == wanted
    assert [[one.n for one in unit] for unit in wanted.units()] == [[1], [2]]


@pytest.mark.parametrize(
    "bad",
    [
        None, [], {}, record(steps=None), record(warnings="none"), record(id=5), record(frees="much"),
        record(created_at=None), record(steps=[None]), step(n=2), step(n="1"), step(target=5), step(how=[]),
        step(how={"a": 5}), step(identity=[]), step(identity={"volume": "v", "inode": "5"}), step(undo="yes"),
        step(identity={"volume": "v", "inode": 5, "size": "big"}), step(path=None),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_not_taken_for_one(bad: object) -> None:
    with pytest.raises(ValueError):
        from_record(bad)


def test_identities_keep_only_what_they_have() -> None:
    for identity in (Identity("v", 0), Identity("v", 7, 1, 2), Identity("v", 7, None, None, "mark")):
        assert identity_from_record(json.loads(json.dumps(identity_to_record(identity)))) == identity


def test_where_inodes_do_not_last_size_and_time_tell() -> None:
    """On FAT and SMB the inode is no sign of anything: the same size and time at the same place are."""
    one = Identity("fat", 0, 10, 20)
    assert one.is_same_thing(Identity("fat", 0, 10, 20)) and not one.is_same_thing(Identity("fat", 0, 11, 20))
    assert not one.is_same_thing(None) and not one.is_same_thing(Identity("other", 0, 10, 20))
    assert Identity("ext", 5, 10, 20).is_same_thing(Identity("ext", 5, 99, 99))


def test_an_id_names_a_file_and_nothing_else() -> None:
    assert is_id(new_id()) and new_id() != new_id()
    for bad in ("", "../x", new_id() + "\n", new_id() + "/", new_id().lower()):
        assert not is_id(bad)


def test_the_json_of_the_command_line_is_strict_utf8() -> None:
    states = [StepState("done"), StepState("refused", STRANGE)]
    shown: Any = as_json(plan(), "partly", states)
    json.dumps(shown, ensure_ascii=False).encode("utf-8")
    assert shown["steps"][0]["path"] == r"/m/caf\xe9.gguf" and shown["steps"][1]["target"] is None
    assert shown["steps"][0]["problem"] is None and shown["steps"][1]["problem"] == r"/m/caf\xe9.gguf"
    assert printable("half \ud83d a pair") == r"half \ud83d a pair"


def test_a_plan_of_an_earlier_version_is_read_too() -> None:
    """Before it was told what was left and what all weighs."""
    older = record()
    for name in ("left", "weighs"):
        del older[name]
    assert from_record(older) == plan_like(older["id"], older["created_at"])


def plan_like(id_: str, created_at: float) -> Plan:
    return replace(plan(), id=id_, created_at=created_at)


def test_a_plan_from_before_steps_named_what_stays_is_read_too() -> None:
    older = record()
    for one in older["steps"]:
        del one["keeps"]
    del older["origins"]
    assert from_record(older) == plan_like(older["id"], older["created_at"])


@pytest.mark.parametrize(
    "bad",
    [
        record(origins={"x": "clean"}), record(origins={"1": 5}), record(origins={1: "clean"}), record(origins=["1"]),
        record(origins={"1" * 10: "clean"}), record(origins={"-1": "clean"}), record(weighs="much"), record(left=5),
        step(keeps=5), step(keeps={}), step(keeps=[5]), step(keeps=[{"path": "/k"}]),
        step(keeps=[{"path": "/k", "identity": {"volume": "v", "inode": 5}, "ctime_ns": "now"}]),
        step(keeps=[{"path": "/k", "identity": {"volume": "v", "inode": 5}, "same": []}]),
        step(keeps=[{"path": "/k", "identity": {"volume": "v", "inode": 5}, "same": {"path": "/k"}}]),
    ],
)  # fmt: skip
def test_what_else_is_no_plan(bad: object) -> None:
    with pytest.raises(ValueError):
        from_record(bad)


def test_everything_that_a_plan_says_comes_back() -> None:
    """What stays with its proof, what asked for each unit, what was left, what it weighs, and its sentences in parts."""
    why, seen = said("a copy of {0}", "/m/k"), Identity("uuid:1", 5, 10, 20)
    proof = Proof("/m/new", 1, 2, "a", "b", False, "c" * 64)
    one = replace(plan().steps[0], why=why, keeps=(KeptFile("/m/k", seen, 7, proof), KeptFile("/m/l", seen)))
    wanted = replace(
        plan(), steps=(one, plan().steps[1]), title=said("Clear {0}", "/m"), warnings=(said("left: {0}", "/m/x"),),
        left=(said("{0}: it is in use", "/m/x"),), weighs=13, origins={1: "clean", 2: "a" * 300},
    )  # fmt: skip
    again = from_record(json.loads(json.dumps(to_record(wanted))))
    assert again == wanted and again.bytes == 13 and replace(again, weighs=None).bytes == 13
    for text in (again.title, again.warnings[0], again.left[0], again.steps[0].why):
        assert parts_of({"x": text}), f"{text} can be shown in no other language"


def test_steps_are_counted_from_one() -> None:
    for numbers in ((0,), (2,), (1, 1), (2, 1), (1, 3)):
        with pytest.raises(ValueError, match="counted from 1"):
            plan_of(*(replace(plan().steps[1], n=n) for n in numbers))
    assert plan_of().bytes == 0


def test_ids_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_007_999_999)
    assert new_id().startswith("20231114T221320007Z-") and len(new_id()) == 28
