"""Into the trash and back: never across volumes, never over something, and the system's own where that is the rule."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path

import pytest
from faults import meddled
from scenes import LONG_AGO, OTHER_VOLUME, VOLUMES, asides, left_by_a_kill, one, plan_of, put

from model_manager.base.paths import OwnPaths
from model_manager.operations import Disk, Operations, Plan
from model_manager.operations.plan_builder import PlanBuilder
from model_manager.operations.verbs.trash import _paths


@pytest.fixture(autouse=True)
def _data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    return OwnPaths(tmp_path / "own")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    put(tmp_path / "m" / "a", b"a")
    return tmp_path / "m"


@pytest.fixture
def bin_(tmp_path: Path) -> Path:
    return tmp_path / "share" / "Trash"


def planned(top: Path, **how: str) -> Plan:
    draft = PlanBuilder(VOLUMES, [str(top)])
    draft.begin_unit()
    draft.take(str(top / "a"), "test", how)
    return draft.plan("Clear")


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.is_dir() else []


def test_a_trash_that_is_on_another_volume_now(top: Path, own: OwnPaths, bin_: Path) -> None:
    """Its drive was unplugged since it was planned: what lies under the mount point is another disk."""
    if os.stat(OTHER_VOLUME).st_dev == os.stat(top).st_dev:
        pytest.skip("there is no second volume here")
    plan = plan_of(one("trash", top / "a", Path(OTHER_VOLUME) / "model-manager-test-Trash"))
    done = Operations(own).apply(plan)
    assert done.state == "refused" and "is not on the volume of this file" in done.steps[0].problem
    assert (top / "a").exists() and not (Path(OTHER_VOLUME) / "model-manager-test-Trash").exists()


def test_a_name_that_comes_into_the_trash_in_the_last_moment(top: Path, own: OwnPaths, bin_: Path) -> None:
    done = Operations(own, disk=meddled("rename", lambda: put(bin_ / "files" / "a", b"theirs"))).apply(planned(top))
    assert done.state == "refused" and "came into the trash: try again" in done.steps[0].problem
    assert (top / "a").read_bytes() == b"a" and (bin_ / "files" / "a").read_bytes() == b"theirs"
    assert names(bin_ / "info") == []
    assert Operations(own).apply(planned(top)).state == "applied"
    assert names(bin_ / "files") == ["a", "a.2"] and names(bin_ / "info") == ["a.2.trashinfo"]


@pytest.mark.parametrize(
    ("number", "why"), [(errno.EXDEV, "cannot be moved into the trash without a copy"), (errno.EIO, "Input/output")]
)
def test_a_rename_that_fails_leaves_no_note(number: int, why: str, top: Path, own: OwnPaths, bin_: Path) -> None:
    def fails() -> None:
        raise OSError(number, os.strerror(number))

    done = Operations(own, disk=meddled("rename", fails)).apply(planned(top))
    assert done.state == "refused" and why in done.steps[0].problem
    assert (top / "a").exists() and names(bin_ / "info") == names(bin_ / "files") == []


def test_back_only_if_its_name_is_free(top: Path, own: OwnPaths, bin_: Path) -> None:
    done = Operations(own).apply(planned(top))
    put(top / "a", b"new")
    disk: Disk | None
    for disk in (None, meddled("rename", lambda: put(top / "a", b"in the last moment"))):
        undone = Operations(own, disk=disk).undo(done.id)
        assert "something else has its name now; it stays in the trash" in undone.steps[0].problem
        assert names(bin_ / "files") == ["a"] and names(bin_ / "info") == ["a.trashinfo"]
        (top / "a").unlink()
    assert Operations(own).undo(done.id).state == "undone" and (top / "a").read_bytes() == b"a"
    assert names(bin_ / "files") == names(bin_ / "info") == []


def test_a_trash_with_too_many_of_one_name(top: Path, own: OwnPaths, bin_: Path) -> None:
    class Full(Disk):
        def lstat(self, path: str) -> os.stat_result:
            return super().lstat(str(top) if "/Trash/" in path else path)

    done = Operations(own, disk=Full()).apply(planned(top))
    assert done.state == "refused" and "empty it" in done.steps[0].problem and (top / "a").exists()


def test_a_name_as_long_as_a_name_can_be(top: Path, own: OwnPaths, bin_: Path) -> None:
    """Its note needs ten bytes more than it; it comes back under its own."""
    path = put(top / ("ü" * 127), b"long")
    draft = PlanBuilder(VOLUMES, [str(top)])
    draft.begin_unit()
    draft.take(str(path), "test")
    done = Operations(own).apply(draft.plan("Clear"))
    assert done.state == "applied" and len(names(bin_ / "info")) == 1 and not path.exists()
    assert Operations(own).undo(done.id).state == "undone" and path.read_bytes() == b"long"


# The trash of macOS and Windows


class SystemTrash(Disk):
    """Takes things where nobody finds them."""

    def __init__(self, hidden: Path) -> None:
        self.hidden = hidden

    def system_trash(self, path: str) -> None:
        os.rename(path, self.hidden)


def test_the_systems_trash_takes_it_and_gives_nothing_back(top: Path, own: OwnPaths, tmp_path: Path) -> None:
    operations = Operations(own, disk=SystemTrash(tmp_path / "hidden"))
    done = operations.apply(plan_of(one("trash", top / "a", None)))
    assert done.state == "applied" and (tmp_path / "hidden").read_bytes() == b"a" and names(top) == []
    undone = operations.undo(done.id)
    assert undone.steps[0].problem == "the system's trash has it: put it back there" and undone.state == "applied"


@pytest.mark.parametrize("gone", [True, False])
def test_after_a_kill_the_systems_trash_is_told_by_the_name(
    gone: bool, top: Path, own: OwnPaths, tmp_path: Path
) -> None:
    """Where the system took it before the kill it stays taken, in words; else nothing was done."""
    plan = plan_of(one("trash", top / "a", None))
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": {"at": str(top / "a")}})
    if gone:
        (top / "a").unlink()
    (settled,) = Operations(own).recover()
    assert settled.state == ("applied" if gone else "refused")
    assert ("put it back there" if gone else "interrupted") in settled.steps[0].problem


# Recovery, and journals that say too little


def test_a_note_without_its_thing_is_removed(top: Path, own: OwnPaths, bin_: Path) -> None:
    plan = planned(top)
    step = plan.steps[0]
    seen = {"volume": step.identity.volume, "inode": step.identity.inode, "size": 1, "mtime_ns": LONG_AGO + 1}  # type: ignore[union-attr]
    facts = {"at": str(top / "a"), "name": "a", "seen": seen}
    put(bin_ / "info" / "a.trashinfo", b"[Trash Info]\n")
    put(bin_ / "files" / "b", b"somebody's")
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": facts})
    (settled,) = Operations(own).recover()
    assert settled.state == "refused" and (top / "a").exists()
    assert names(bin_ / "info") == [] and names(bin_ / "files") == ["b"]


def test_a_journal_that_does_not_say_what_was_moved(top: Path, own: OwnPaths, bin_: Path) -> None:
    plan = planned(top)
    facts = {"at": str(top / "a"), "name": "a"}
    end = {"record": "end", "at": 2.0}
    put(bin_ / "files" / "a", b"whose?")
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": facts}, {"record": "done", "n": 1}, end)
    undone = Operations(own).undo(plan.id)
    assert "does not say what was moved" in undone.steps[0].problem
    assert (bin_ / "files" / "a").read_bytes() == b"whose?" and (top / "a").read_bytes() == b"a"


@pytest.mark.parametrize("times", ["yesterday", [1], [1, 2, 3], [None, "x"], None])
def test_a_blob_comes_back_with_whatever_time_the_journal_tells(
    times: object, top: Path, own: OwnPaths, bin_: Path
) -> None:
    """A fresh blob gets its old time once its unit is back; a strange one in the journal costs the time, no more."""
    plan = planned(top, fresh="yes")
    done = Operations(own).apply(plan)
    path = own.journal / f"{done.id}.jsonl"
    text = path.read_text()
    assert str([LONG_AGO, LONG_AGO + 1]) in text
    path.write_text(text.replace(str([LONG_AGO, LONG_AGO + 1]), json.dumps(times)))
    undone = Operations(own).undo(done.id)
    assert undone.state == "undone" and (top / "a").read_bytes() == b"a" and not asides(top)
    assert abs(os.stat(top / "a").st_mtime - time.time()) < 60


def test_what_somebody_took_out_by_hand_leaves_no_note_behind(top: Path, own: OwnPaths, bin_: Path) -> None:
    done = Operations(own).apply(planned(top))
    (bin_ / "files/a").rename(top / "a")
    assert Operations(own).undo(done.id).state == "undone"
    assert names(top) == ["a"] and names(bin_ / "info") == []


def test_the_note_of_what_lies_there_under_its_name_now_stays(top: Path, own: OwnPaths, bin_: Path) -> None:
    done = Operations(own).apply(planned(top))
    (bin_ / "files/a").rename(top / "a")
    put(bin_ / "files/a", b"somebody else's")
    assert Operations(own).undo(done.id).state == "undone"
    assert names(bin_ / "info") == ["a.trashinfo"] and (bin_ / "files/a").read_bytes() == b"somebody else's"


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "/m/a"])
def test_a_journal_leads_to_nothing_outside_the_trash(name: str, top: Path, bin_: Path) -> None:
    step = one("trash", top / "a", bin_)
    with pytest.raises(OSError, match="its journal cannot be understood"):
        _paths(step, {"at": str(top / "a"), "name": name})
    assert _paths(step, {"at": str(top / "a"), "name": "a.2"})[1:] == (
        str(bin_ / "files/a.2"), str(bin_ / "info/a.2.trashinfo"))  # fmt: skip
