"""What comes to a name while something is put back there stays, and what is put back is what went."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import in_child, meddled
from scenes import OTHER_VOLUME, VOLUMES, asides, one, plan_of, put, scene

from model_manager.base.errors import ModelManagerError
from model_manager.base.paths import OwnPaths
from model_manager.operations import Disk, Operation, Operations, Plan
from model_manager.operations.plan_builder import PlanBuilder
from model_manager.operations.trashed import plan_empty, trashed

DATA = bytes(range(256)) * 400
UPDATE = b"newer" * 9000
TEXT = b'{"layers": ["old"]}'
CALLS = ("lstat", "copy", "same_bytes", "dress", "write_new", "rename", "exchange", "replace", "remove", "set_times")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    put(tmp_path / "m/keeper", DATA)
    put(tmp_path / "m/copy", DATA)
    put(tmp_path / "m/settings", TEXT)
    return tmp_path / "m"


def drafted(top: Path, add: Callable[[PlanBuilder], object], way: str = "trash") -> Plan:
    draft = PlanBuilder(VOLUMES, [str(top)], way)  # type: ignore[arg-type]
    draft.begin_unit()
    add(draft)
    return draft.plan("Change")


def linking(kind: str) -> Callable[[Path], Plan]:
    return lambda top: drafted(
        top, lambda draft: draft.link(str(top / "copy"), str(top / "keeper"), kind, "test", None, 1)
    )


def writing(top: Path) -> Plan:
    return drafted(top, lambda draft: draft.write(str(top / "settings"), b"{}", "test"))


def trashing(top: Path) -> Plan:
    return drafted(top, lambda draft: draft.take(str(top / "copy"), "test"))


PLANS: dict[str, tuple[Callable[[Path], Plan], str, bytes]] = {
    "hard link": (linking("hard"), "copy", DATA),
    "symbolic link": (linking("symbolic"), "copy", DATA),
    "write": (writing, "settings", TEXT),
    "trash": (trashing, "copy", DATA),
}
"""(the plan, the name that it changes, what was there before)"""


def updated(path: Path) -> None:
    """A tool's own update: another file by a rename."""
    (path.parent / ".update").write_bytes(UPDATE)
    os.replace(path.parent / ".update", path)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", PLANS)
def test_an_update_that_comes_during_undo_stays(name: str, call: str, after: bool, top: Path, own: OwnPaths) -> None:
    """At each call of the disk. Where it came before the end, the undo did not do what it says it did."""
    made, changed, before = PLANS[name]
    plan = made(top)
    assert Operations(own).apply(plan).state == "applied"
    met: list[bool] = []

    def meddle() -> None:
        met.append(True)
        updated(top / changed)

    operations = Operations(own, disk=meddled(call, meddle, after))
    undone = operations.undo(plan.id)
    text = (top / changed).read_bytes()
    if not met:
        assert undone.state == "undone" and text == before
        return
    assert text == UPDATE, f"the update is gone: {undone.state}"
    held = {path.read_bytes() for path in top.iterdir() if path.is_file()} | {
        path.read_bytes() for path in (own.data.parent / "share/Trash/files").glob("*")
    }
    assert changed == "settings" or DATA in held
    assert not asides(top), sorted(os.listdir(top))


@pytest.mark.parametrize("name", ["hard link", "symbolic link", "write"])
def test_killed_in_that_very_moment_the_update_gets_its_name_back(name: str, top: Path, own: OwnPaths) -> None:
    """The update came just before the two names were swapped, and the program died right after it."""
    made, changed, _before = PLANS[name]
    plan = made(top)
    Operations(own).apply(plan)

    class Dying(Disk):
        def exchange(self, path: str, target: str) -> bool:
            updated(top / changed)
            super().exchange(path, target)
            os.kill(os.getpid(), signal.SIGKILL)
            return True

    assert in_child(lambda: Operations(own, disk=Dying()).undo(plan.id))
    Operations(own).recover()
    assert (top / changed).read_bytes() == UPDATE and not asides(top)
    assert (top / "keeper").read_bytes() == DATA


@pytest.mark.parametrize("name", ["hard link", "symbolic link", "write"])
def test_killed_while_the_copy_is_written_a_restored_original_stays(name: str, top: Path, own: OwnPaths) -> None:
    """Somebody put the old file back by hand, with its times, while ours was half written."""
    made, changed, before = PLANS[name]
    old = os.lstat(top / changed)
    plan = made(top)
    Operations(own).apply(plan)

    class Dying(Disk):
        def dress(self, *arguments: object) -> None:
            (top / ".mine").write_bytes(before)
            os.utime(top / ".mine", ns=(old.st_atime_ns, old.st_mtime_ns))
            os.replace(top / ".mine", top / changed)
            os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(lambda: Operations(own, disk=Dying()).undo(plan.id))
    Operations(own).recover()
    assert (top / changed).read_bytes() == before and not asides(top)


def test_a_file_that_is_moved_back_over_volumes_is_not_taken_from_under_its_writer(
    tmp_path: Path, own: OwnPaths
) -> None:
    with scene(tmp_path) as s:
        if s.base == s.far or not os.path.isdir(OTHER_VOLUME):
            pytest.skip("there is no second volume")
        put(s.base / "m", DATA)
        plan = plan_of(one("move", s.base / "m", s.far / "m"))
        assert Operations(s.own).apply(plan).state == "applied"
        disk = meddled("copy", lambda: (s.far / "m").write_bytes(UPDATE), after=True)
        Operations(s.own, disk=disk).undo(plan.id)
        assert (s.far / "m").read_bytes() == UPDATE


def reused(kept: Path) -> None:
    """The trash was emptied, and the next file that came into it got the same name and the same inode number."""
    if kept.is_dir():
        (kept / "weights").unlink()
        (kept / "letters").write_bytes(UPDATE)
    else:
        kept.write_bytes(UPDATE)


def refused(done: Operation) -> str:
    assert done.state != "undone"
    return " ".join(step.problem for step in done.steps)


@pytest.mark.parametrize("what", ["copy", "folder"])
def test_what_has_the_number_of_something_that_was_emptied_is_nobodys_of_ours(
    what: str, top: Path, own: OwnPaths, tmp_path: Path
) -> None:
    put(top / "folder/weights", DATA)
    operations = Operations(own)
    plan = drafted(top, lambda draft: draft.take(str(top / what), "test"))
    assert operations.apply(plan).state == "applied"
    kept = tmp_path / "share/Trash/files" / what
    number = os.lstat(kept).st_ino
    reused(kept)
    assert os.lstat(kept).st_ino == number
    (item,) = trashed(operations.history()[0], VOLUMES)
    assert item.where == "gone"
    with pytest.raises(ModelManagerError, match="nothing of this program's"):
        plan_empty([item], VOLUMES)
    assert "lies in the trash under its name" in refused(operations.undo(plan.id))
    assert not (top / what).exists()
    assert UPDATE in ([kept.read_bytes()] if kept.is_file() else [path.read_bytes() for path in kept.iterdir()])


@pytest.mark.parametrize("name", PLANS)
def test_nothing_is_put_back_through_a_folder_that_leads_elsewhere_now(
    name: str, top: Path, own: OwnPaths, tmp_path: Path
) -> None:
    plan = PLANS[name][0](top)
    Operations(own).apply(plan)
    os.rename(top, tmp_path / "moved")
    put(tmp_path / "other/keeper", DATA)
    os.symlink("other", top)
    assert "leads elsewhere" in refused(Operations(own).undo(plan.id))
    assert sorted(os.listdir(tmp_path / "other")) == ["keeper"]
    os.unlink(top)
    os.rename(tmp_path / "moved", top)
    assert Operations(own).undo(plan.id).state == "undone" and not asides(top)
