"""Removal for good: what cannot be taken back happens last, and only when its whole unit stands."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from faults import meddled
from scenes import asides, left_by_a_kill, one, plan_of, put

from model_manager.base.errors import ModelManagerError
from model_manager.base.paths import OwnPaths
from model_manager.operations import Operations


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    return OwnPaths(tmp_path / "own")


def test_nothing_is_removed_when_another_step_of_the_unit_is_refused(tmp_path: Path, own: OwnPaths) -> None:
    a, b = put(tmp_path / "m" / "a", b"a"), put(tmp_path / "m" / "b", b"b")
    plan = plan_of(one("delete", a, None), one("delete", b, None, 2, 1))
    b.write_bytes(b"changed since")
    done = Operations(own).apply(plan)
    assert done.state == "refused" and "another step of its unit was refused" in done.steps[0].problem
    assert (a.read_bytes(), b.read_bytes()) == (b"a", b"changed since") and not asides(tmp_path / "m")


def test_a_name_that_was_taken_meanwhile_costs_nobody_a_file(tmp_path: Path, own: OwnPaths) -> None:
    """The first lies aside while the second fails; the tool has written a new one in its place."""
    a, b = put(tmp_path / "m" / "a", b"a"), put(tmp_path / "m" / "b", b"b")
    plan = plan_of(one("delete", a, None), one("delete", b, None, 2, 1))
    b.write_bytes(b"changed since")
    disk = meddled("rename", lambda: put(a, b"the tool's new one"), after=True)
    done = Operations(own, disk=disk).apply(plan)
    (kept,) = asides(tmp_path / "m")
    assert str(kept) in done.steps[0].problem and "something else has its name now" in done.steps[0].problem
    assert kept.read_bytes() == b"a" and a.read_bytes() == b"the tool's new one"


def test_a_removal_that_fails_is_tried_again_at_the_next_start(tmp_path: Path, own: OwnPaths) -> None:
    def broken() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    a = put(tmp_path / "m" / "a", b"a")
    operations = Operations(own, disk=meddled("remove", broken))
    done = operations.apply(plan_of(one("delete", a, None)))
    assert done.state == "stuck" and done.steps[0].problem == "Input/output error" and not a.exists()
    assert [path.read_bytes() for path in asides(tmp_path / "m")] == [b"a"]
    assert Operations(own).recover()[0].state == "applied" and not asides(tmp_path / "m")
    with pytest.raises(ModelManagerError, match="nothing of it is left to undo"):
        operations.undo(done.id)


def test_a_drive_that_is_not_there_is_waited_for(tmp_path: Path, own: OwnPaths) -> None:
    """Its names are not *gone*: nothing is said of it until it is back."""
    a = put(tmp_path / "m" / "a", b"a")
    facts = {"at": str(a), "seen": {"volume": "uuid:elsewhere", "inode": 5, "size": 1, "mtime_ns": 1}}
    plan = plan_of(one("delete", a, None))
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": facts})
    (found,) = Operations(own).recover()
    assert found.state == "stuck" and "is not connected" in found.steps[0].problem and a.exists()
    with pytest.raises(ModelManagerError, match=r"it is stuck: the volume of .* is not connected"):
        Operations(own).undo(plan.id)
