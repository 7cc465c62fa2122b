"""Moves: on one volume a rename, to another a proven copy; whatever somebody does meanwhile, nobody loses a file."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from faults import meddled
from scenes import Scene, asides, left_by_a_kill, one, plan_of, put, scene

from model_manager.base.paths import OwnPaths
from model_manager.operations import Disk, Operation, Operations
from model_manager.operations.identity import identity_to_record


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    return OwnPaths(tmp_path / "own")


@pytest.fixture
def two(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Two volumes with a file on the first."""
    with scene(tmp_path / "s") as s:
        if os.stat(s.far).st_dev == os.stat(s.base).st_dev:
            pytest.skip("there is no second volume here")
        put(s.base / "a", b"a" * 99)
        yield s


def near(own: OwnPaths, top: Path, disk: Disk | None = None) -> Operation:
    put(top / "a", b"a")
    return Operations(own, disk=disk).apply(plan_of(one("move", top / "a", top / "b")))


def far(s: Scene, disk: Disk | None = None) -> Operation:
    return Operations(s.own, disk=disk).apply(plan_of(one("move", s.base / "a", s.far / "a")))


def test_a_name_that_is_taken_in_the_last_moment(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    done = near(own, top, meddled("rename", lambda: put(top / "b", b"theirs")))
    assert done.state == "refused" and "is there now" in done.steps[0].problem
    assert ((top / "a").read_bytes(), (top / "b").read_bytes()) == (b"a", b"theirs")


def test_a_mount_in_between_is_named(tmp_path: Path, own: OwnPaths) -> None:
    """A bind mount: one device, yet no rename goes across."""

    def across() -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    done = near(own, tmp_path / "m", meddled("rename", across))
    assert "another mount lies between" in done.steps[0].problem and (tmp_path / "m" / "a").exists()


def test_back_only_if_its_old_name_is_free(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    done = near(own, top)
    put(top / "a", b"new")
    undone = Operations(own).undo(done.id)
    assert undone.undoable and undone.steps[0].problem == "something else has its old name now"
    assert ((top / "a").read_bytes(), (top / "b").read_bytes()) == (b"new", b"a")
    (top / "a").unlink()
    disk = meddled("rename", lambda: put(top / "a", b"in the last moment"))
    assert Operations(own, disk=disk).undo(done.id).steps[0].problem == "something else has its old name now"
    assert ((top / "a").read_bytes(), (top / "b").read_bytes()) == (b"in the last moment", b"a")


def test_its_old_folder_is_made_again(tmp_path: Path, own: OwnPaths) -> None:
    path = put(tmp_path / "m" / "deep" / "down" / "a", b"a")
    done = Operations(own).apply(plan_of(one("move", path, tmp_path / "m" / "b")))
    (tmp_path / "m" / "deep" / "down").rmdir()
    (tmp_path / "m" / "deep").rmdir()
    assert Operations(own).undo(done.id).state == "undone" and path.read_bytes() == b"a"


def test_one_that_somebody_moved_on_or_back(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    done = near(own, top)
    (top / "b").rename(top / "c")
    assert "not where it was moved to any more" in Operations(own).undo(done.id).steps[0].problem
    (top / "c").rename(top / "a")
    assert Operations(own).undo(done.id).state == "undone" and os.listdir(top) == ["a"]


def test_only_files_go_to_another_volume(two: Scene) -> None:
    put(two.base / "d" / "x", b"x")
    done = Operations(two.own).apply(plan_of(one("move", two.base / "d", two.far / "d")))
    assert done.state == "refused" and done.steps[0].problem == "only files are moved to another volume"
    assert (two.base / "d" / "x").exists() and os.listdir(two.far) == []


def test_an_original_that_changed_while_it_was_copied_is_kept(two: Scene) -> None:
    done = far(two, meddled("rename", lambda: (two.base / "a").write_bytes(b"worked on"), after=True))
    assert done.state == "applied" and "both are kept" in done.steps[0].problem
    assert (two.base / "a").read_bytes() == b"worked on" and (two.far / "a").read_bytes() == b"a" * 99
    undone = Operations(two.own).undo(done.id)
    assert undone.steps[0].problem == "something else has its old name now"
    assert (two.base / "a").read_bytes() == b"worked on" and (two.far / "a").read_bytes() == b"a" * 99


def test_an_original_that_somebody_removed_meanwhile(two: Scene) -> None:
    done = far(two, meddled("rename", (two.base / "a").unlink, after=True))
    assert done.state == "applied" and (two.far / "a").read_bytes() == b"a" * 99
    assert Operations(two.own).undo(done.id).state == "undone"
    assert (two.base / "a").read_bytes() == b"a" * 99 and os.listdir(two.far) == []


def test_back_where_a_copy_of_it_lies_already(two: Scene) -> None:
    """Somebody copied it back: that one is proved equal and stays, the other goes."""
    done = far(two)
    again = put(two.base / "a", b"a" * 99)
    inode = os.lstat(again).st_ino
    assert Operations(two.own).undo(done.id).state == "undone"
    assert os.lstat(again).st_ino == inode and os.listdir(two.far) == []


def test_a_file_of_the_same_size_and_time_is_not_taken_for_it(two: Scene) -> None:
    done = far(two)
    put(two.base / "a", b"b" * 99)
    assert Operations(two.own).undo(done.id).steps[0].problem == "something else has its old name now"
    assert (two.base / "a").read_bytes() == b"b" * 99 and (two.far / "a").read_bytes() == b"a" * 99


def test_a_journal_that_does_not_say_what_was_moved(tmp_path: Path, own: OwnPaths) -> None:
    path = put(tmp_path / "m" / "a", b"a")
    plan = plan_of(one("move", path, tmp_path / "m" / "b"))
    facts = {"at": str(path), "to": str(tmp_path / "m" / "b")}
    end = {"record": "end", "at": 2.0}
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": facts}, {"record": "done", "n": 1}, end)
    undone = Operations(own).undo(plan.id)
    assert undone.state == "stuck" and "does not say what was moved" in undone.steps[0].problem
    assert path.exists() and not asides(tmp_path / "m")


def test_what_went_since_it_was_planned(tmp_path: Path, own: OwnPaths) -> None:
    path = put(tmp_path / "m" / "a", b"a")
    plan = plan_of(one("move", path, tmp_path / "m" / "b"))
    path.unlink()
    done = Operations(own).apply(plan)
    assert done.state == "refused" and done.steps[0].problem == "it is not there any more"
    assert os.listdir(tmp_path / "m") == []


def test_a_copy_that_undo_had_put_back_when_it_was_killed_is_the_file(two: Scene) -> None:
    """It has another number than the original, and the one it was copied from is gone already."""
    done = far(two)
    put(two.base / "a", (two.far / "a").read_bytes())
    (two.far / "a").unlink()
    assert Operations(two.own).undo(done.id).state == "undone"
    assert (two.base / "a").read_bytes() == b"a" * 99 and os.listdir(two.far) == []


@pytest.mark.parametrize("is_done", [False, True])
def test_a_move_that_was_killed_is_settled_by_where_the_file_lies(is_done: bool, tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    path = put(top / "a", b"a")
    plan = plan_of(one("move", path, top / "b"))
    seen = plan.steps[0].identity
    assert seen is not None
    facts = {"at": str(path), "to": str(top / "b"), "seen": identity_to_record(seen), "volume": seen.volume}
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": facts})
    if is_done:
        path.rename(top / "b")
    (settled,) = Operations(own).recover()
    assert settled.state == "refused" and settled.settled
    assert settled.steps[0].problem == "interrupted: what was begun was put back"
    assert os.listdir(top) == ["a"], "its unit was not whole, so it goes back"
    assert Operations(own).recover() == []


@pytest.mark.parametrize("is_taken", [False, True])
def test_an_original_that_changes_in_the_very_last_moment_is_kept(is_taken: bool, two: Scene) -> None:
    """Between the last look and its removal; and where its name was given away just then, it is told where it lies."""

    class Late(Disk):
        def rename(self, path: str, target: str) -> None:
            if target.endswith("-going"):
                (two.base / "a").write_bytes(b"worked on")
            super().rename(path, target)
            if target.endswith("-going") and is_taken:
                put(two.base / "a", b"a newcomer")

    done = far(two, Late())
    aside = asides(two.base)
    assert done.state == "applied" and (two.far / "a").read_bytes() == b"a" * 99
    if is_taken:
        assert (two.base / "a").read_bytes() == b"a newcomer" and aside[0].read_bytes() == b"worked on"
        assert done.steps[0].problem == (
            f"something else came to its old name in the last moment; it is kept as {aside[0]}"
        )
    else:
        assert (two.base / "a").read_bytes() == b"worked on" and not aside
        assert done.steps[0].problem == "the original changed while it was copied, so both are kept"
