"""Every verb, killed or failing at any call: before or after, never between; and undo is exact."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import Failing, FailingJournal, Killing, KillingJournal, in_child
from scenes import FINAL, SCENES, Plan, Scene, Snapshot, scene

from model_manager.base.errors import ModelManagerError
from model_manager.operations import Operations

ERRORS = (errno.EIO, errno.EACCES, errno.EROFS, errno.EPERM, errno.ESTALE, errno.EDQUOT, errno.ENOSPC)
PAIRS = ("disk-journal", "journal-disk", "journal-journal")
MOST = 120
"""Calls that no scene needs."""


@pytest.fixture(autouse=True)
def _own_trash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def plain(states: Snapshot) -> Snapshot:
    """Without what only says that a trash exists."""
    return {name: value for name, value in states.items() if not name.endswith(("/Trash", "/files", "/info"))}


def clean_run(make: Callable[[Scene], Plan], where: Path) -> Snapshot:
    """What the tree is after the plan, nothing in the way."""
    with scene(where) as s:
        done = Operations(s.own).apply(make(s))
        assert done.state == "applied", [step.problem for step in done.steps]
        return plain(s.snapshot())


@pytest.mark.parametrize("name", SCENES)
def test_done_and_undone_exactly(name: str, tmp_path: Path) -> None:
    with scene(tmp_path / "s") as s:
        plan = SCENES[name](s)
        before = plain(s.snapshot())
        operations = Operations(s.own)
        done = operations.apply(plan)
        assert done.state == "applied", [step.problem for step in done.steps]
        after = plain(s.snapshot())
        assert after != before and not [path for path in after if ".model-manager-2" in path]
        if name in FINAL:
            with pytest.raises(ModelManagerError, match="nothing of it is left"):
                operations.undo(plan.id)
            return
        assert operations.undo(plan.id).state == "undone"
        assert plain(s.snapshot()) == before


def settle_and_judge(s: Scene, name: str, plan: Plan, before: Snapshot, after: Snapshot, what: str) -> None:
    """Recovery brings the one tree or the other, and undo the first again."""
    Operations(s.own).recover()
    now = plain(s.snapshot())
    assert now in (before, after), f"{what}: {set(now.items()) ^ set(before.items())}"
    if name not in FINAL and now == after:
        undone = Operations(s.own).undo(plan.id)
        assert undone.state == "undone", [step.problem for step in undone.steps]
        assert plain(s.snapshot()) == before, what


def killed(s: Scene, plan: Plan, phase: str, where: str, at: int) -> bool:
    """Runs one phase in a child that is killed at a point; whether it came to that."""

    def operations() -> Operations:
        if where == "disk":
            return Operations(s.own, disk=Killing(at))
        return Operations(s.own, journal=KillingJournal(str(s.own.journal), at))

    if phase == "apply":
        return in_child(lambda: operations().apply(plan))
    if phase == "undo":
        return in_child(lambda: operations().undo(plan.id))
    return in_child(lambda: operations().recover())


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("where", ["disk", "journal"])
def test_killed_anywhere(name: str, where: str, tmp_path: Path) -> None:
    after = clean_run(SCENES[name], tmp_path / "clean")
    kills = 0
    for phase in ("apply",) if name in FINAL else ("apply", "undo"):
        for at in range(1, MOST):
            with scene(tmp_path / f"{phase}-{at}") as s:
                plan = SCENES[name](s)
                before = plain(s.snapshot())
                if phase == "undo":
                    Operations(s.own).apply(plan)
                if not killed(s, plan, phase, where, at):
                    break
                kills += 1
                settle_and_judge(s, name, plan, before, after, f"{phase} killed at {at}")
    print(f"{name}, {where}: {kills} kills")
    assert kills >= 4


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("where", ["disk-disk", *(pytest.param(two, marks=pytest.mark.slow) for two in PAIRS)])
@pytest.mark.parametrize("name", SCENES)
def test_killed_again_inside_the_recovery(name: str, where: str, every: int, tmp_path: Path) -> None:
    """First in the apply, then in the recovery of it; the long form takes every pair of points, of both kinds."""
    one, other = where.split("-")
    after = clean_run(SCENES[name], tmp_path / "clean")
    kills = 0
    for first in range(2, MOST, every):
        for second in range(1, MOST, every):
            with scene(tmp_path / f"{first}-{second}") as s:
                plan = SCENES[name](s)
                before = plain(s.snapshot())
                if not killed(s, plan, "apply", one, first):
                    print(f"{name}, {where}: {kills} double kills")
                    return
                if not killed(s, plan, "recover", other, second):
                    break
                kills += 1
                settle_and_judge(s, name, plan, before, after, f"killed at {first}, then at {second}")


@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("name", SCENES)
def test_every_error_at_every_call(name: str, number: int, tmp_path: Path) -> None:
    after = clean_run(SCENES[name], tmp_path / "clean")
    for at in range(1, 400):
        with scene(tmp_path / str(at)) as s:
            plan = SCENES[name](s)
            before = plain(s.snapshot())
            disk = Failing(at, number)
            done = Operations(s.own, disk=disk).apply(plan)
            now = plain(s.snapshot())
            if done.state == "applied":
                assert now == after
            elif done.state != "stuck":
                assert now == before, f"{done.state} at {at}: {[step.problem for step in done.steps]}"
            settle_and_judge(s, name, plan, before, after, f"failed at {at}")
        if disk.count < at:
            print(f"{name}: {at - 1} calls that failed")
            return
    raise AssertionError("the scene has more calls than expected")


@pytest.mark.parametrize("name", [name for name in SCENES if name not in FINAL])
def test_every_error_during_undo(name: str, tmp_path: Path) -> None:
    """What cannot be put back now says so, and can be put back later."""
    for at in range(1, 400):
        with scene(tmp_path / str(at)) as s:
            plan = SCENES[name](s)
            before = plain(s.snapshot())
            Operations(s.own).apply(plan)
            disk = Failing(at, errno.EIO)
            Operations(s.own, disk=disk).undo(plan.id)
            healthy = Operations(s.own)
            healthy.recover()
            if healthy.get(plan.id).undoable:
                healthy.undo(plan.id)
            assert healthy.get(plan.id).state == "undone", at
            assert plain(s.snapshot()) == before, at
        if disk.count < at:
            return
    raise AssertionError("the scene has more calls than expected")


@pytest.mark.parametrize("name", SCENES)
def test_a_journal_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    after = clean_run(SCENES[name], tmp_path / "clean")
    for at in range(1, MOST):
        with scene(tmp_path / str(at)) as s:
            plan = SCENES[name](s)
            before = plain(s.snapshot())
            journal = FailingJournal(str(s.own.journal), at, errno.ENOSPC)
            try:
                Operations(s.own, journal=journal).apply(plan)
            except ModelManagerError:
                pass
            else:
                assert journal.count < at
                return
            if plan.id in os.listdir(s.own.journal):
                continue
            if not Operations(s.own).history()[0]:
                assert plain(s.snapshot()) == before
                continue
            settle_and_judge(s, name, plan, before, after, f"journal failed at {at}")
