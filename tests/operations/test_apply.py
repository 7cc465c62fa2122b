"""The engine: what it refuses to begin, what stopping leaves, what a journal of a newer version or a failing one means."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from faults import FailingJournal, meddled
from scenes import SCENES, VOLUMES, asides, left_by_a_kill, move, one, plain_tree, plan_of, put, scene

from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.base.paths import OwnPaths
from model_manager.base.set_aside import aside_name
from model_manager.jobs import Cancelled, Progress
from model_manager.operations import Operations, Plan, Step
from model_manager.operations.apply import _first_problem
from model_manager.operations.identity import identity_to_record
from model_manager.operations.journal import JournalFailed
from model_manager.operations.kept_files import kept_as
from model_manager.operations.lock import held
from model_manager.operations.plan import Proof


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    return OwnPaths(tmp_path / "own")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    for name in "abc":
        put(tmp_path / "m" / name, name.encode() * 99)
    return tmp_path / "m"


def moves(top: Path, *names: str, units: bool = True) -> Plan:
    steps = (one("move", top / name, top / f"{name}2", n, n if units else 1) for n, name in enumerate(names, 1))
    return plan_of(*steps)


# Before anything is begun


def test_a_verb_of_a_newer_version(own: OwnPaths, top: Path) -> None:
    """Not begun by this one, not settled by it, not undone by it: the newer one will."""
    plan = moves(top, "a")
    newer = replace(plan, steps=(replace(plan.steps[0], verb="teleport"),))
    with pytest.raises(UsageError, match="this version cannot 'teleport'"):
        Operations(own).apply(newer)
    assert Operations(own).history() == ([], []) and (top / "a").exists()
    path = left_by_a_kill(own, newer, {"record": "doing", "n": 1})
    before = path.read_bytes()
    assert Operations(own).recover() == [] and path.read_bytes() == before
    with path.open("ab") as file:
        file.write(b'{"record": "done", "n": 1}\n{"record": "end", "at": 2.0}\n')
    with pytest.raises(ModelManagerError, match="this version cannot 'teleport'"):
        Operations(own).undo(newer.id)
    assert Operations(own).apply(moves(top, "b")).state == "applied"


def test_a_plan_is_kept_under_one_id(own: OwnPaths, top: Path) -> None:
    plan, operations = moves(top, "a"), Operations(own)
    assert operations.store(plan).state == "planned"
    with pytest.raises(ModelManagerError, match="it was never applied"):
        operations.undo(plan.id)
    with pytest.raises(ModelManagerError, match="not the plan that was stored"):
        operations.apply(replace(moves(top, "b"), id=plan.id))
    assert sorted(os.listdir(top)) == ["a", "b", "c"] and operations.get(plan.id).state == "planned"


def test_a_data_folder_that_cannot_be_made(tmp_path: Path, top: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(ModelManagerError) as told:
        Operations(OwnPaths(tmp_path / "file" / "own")).apply(moves(top, "a"))
    assert told.value.verb == "make the data folder" and told.value.reason == "Not a directory" and (top / "a").exists()


def test_recovery_needs_no_lock_when_there_is_nothing_to_settle(own: OwnPaths, top: Path) -> None:
    """A start does not wait for another window's long move."""
    Operations(own).apply(moves(top, "a"))
    with held(str(own.data / "changing.lock"), 0):
        assert Operations(own, wait=0).recover() == []


# Guards and stopping


def test_what_is_guarded_is_left_and_the_rest_is_done(own: OwnPaths, top: Path) -> None:
    operations = Operations(own, guard=lambda unit, origin: "its tool is running" if unit[0].path.endswith("a") else "")
    done = operations.apply(moves(top, "a", "b"))
    assert done.state == "partly" and sorted(os.listdir(top)) == ["a", "b2", "c"]
    assert [(step.state, step.problem) for step in done.steps] == [("refused", "its tool is running"), ("done", "")]


def test_stopped_between_two_units(own: OwnPaths, top: Path) -> None:
    """What is whole stays and can be undone; what had no turn is said so."""
    progress = Progress()
    operations = Operations(own, disk=meddled("rename", progress.cancel, after=True))
    plan = moves(top, "a", "b")
    with pytest.raises(Cancelled):
        operations.apply(plan, progress)
    stopped = operations.get(plan.id)
    assert stopped.state == "partly" and stopped.settled and stopped.steps[1].problem == "stopped before its turn"
    assert sorted(os.listdir(top)) == ["a2", "b", "c"]
    assert operations.undo(plan.id).state == "undone" and sorted(os.listdir(top)) == ["a", "b", "c"]


def test_stopped_inside_a_copy(own: OwnPaths, top: Path) -> None:
    """The unit at work goes back whole, its first step too."""
    progress = Progress()
    plan = plan_of(
        one("move", top / "a", top / "a2"),
        one("copy", top / "b", top / "b2", 2),
        one("move", top / "c", top / "d", 3, 2),
    )
    with pytest.raises(Cancelled):
        Operations(own, disk=meddled("copy", progress.cancel)).apply(plan, progress)
    stopped = Operations(own).get(plan.id)
    assert stopped.state == "refused" and sorted(os.listdir(top)) == ["a", "b", "c"]
    assert stopped.steps[0].problem == "stopped: what was begun was put back"
    assert stopped.steps[2].problem == "stopped before its turn"


# A journal that fails


@pytest.mark.parametrize("name", ["move", "mixed", "trash", "link_hard"])
def test_a_journal_that_fails_during_undo(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens that was not announced, and what was begun goes on to its end at the next start."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    failed = 0
    for at in range(1, 60):
        with scene(tmp_path / str(at)) as s:
            plan = SCENES[name](s)
            before = plain_tree(s)
            Operations(s.own).apply(plan)
            after = plain_tree(s)
            journal = FailingJournal(str(s.own.journal), at, errno.ENOSPC)
            try:
                Operations(s.own, journal=journal).undo(plan.id)
            except JournalFailed:
                failed += 1
            if at == 1:
                assert plain_tree(s) == after
            Operations(s.own).recover()
            if Operations(s.own).get(plan.id).undoable:
                Operations(s.own).undo(plan.id)
            assert Operations(s.own).get(plan.id).state == "undone" and plain_tree(s) == before, at
        if journal.count < at:
            break
    assert failed >= 4


@pytest.mark.parametrize("at", range(3, 9))
def test_a_journal_that_fails_while_a_refused_unit_goes_back(at: int, own: OwnPaths, top: Path) -> None:
    """Half a unit is worse than a missing record: it goes back all the same, and is settled at the next start."""
    plan = moves(top, "a", "b", units=False)
    put(top / "b", b"changed since")
    journal = FailingJournal(str(own.journal), at, errno.ENOSPC)
    with pytest.raises(JournalFailed, match="No space left"):
        Operations(own, journal=journal).apply(plan)
    assert sorted(os.listdir(top)) == ["a", "b", "c"] and (top / "a").read_bytes() == b"a" * 99
    (settled,) = Operations(own).recover()
    assert settled.state == "refused" and sorted(os.listdir(top)) == ["a", "b", "c"] and not asides(top)


def test_a_journal_that_fails_when_the_work_is_stopped(own: OwnPaths, top: Path) -> None:
    for at in range(2, 12):
        plan, progress = moves(top, "a", "b"), Progress()
        disk = meddled("rename", progress.cancel, after=True)
        journal = FailingJournal(str(own.journal), at, errno.ENOSPC)
        with pytest.raises((JournalFailed, Cancelled)):
            Operations(own, disk=disk, journal=journal).apply(plan, progress)
        Operations(own).recover()
        if Operations(own).get(plan.id).undoable:
            Operations(own).undo(plan.id)
        assert sorted(os.listdir(top)) == ["a", "b", "c"]


def test_a_blob_whose_time_could_not_be_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is back; only its time is not sure, which is said and made good at the next start."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "s" / "models"))

    def fails() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with scene(tmp_path / "s") as s:
        plan = SCENES["trash"](s)
        before = plain_tree(s)
        Operations(s.own).apply(plan)
        undone = Operations(s.own, disk=meddled("sync_file", fails)).undo(plan.id)
        assert undone.state == "stuck" and "put back, but for its time" in undone.steps[1].problem
        assert (s.base / "m.gguf").exists()
        assert [done.state for done in Operations(s.own).recover()] == ["undone"] and plain_tree(s) == before


def test_nothing_more_is_done_once_the_journal_failed(own: OwnPaths, top: Path) -> None:
    """Not even when it failed at a unit that was left anyway: a change without a record could never be undone."""
    plan = moves(top, "a", "b")
    for at in range(2, 8):
        journal = FailingJournal(str(own.journal), at, errno.ENOSPC)
        operations = Operations(
            own, journal=journal, guard=lambda unit, origin: "its tool is running" if unit[0].path.endswith("a") else ""
        )
        try:
            operations.apply(plan)
        except JournalFailed:
            assert (top / "b2").exists() == (at == 6)  # where all but the end is written
        Operations(own).recover()
        done = Operations(own).get(plan.id)
        assert (done.steps[1].state == "done") == (top / "b2").exists()
        if done.undoable:
            Operations(own).undo(plan.id)
        plan = moves(top, "a", "b")


def test_stopped_inside_a_copy_while_the_journal_fails(own: OwnPaths, top: Path) -> None:
    for at in range(4, 8):
        progress = Progress()
        journal = FailingJournal(str(own.journal), at, errno.ENOSPC)
        plan = plan_of(one("copy", top / "a", top / "a2"))
        with pytest.raises((JournalFailed, Cancelled)):
            Operations(own, disk=meddled("copy", progress.cancel), journal=journal).apply(plan, progress)
        Operations(own).recover()
        assert Operations(own).get(plan.id).state == "refused" and sorted(os.listdir(top)) == ["a", "b", "c"]


def test_what_is_final_stays_when_the_rest_is_undone(own: OwnPaths, top: Path) -> None:
    plan = plan_of(one("move", top / "a", top / "a2"), one("delete", top / "b", None, 2, 2))
    operations = Operations(own)
    assert operations.apply(plan).state == "applied"
    undone = operations.undo(plan.id)
    assert undone.state == "partly" and undone.steps[1].problem == "this cannot be undone" and not undone.undoable
    assert sorted(os.listdir(top)) == ["a", "c"]


def test_after_a_change_there_is_room_kept_for_the_next(tmp_path: Path) -> None:
    """It is given back while one is under way: on a full disk that is what there is."""
    with scene(tmp_path) as s:
        plan, reserve = move(s), s.own.data / "reserve"
        seen: list[bool] = []
        done = Operations(s.own, disk=meddled("rename", lambda: seen.append(reserve.exists()))).apply(plan)
        assert done.state == "applied" and seen == [False] and reserve.stat().st_size == 4 << 20
        reserve.unlink()
        Operations(s.own).undo(done.id)
        assert reserve.exists()


def test_what_cannot_be_undone_yet_says_which_step_is_stuck(tmp_path: Path) -> None:
    with scene(tmp_path) as s:
        plan = move(s)
        records = (
            {"record": "done", "n": 1, "problem": "the original changed, so both are kept"},
            {"record": "stuck", "n": 2, "problem": "the volume of it is not connected"},
        )
        left_by_a_kill(s.own, plan, *records)
        story = Operations(s.own).get(plan.id)
        assert _first_problem(story) == "the volume of it is not connected"
        waiting = replace(story, steps=story.steps[:1])
        assert _first_problem(waiting) == "it was interrupted"


# Undo of chosen units, and giving up


def test_undo_of_chosen_units_leaves_the_others_in_force(own: OwnPaths, top: Path) -> None:
    operations, plan = Operations(own), moves(top, "a", "b", "c")
    assert operations.apply(plan).state == "applied"
    some = operations.undo(plan.id, units=[2])
    assert some.state == "partly" and some.undoable and sorted(os.listdir(top)) == ["a2", "b", "c2"]
    assert [step.state for step in some.steps] == ["done", "undone", "done"]
    assert operations.undo(plan.id, units=[]).state == "partly" and sorted(os.listdir(top)) == ["a2", "b", "c2"]
    assert operations.undo(plan.id).state == "undone" and sorted(os.listdir(top)) == ["a", "b", "c"]
    with pytest.raises(ModelManagerError, match="nothing of it is left to undo"):
        operations.undo(plan.id)


def test_an_undo_of_chosen_units_that_was_interrupted_goes_on_with_these_alone(own: OwnPaths, top: Path) -> None:
    operations, plan = Operations(own), moves(top, "a", "b", "c")
    operations.apply(plan)
    with (own.journal / f"{plan.id}.jsonl").open("ab") as file:
        file.write(b'{"record": "undo", "at": 2.0, "units": [1, 3]}\n')
    (settled,) = Operations(own).recover()
    assert [step.state for step in settled.steps] == ["undone", "done", "undone"]
    assert sorted(os.listdir(top)) == ["a", "b2", "c"] and settled.settled


def test_an_undo_that_is_stopped_can_be_asked_for_again(own: OwnPaths, top: Path) -> None:
    operations, plan, progress = Operations(own), moves(top, "a", "b", "c"), Progress()
    operations.apply(plan)
    with pytest.raises(Cancelled):
        Operations(own, disk=meddled("rename", progress.cancel, after=True)).undo(plan.id, progress=progress)
    stopped = operations.get(plan.id)
    assert stopped.settled and stopped.undoable and sorted(os.listdir(top)) == ["a2", "b2", "c"], "the last one first"
    assert operations.undo(plan.id).state == "undone" and sorted(os.listdir(top)) == ["a", "b", "c"]


def test_what_is_guarded_stays_when_the_rest_is_undone(own: OwnPaths, top: Path) -> None:
    plan = moves(top, "a", "b")
    Operations(own).apply(plan)
    guarded = Operations(own, guard=lambda unit, origin: "its tool is running" if unit[0].path.endswith("a") else "")
    undone = guarded.undo(plan.id)
    assert [(step.state, step.problem) for step in undone.steps] == [("done", "its tool is running"), ("undone", "")]
    assert undone.settled and undone.undoable and sorted(os.listdir(top)) == ["a2", "b", "c"]


def test_half_a_unit_that_is_guarded_waits_and_is_tried_again(own: OwnPaths, top: Path) -> None:
    plan = moves(top, "a", "b", units=False)
    os.rename(top / "a", top / "a2")
    done = one("move", top / "a2", top / "a2")
    facts = {"at": str(top / "a"), "to": str(top / "a2"), "by": "rename", "seen": identity_to_record(done.identity), "volume": done.identity.volume}  # type: ignore[union-attr, arg-type]  # fmt: skip
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": facts}, {"record": "done", "n": 1})
    told = {"why": "its tool is running"}
    operations = Operations(own, guard=lambda unit, origin: told["why"])
    (stuck,) = operations.recover()
    assert [(step.state, step.problem) for step in stuck.steps] == [
        ("stuck", "its tool is running"),
        ("refused", "interrupted before its turn"),
    ]
    assert stuck.state == "stuck" and not stuck.settled and sorted(os.listdir(top)) == ["a2", "b", "c"]
    with pytest.raises(ModelManagerError, match="it is stuck: its tool is running"):
        operations.undo(plan.id)
    told["why"] = ""
    (settled,) = operations.recover()
    assert settled.state == "refused" and sorted(os.listdir(top)) == ["a", "b", "c"]
    assert settled.steps[0].problem == "interrupted: what was begun was put back"


def test_what_cannot_be_settled_is_given_up_as_it_stands(own: OwnPaths, top: Path) -> None:
    plan, operations = moves(top, "a", "b"), Operations(own)
    with pytest.raises(ModelManagerError, match="there is nothing to give up"):
        operations.give_up(operations.store(plan).id)
    with (own.journal / f"{plan.id}.jsonl").open("ab") as file:
        file.write(b'{"record": "apply", "at": 1.0}\n{"record": "stuck", "n": 1, "problem": "its drive"}\n')
    guarded = Operations(own, guard=lambda unit, origin: "its drive")
    given = guarded.give_up(plan.id)
    assert given.settled and given.state == "refused" and sorted(os.listdir(top)) == ["a", "b", "c"]
    assert given.steps[0].problem == (
        f"given up by you: it may lie in the trash, or beside its place as {aside_name(plan.id, 1)}"
    )
    assert given.steps[1].problem == "interrupted before its turn"
    with pytest.raises(ModelManagerError, match="there is nothing to give up"):
        operations.give_up(plan.id)


def test_what_was_asked_for_is_asked_once_more_when_all_lies_aside(own: OwnPaths, top: Path) -> None:
    """Told with the unit and what asked for it; where it says no, the unit goes back."""
    asked: list[tuple[int, str | None]] = []

    def once_aside(unit: tuple[Step, ...], origin: str | None) -> str:
        asked.append((unit[0].unit, origin))
        return "a new tag needs it" if unit[0].unit == 1 else ""

    plan = replace(moves(top, "a", "b"), origins={1: "duplicates"})
    done = Operations(own, once_aside=once_aside).apply(plan)
    assert asked == [(1, "duplicates"), (2, None)]
    assert [(step.state, step.problem) for step in done.steps] == [("refused", "a new tag needs it"), ("done", "")]
    assert sorted(os.listdir(top)) == ["a", "b2", "c"]


def test_stopped_while_what_stays_is_compared(own: OwnPaths, top: Path) -> None:
    """Nothing of the unit is begun, and none after it has its turn."""
    put(top / "keeper", b"a" * 99)
    kept = replace(kept_as(str(top / "keeper"), VOLUMES), same=Proof(str(top / "a"), 1, 1))
    plan = plan_of(replace(one("delete", top / "a", None), keeps=(kept,)), one("delete", top / "b", None, 2, 2))
    progress = Progress()
    with pytest.raises(Cancelled):
        Operations(own, disk=meddled("same_bytes", progress.cancel)).apply(plan, progress)
    stopped = Operations(own).get(plan.id)
    assert stopped.state == "refused" and stopped.settled and sorted(os.listdir(top)) == ["a", "b", "c", "keeper"]
    assert [step.problem for step in stopped.steps] == [
        "stopped: what was begun was put back", "stopped before its turn"]  # fmt: skip


def test_the_others_of_a_unit_say_which_refusal_took_them_back(own: OwnPaths, top: Path) -> None:
    plan = moves(top, "a", "b", units=False)
    put(top / "b2", b"in the way")
    done = Operations(own).apply(plan)
    assert [(step.state, step.problem) for step in done.steps] == [
        ("refused", f"left, as another step of its unit was refused: something of the name {top}/b2 is there now"),
        ("refused", f"something of the name {top}/b2 is there now"),
    ]
    assert not done.undoable and sorted(os.listdir(top)) == ["a", "b", "b2", "c"]


def test_a_refused_undo_keeps_what_is_in_force_and_says_why(own: OwnPaths, top: Path) -> None:
    operations, plan = Operations(own), moves(top, "a")
    operations.apply(plan)
    put(top / "a", b"another")
    undone = operations.undo(plan.id)
    assert (undone.state, undone.undoable, undone.steps[0].problem) == (
        "applied",
        True,
        "something else has its old name now",
    )
    assert sorted(os.listdir(top)) == ["a", "a2", "b", "c"] and (top / "a").read_bytes() == b"another"
    (top / "a").unlink()
    assert operations.undo(plan.id).state == "undone"


def test_a_plan_is_applied_once(own: OwnPaths, top: Path) -> None:
    operations, plan = Operations(own), moves(top, "a")
    operations.apply(plan)
    with pytest.raises(ModelManagerError, match="it was applied already") as told:
        operations.apply(plan)
    assert told.value.hint == "make a new plan" and sorted(os.listdir(top)) == ["a2", "b", "c"]


def test_while_it_works_it_says_at_which_operation(own: OwnPaths, top: Path) -> None:
    """What it takes is held by itself, and by nothing afterwards."""
    seen: list[str] = []
    operations = Operations(own, disk=meddled("rename", lambda: seen.append(operations.at_work)))
    plan = moves(top, "a")
    operations.apply(plan)
    assert seen == [plan.id] and operations.at_work == ""


def test_another_process_at_work_is_waited_for_and_then_said(own: OwnPaths, top: Path) -> None:
    own.create()
    with held(str(own.data / "changing.lock"), 0), pytest.raises(ModelManagerError, match="another"):
        Operations(own, wait=0).apply(moves(top, "a"))
    assert sorted(os.listdir(top)) == ["a", "b", "c"]
    assert Operations(own, wait=0).apply(moves(top, "a")).state == "applied"
