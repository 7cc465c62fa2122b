"""Copies: refused in words with nothing left behind; on undo only the copy that was made goes."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from faults import meddled
from scenes import VOLUMES, asides, clear_asides, left_by_a_kill, one, plan_of, put

from model_manager.base.paths import OwnPaths
from model_manager.operations import Disk, Operations, identity_of
from model_manager.operations.identity import identity_to_record


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    return OwnPaths(tmp_path / "own")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    put(tmp_path / "m" / "a", b"a" * 99)
    return tmp_path / "m"


def copied(own: OwnPaths, top: Path, target: str = "b", source: str = "a", disk: Disk | None = None):  # type: ignore[no-untyped-def]
    done = Operations(own, disk=disk).apply(plan_of(one("copy", top / source, top / target)))
    assert not asides(top)
    return done


def test_what_is_refused_and_why(own: OwnPaths, top: Path) -> None:
    put(top / "taken", b"mine")
    (top / "folder").mkdir()
    for source, target, why in (
        ("folder", "b", "only files are copied"),
        ("a", "taken", "something of the name"),
        ("a", "missing/b", "the folder"),
    ):
        before = sorted(os.listdir(top))
        done = copied(own, top, target, source)
        assert done.state == "refused" and why in done.steps[0].problem
        assert sorted(os.listdir(top)) == before and (top / "taken").read_bytes() == b"mine"


def test_a_volume_without_room(own: OwnPaths, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=98))
    done = copied(own, top)
    assert "has 98 bytes free, 99 are needed" in done.steps[0].problem and os.listdir(top) == ["a"]


def test_a_name_that_is_taken_in_the_last_moment_stays_with_who_took_it(own: OwnPaths, top: Path) -> None:
    done = copied(own, top, disk=meddled("rename", lambda: put(top / "b", b"theirs")))
    assert done.state == "refused" and "is there now" in done.steps[0].problem
    assert (top / "b").read_bytes() == b"theirs"


def test_a_disk_that_does_not_keep_what_was_written(own: OwnPaths, top: Path) -> None:
    done = copied(own, top, disk=meddled("copy", lambda: asides(top)[0].write_bytes(b"rot" * 33), after=True))
    assert done.state == "refused" and "is not what was written" in done.steps[0].problem
    assert os.listdir(top) == ["a"]


def test_a_copy_that_somebody_removes_while_it_is_made(own: OwnPaths, top: Path) -> None:
    done = copied(own, top, disk=meddled("dress", lambda: clear_asides(top), after=True))
    assert done.state == "refused" and "removed while it was made" in done.steps[0].problem
    assert os.listdir(top) == ["a"]


def test_undo_removes_the_copy_and_nothing_else(own: OwnPaths, top: Path) -> None:
    done = copied(own, top)
    (top / "b").write_bytes(b"worked on since")
    undone = Operations(own).undo(done.id)
    assert "not the copy that was made, it stays" in undone.steps[0].problem and undone.undoable
    (top / "b").unlink()
    assert Operations(own).undo(done.id).state == "undone" and (top / "a").read_bytes() == b"a" * 99


@pytest.mark.parametrize("renamed", [False, True])
def test_a_kill_around_the_last_rename(renamed: bool, own: OwnPaths, top: Path) -> None:
    """A copy with its name is put back with the rest of its half unit; one without never came to it."""
    plan = plan_of(one("copy", top / "a", top / "b"), one("copy", top / "a", top / "c", 2))
    aside = put(top / f".model-manager-{plan.id}-1", b"a" * 99)
    made = identity_of(str(aside), os.lstat(aside), VOLUMES)
    if renamed:
        aside.rename(top / "b")
    facts = {"at": str(top / "a"), "to": str(top / "b"), "volume": made.volume, "made": identity_to_record(made)}
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": facts})
    (settled,) = Operations(own).recover()
    assert settled.state == "refused" and "interrupted" in settled.steps[0].problem
    assert os.listdir(top) == ["a"]


def test_a_journal_that_does_not_say_where_it_went_is_left_for_a_person(own: OwnPaths, top: Path) -> None:
    plan = plan_of(one("copy", top / "a", top / "b"))
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": {"at": 5}})
    (found,) = Operations(own).recover()
    assert found.state == "stuck" and "does not say 'to'" in found.steps[0].problem
    assert os.listdir(top) == ["a"]


def test_an_error_of_the_rename_is_told_in_the_systems_words(own: OwnPaths, top: Path) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    done = copied(own, top, disk=meddled("rename", full))
    assert done.steps[0].problem == "No space left on device" and os.listdir(top) == ["a"]


def test_a_copy_in_a_folder_that_leads_elsewhere_since_stays(own: OwnPaths, top: Path, tmp_path: Path) -> None:
    (top / "sub").mkdir()
    done = copied(own, top, "sub/b")
    os.rename(top / "sub", tmp_path / "away")
    os.symlink(tmp_path / "away", top / "sub")
    (step,) = Operations(own).undo(done.id).steps
    assert (step.state, step.problem) == ("done", "a folder on the way to it leads elsewhere now")
    assert (tmp_path / "away/b").read_bytes() == b"a" * 99
