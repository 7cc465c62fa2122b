"""What stays is asked on the disk before a unit and after it; what somebody writes to does not go; undo is exact."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from faults import meddled
from mounts import WAYS, second_way
from scenes import LONG_AGO, VOLUMES, asides, left_by_a_kill, plan_of, put

from model_manager.base.errors import ModelManagerError
from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Volumes
from model_manager.jobs import Cancelled, Progress
from model_manager.operations import Disk, Operation, Operations, Plan, Step, identity_of, kept_files, new_id
from model_manager.operations.kept_files import (
    kept_as,
    must_be_there,
    must_hold_before,
    must_lie_once,
    nobody_may_write,
)
from model_manager.operations.plan_builder import PlanBuilder, Way
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Site
from model_manager.operations.verbs import VERBS

DATA = bytes(range(256)) * 400
OTHER = bytes(reversed(DATA))


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A keeper and a copy of it."""
    put(tmp_path / "m/keeper", DATA)
    put(tmp_path / "m/copy", DATA)
    return tmp_path / "m"


def clearing(top: Path, way: Way = "trash", keeper: Path | None = None) -> Plan:
    draft = PlanBuilder(VOLUMES, [str(top)], way)
    draft.begin_unit()
    draft.take(str(top / "copy"), "test", None, [kept_as(str(keeper or top / "keeper"), VOLUMES)])
    return draft.plan("Clear")


def linking(top: Path, kind: str, *names: str) -> Plan:
    draft = PlanBuilder(VOLUMES, [str(top)])
    draft.begin_unit()
    for name in names or ("copy",):
        draft.link(str(top / name), str(top / "keeper"), kind, "test", None, 1)
    return draft.plan("Link")


PLANS: dict[str, Callable[[Path], Plan]] = {
    "trash": clearing,
    "delete": lambda top: clearing(top, "delete"),
    "hard": lambda top: linking(top, "hard"),
    "symbolic": lambda top: linking(top, "symbolic"),
}


def replaced(top: Path) -> None:
    """What a tool's own update does."""
    (top / ".new").write_bytes(OTHER)
    os.replace(top / ".new", top / "keeper")


def rewritten(top: Path) -> None:
    """Other bytes of the same size, and the old times are put back by hand."""
    before = os.stat(top / "keeper")
    if written(top / "keeper", lambda number: os.write(number, OTHER)):
        os.utime(top / "keeper", ns=(before.st_atime_ns, before.st_mtime_ns))


def cut_short(top: Path) -> None:
    written(top / "keeper", lambda number: os.ftruncate(number, 10))


def written(path: Path, act: Callable[[int], object]) -> bool:
    """Whether a writer came to it; under our lease it is made to wait until the link is there."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except BlockingIOError:
        return False
    act(number)
    os.close(number)
    return True


def led_elsewhere(top: Path) -> None:
    """What another program of our kind does with the opposite plan."""
    os.unlink(top / "keeper")
    os.symlink("copy", top / "keeper")


HARM: dict[str, Callable[[Path], None]] = {
    "gone": lambda top: os.unlink(top / "keeper"),
    "cut short": cut_short,
    "replaced": replaced,
    "rewritten": rewritten,
    "a link to the copy": led_elsewhere,
}


def problem(done: Operation) -> str:
    assert done.state == "refused", [step.state for step in done.steps]
    return done.steps[0].problem


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("name", PLANS)
def test_a_keeper_that_is_not_as_planned_keeps_the_copy(name: str, harm: str, top: Path, own: OwnPaths) -> None:
    plan = PLANS[name](top)
    HARM[harm](top)
    assert problem(Operations(own).apply(plan))
    assert (top / "copy").read_bytes() == DATA and not (top / "copy").is_symlink() and not asides(top)


CALLS = (
    "lstat",
    "resolve",
    "looks",
    "same_bytes",
    "hard_link",
    "symbolic_link",
    "exchange",
    "rename",
    "write_new",
    "free",
)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("call", CALLS)
def test_a_keeper_that_changes_while_it_is_applied(
    call: str, name: str, harm: str, after: bool, top: Path, own: OwnPaths
) -> None:
    """Whatever happens to the one, the bytes of the other are never lost."""
    plan = PLANS[name](top)
    Operations(own, disk=meddled(call, lambda: HARM[harm](top), after)).apply(plan)
    assert DATA in contents(top, own), f"{sorted(os.listdir(top))}"
    assert not asides(top)


@pytest.mark.parametrize("name", PLANS)
def test_a_keeper_that_is_gone_at_any_look(name: str, tmp_path: Path, own: OwnPaths) -> None:
    """At each look at it in turn: the unit goes back or is whole, and nothing lies about until the next start."""
    looks = 0
    for at in range(1, 40):
        top = tmp_path / f"m{at}"
        put(top / "keeper", DATA)
        put(top / "copy", DATA)

        class Gone(Disk):
            left = at

            def lstat(self, path: str, top: Path = top) -> os.stat_result:
                if path == str(top / "keeper"):
                    self.left -= 1
                    if self.left == 0:
                        os.unlink(path)
                return super().lstat(path)

        disk = Gone()
        done = Operations(own, disk=disk).apply(PLANS[name](top))
        assert done.state in ("applied", "refused"), (at, done.state, done.steps[0].problem)
        assert not asides(top) and DATA in contents(top, own), at
        if disk.left > 0:
            break
        looks += 1
        assert done.state == "refused" and (top / "copy").read_bytes() == DATA, at
    assert looks >= 2


def contents(top: Path, own: OwnPaths) -> list[bytes]:
    """What the copy or the keeper can still be read as, and what lies in the trash."""
    kept = [path for path in (top / "copy", top / "keeper") if path.is_file()]
    thrown = list((own.data.parent / "share/Trash/files").glob("*"))
    return [path.read_bytes() for path in (*kept, *thrown)]


def test_two_programs_with_opposite_plans_leave_no_loop(top: Path, own: OwnPaths, tmp_path: Path) -> None:
    """Each has a data folder of its own, so neither waits for the other."""
    there = Operations(OwnPaths(tmp_path / "other"))
    opposite = PlanBuilder(VOLUMES, [str(top)])
    opposite.begin_unit()
    opposite.link(str(top / "keeper"), str(top / "copy"), "symbolic", "test", None, 1)
    other, mine = opposite.plan("Link"), linking(top, "symbolic")
    Operations(own, disk=meddled("symbolic_link", lambda: there.apply(other), after=True)).apply(mine)
    assert DATA in contents(top, own)
    assert not ((top / "copy").is_symlink() and (top / "keeper").is_symlink())


@pytest.mark.parametrize("kind", WAYS)
@pytest.mark.parametrize("way", ["trash", "delete"])
def test_one_file_through_two_mounts_is_no_pair(kind: str, way: Any, tmp_path: Path, own: OwnPaths) -> None:
    put(tmp_path / "disk/copy", DATA)
    with second_way(kind, tmp_path / "disk", tmp_path / "pool") as pool:
        for going, kept in ((tmp_path / "disk", pool), (pool, tmp_path / "disk")):
            draft = PlanBuilder(Volumes(), [str(going)], way)
            draft.begin_unit()
            with pytest.raises(ModelManagerError, match="one file already"):
                draft.take(str(going / "copy"), "test", None, [kept_as(str(kept / "copy"), Volumes())])
    assert (tmp_path / "disk/copy").read_bytes() == DATA


def test_a_plan_from_before_the_mount_is_refused_when_it_is_applied(tmp_path: Path, own: OwnPaths) -> None:
    """Two files when it was planned; then the one folder was mounted over the other."""
    put(tmp_path / "m/copy", DATA)
    put(tmp_path / "m/pool/copy", DATA)
    os.utime(tmp_path / "m/pool/copy", ns=(LONG_AGO, LONG_AGO))
    plan = clearing(tmp_path / "m", "delete", tmp_path / "m/pool/copy")
    (tmp_path / "m/pool/copy").unlink()
    (tmp_path / "m/pool").rmdir()
    with second_way("bindfs", tmp_path / "m", tmp_path / "m/pool"):
        assert problem(Operations(own).apply(plan))
    assert (tmp_path / "m/copy").read_bytes() == DATA


@pytest.mark.parametrize("name", PLANS)
def test_what_is_being_written_stays(name: str, top: Path, own: OwnPaths) -> None:
    plan = PLANS[name](top)
    with open(top / "copy", "r+b") as writer:
        assert "is writing to" in problem(Operations(own).apply(plan))
        writer.seek(0, 2)
        writer.write(b"MORE")
    assert (top / "copy").read_bytes() == DATA + b"MORE"
    with open(top / "copy", "r+b"), pytest.raises(ModelManagerError, match="is writing to"):
        PLANS[name](top)


def test_a_folder_in_which_a_file_is_being_written_stays(tmp_path: Path, own: OwnPaths) -> None:
    put(tmp_path / "m/model/part/weights", DATA)
    draft = PlanBuilder(VOLUMES, [str(tmp_path / "m")], "delete")
    draft.begin_unit()
    draft.take(str(tmp_path / "m/model"), "test")
    with open(tmp_path / "m/model/part/weights", "r+b"):
        assert "weights: wait until it has finished" in problem(Operations(own).apply(draft.plan("Delete")))
    assert (tmp_path / "m/model/part/weights").exists()


@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_two_names_of_one_copy_come_back_as_one_file(kind: str, top: Path, own: OwnPaths) -> None:
    os.link(top / "copy", top / "twin")
    os.utime(top / "copy", ns=(LONG_AGO, LONG_AGO))
    operations, plan = Operations(own), linking(top, kind, "copy", "twin")
    assert operations.apply(plan).state == "applied"
    assert operations.undo(plan.id).state == "undone"
    assert os.path.samefile(top / "copy", top / "twin") and os.lstat(top / "copy").st_nlink == 2
    assert not os.path.samefile(top / "copy", top / "keeper") and (top / "twin").read_bytes() == DATA
    assert os.lstat(top / "twin").st_mtime_ns == LONG_AGO


@pytest.mark.parametrize("is_sparse", [True, False])
def test_a_sparse_copy_comes_back_sparse_and_a_full_one_full(is_sparse: bool, tmp_path: Path, own: OwnPaths) -> None:
    top, size = tmp_path / "m", 3_000_001
    data = b"head" * 3000 + bytes(2_000_000)
    data += b"tail" * ((size - len(data)) // 4) + b"!" * ((size - len(data)) % 4)
    put(top / "keeper", data)
    put(top / "copy", data)
    if is_sparse:
        with open(top / "copy", "wb") as file:
            file.write(data[:12_000])
            file.seek(2_012_000)
            file.write(data[2_012_000:])
    before = os.lstat(top / "copy").st_blocks
    assert (512 * before < size) == is_sparse
    operations, plan = Operations(own), linking(top, "hard")
    assert operations.apply(plan).state == "applied"
    assert operations.undo(plan.id).state == "undone"
    assert (top / "copy").read_bytes() == data
    assert (512 * os.lstat(top / "copy").st_blocks < size) == is_sparse


def test_the_folders_of_a_trash_that_we_made_go_with_the_undo(top: Path, own: OwnPaths, tmp_path: Path) -> None:
    operations, plan = Operations(own), clearing(top)
    operations.apply(plan)
    assert (tmp_path / "share/Trash/files/copy").exists()
    assert operations.undo(plan.id).state == "undone"
    assert not (tmp_path / "share/Trash").exists()
    (tmp_path / "share/Trash/files").mkdir(parents=True)
    again = clearing(top)
    operations.apply(again)
    (tmp_path / "share/Trash/info/of-somebody-else.trashinfo").write_text("")
    assert operations.undo(again.id).state == "undone"
    assert (tmp_path / "share/Trash/info/of-somebody-else.trashinfo").exists() and (
        tmp_path / "share/Trash/files"
    ).exists()


@pytest.mark.parametrize("name", ["files", "info"])
def test_a_trash_whose_folder_is_a_link_takes_nothing(name: str, top: Path, own: OwnPaths, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "share/Trash").mkdir(parents=True)
    plan = clearing(top)
    (tmp_path / "share/Trash" / name).symlink_to(tmp_path / "elsewhere")
    assert "should have a folder" in problem(Operations(own).apply(plan))
    with pytest.raises(ModelManagerError, match="no trash"):
        clearing(top)
    assert (top / "copy").exists() and not os.listdir(tmp_path / "elsewhere")


def test_an_undo_that_is_stopped_leaves_the_link_whole(top: Path, own: OwnPaths) -> None:
    plan = linking(top, "hard")
    Operations(own).apply(plan)

    class Stopped(Progress):
        def step(self, done: int = 0, total: int | None = None, phase: str | None = None) -> None:
            if done:
                raise Cancelled

    with pytest.raises(Cancelled):
        Operations(own).undo(plan.id, progress=Stopped())
    assert os.path.samefile(top / "copy", top / "keeper") and not asides(top)
    assert Operations(own).undo(plan.id).state == "undone"
    assert hashlib.sha256((top / "copy").read_bytes()).digest() == hashlib.sha256(DATA).digest()
    assert not os.path.samefile(top / "copy", top / "keeper")


def test_a_disk_that_cannot_swap_names_replaces_in_two_steps(top: Path, own: OwnPaths) -> None:
    class Old(Disk):
        def exchange(self, path: str, target: str) -> bool:
            return False

    plan = linking(top, "symbolic")
    assert Operations(own, disk=Old()).apply(plan).state == "applied"
    assert os.readlink(top / "copy") == str(top / "keeper") and not asides(top)
    assert Operations(own, disk=Old()).undo(plan.id).state == "undone"
    assert (top / "copy").read_bytes() == DATA and not (top / "copy").is_symlink()


STRANGE: tuple[object, ...] = ([], {}, 7, None, "x" * 9, {"at": 5}, {"mode": "rw"}, float("nan"), [[]])


@pytest.mark.parametrize("name", ["trash", "delete", "hard", "symbolic"])
def test_a_journal_that_says_what_no_verb_noted_is_stuck_and_hinders_nobody(
    name: str, top: Path, own: OwnPaths, caplog: pytest.LogCaptureFixture
) -> None:
    """Every fact in turn is of another kind; recovery ends in words, the next plan goes its way."""
    caplog.set_level("CRITICAL")
    before = sorted(path.read_bytes() for path in top.iterdir())
    (step,) = PLANS[name](top).steps
    true = VERBS[step.verb].check(Site(Disk(), VOLUMES, new_id()), step)
    for fact in sorted({*true, "made", "folders"}):
        for value in STRANGE:
            plan = PLANS[name](top)
            left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": {**true, fact: value}})
            (settled,) = Operations(own).recover() or [Operations(own).get(plan.id)]
            assert settled.state in ("stuck", "refused", "partly", "undone"), (fact, value)
            assert sorted(path.read_bytes() for path in top.iterdir()) == before, (fact, value)
            (own.journal / f"{plan.id}.jsonl").unlink()
    assert Operations(own).apply(PLANS[name](top)).state == "applied"


def test_a_step_that_does_not_say_how_is_stuck(own: OwnPaths, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    plan = plan_of(Step(1, 1, "ask", "http://127.0.0.1:9/x", None, 0, 0, "test", False, None, {}))
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": {}})
    (settled,) = Operations(own).recover()
    assert settled.state == "stuck" and settled.steps[0].problem


def came_instead(top: Path) -> None:
    """A tool's own update of what is to go."""
    (top / ".new").write_bytes(OTHER)
    os.replace(top / ".new", top / "copy")


@pytest.mark.parametrize("way", ["trash", "delete"])
def test_what_comes_to_the_name_in_the_last_moment_stays(way: Any, top: Path, own: OwnPaths) -> None:
    plan = clearing(top, way)
    done = Operations(own, disk=meddled("rename", lambda: came_instead(top))).apply(plan)
    assert "in the last moment" in problem(done)
    assert (top / "copy").read_bytes() == OTHER and not asides(top)


@pytest.mark.parametrize("way", ["trash", "delete"])
def test_a_file_that_comes_into_a_folder_in_the_last_moment_stays(way: Any, tmp_path: Path, own: OwnPaths) -> None:
    put(tmp_path / "m/model/weights", DATA)
    put(tmp_path / "mine", OTHER)
    draft = PlanBuilder(VOLUMES, [str(tmp_path / "m")], way)
    draft.begin_unit()
    draft.take(str(tmp_path / "m/model"), "test")
    disk = meddled("rename", lambda: os.rename(tmp_path / "mine", tmp_path / "m/model/mine"))
    assert "in the last moment" in problem(Operations(own, disk=disk).apply(draft.plan("Clear")))
    assert (tmp_path / "m/model/mine").read_bytes() == OTHER and (tmp_path / "m/model/weights").read_bytes() == DATA


def test_a_file_in_several_branches_of_a_pool_does_not_go_through_the_pool(tmp_path: Path, own: OwnPaths) -> None:
    """mergerfs renames and removes it in every branch that it may."""
    if os.getuid() != 0 or shutil.which("mergerfs") is None:
        pytest.skip("mounting takes root and mergerfs")
    for branch in ("one", "two"):
        put(tmp_path / branch / "copy", DATA)
    (tmp_path / "pool").mkdir()
    branches = f"{tmp_path / 'one'}:{tmp_path / 'two'}"
    if subprocess.run(["mergerfs", branches, str(tmp_path / "pool")], check=False).returncode:
        pytest.skip("this system does not mount mergerfs")
    try:
        draft = PlanBuilder(Volumes(), [str(tmp_path / "pool")], "delete")
        draft.begin_unit()
        with pytest.raises(ModelManagerError, match="2 branches of a pool"):
            draft.take(str(tmp_path / "pool/copy"), "test")
        (tmp_path / "two/copy").unlink()
        draft = PlanBuilder(Volumes(), [str(tmp_path / "pool")], "delete")
        draft.begin_unit()
        draft.take(str(tmp_path / "pool/copy"), "test")
        plan = draft.plan("Delete")
        put(tmp_path / "two/copy", DATA)
        assert "2 branches of a pool" in problem(Operations(own).apply(plan))
    finally:
        subprocess.run(["umount", "-l", str(tmp_path / "pool")], check=False)
    assert (tmp_path / "one/copy").read_bytes() == (tmp_path / "two/copy").read_bytes() == DATA


COMING = ("symbolic_link", "hard_link", "exchange", "lstat", "sync_folder", "remove")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", COMING)
@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_an_update_of_the_copy_while_it_is_linked(
    kind: str, call: str, after: bool, top: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came stays, nothing is called done that is not there, and nothing of ours lies about that nobody needs."""
    update = b"an update" * 100

    def comes() -> None:
        (top / ".new").write_bytes(update)
        os.replace(top / ".new", top / "copy")

    for exchanges in (True, False):
        for name in ("keeper", "copy"):
            (top / name).unlink(missing_ok=True)
            put(top / name, DATA)
        disk = meddled(call, comes, after)
        if not exchanges:
            monkeypatch.setattr(type(disk), "exchange", lambda *_paths: False)
        done = Operations(own, disk=disk).apply(linking(top, kind))
        if (top / "copy").read_bytes() != update:  # this kind makes no such call, or the link replaced nothing of it
            assert done.state == "applied" and (top / "copy").read_bytes() == DATA
            continue
        linked = (top / "copy").samefile(top / "keeper")
        assert not linked and (top / "keeper").read_bytes() == DATA
        if call == "remove":
            continue  # the last act: it was linked and whole before the update came
        assert done.state == "refused" and not asides(top), (exchanges, done.steps[0].problem, os.listdir(top))
        assert not done.undoable


def test_a_copy_that_nothing_else_has_is_kept_and_told_where(top: Path, own: OwnPaths) -> None:
    """The copy's name is given away and the file that was to stay is gone: the bytes that lie aside are the last ones."""
    update = b"an update" * 100

    def comes() -> None:
        (top / ".new").write_bytes(update)
        os.replace(top / ".new", top / "copy")
        os.unlink(top / "keeper")

    done = Operations(own, disk=meddled("exchange", comes, after=True)).apply(linking(top, "symbolic"))
    (aside,) = asides(top)
    assert done.state == "refused" and not done.undoable
    assert str(aside) in done.steps[0].problem
    assert aside.read_bytes() == DATA and (top / "copy").read_bytes() == update


def test_what_is_deleted_and_cannot_come_back_is_told_where(top: Path, own: OwnPaths) -> None:
    """Its unit is refused when something else has its name already."""
    plan = clearing(top, "delete")

    def comes() -> None:
        put(top / "copy", OTHER)
        os.unlink(top / "keeper")

    done = Operations(own, disk=meddled("rename", comes, after=True)).apply(plan)
    (aside,) = asides(top)
    assert done.state == "refused" and str(aside) in done.steps[0].problem
    assert (top / "copy").read_bytes() == OTHER and aside.read_bytes() == DATA


def test_a_second_name_of_what_stays_is_no_copy_of_it(top: Path) -> None:
    """It was a copy when this was planned; somebody shared the two meanwhile."""
    (top / "copy").unlink()
    os.link(top / "keeper", top / "copy")
    kept = kept_as(str(top / "keeper"), VOLUMES)
    step = Step(1, 1, "trash", str(top / "copy"), None, 0, 0, "", True, None, keeps=(kept,))
    with pytest.raises(Refused, match="are one file already, seen by two ways"):
        must_hold_before(Disk(), VOLUMES, [step])


@pytest.mark.parametrize("what", ["copy", "."])
def test_who_writes_to_a_file_or_to_one_deep_in_a_folder_is_named(what: str, top: Path) -> None:
    inside = put(top / "deep/down/part", DATA)
    nobody_may_write(str(top), VOLUMES)
    code = "import sys; file = open(sys.argv[1], 'r+b'); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(top / "copy" if what == "copy" else inside)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline()
        with pytest.raises(Refused, match=r"^python.* is writing to"):
            nobody_may_write(str(top / what), VOLUMES)
        other.communicate()
    nobody_may_write(str(top), VOLUMES)


def test_what_stays_has_to_be_the_very_file(top: Path) -> None:
    kept = kept_as(str(top / "keeper"), VOLUMES)
    must_be_there(Disk(), VOLUMES, kept)
    timeless = replace(kept, ctime_ns=None)  # where a change time tells nothing
    os.utime(top / "keeper", (1, 1))
    with pytest.raises(Refused, match="changed since this was planned"):
        must_be_there(Disk(), VOLUMES, timeless)
    (top / "keeper").unlink()
    (top / "keeper").mkdir()
    folder = identity_of(str(top / "keeper"), os.lstat(top / "keeper"), VOLUMES)
    with pytest.raises(Refused, match="changed since this was planned"):
        must_be_there(Disk(), VOLUMES, replace(timeless, identity=folder))


def test_where_it_is_not_told_which_files_lie_behind_nothing_goes(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_files.Behind, "of", lambda self, path: None)
    for act in (nobody_may_write, must_lie_once):
        with pytest.raises(Refused, match="shows other folders and does not tell which"):
            act(str(top / "copy"), VOLUMES)
    monkeypatch.setattr(kept_files.Behind, "of", lambda self, path: [path, path])
    with pytest.raises(Refused, match="lies in 2 branches of a pool"):
        must_lie_once(str(top / "copy"), VOLUMES)
    monkeypatch.setattr(kept_files.Behind, "of", lambda self, path: [path])
    must_lie_once(str(top / "copy"), VOLUMES)


@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_a_keeper_that_somebody_writes_to_is_told_before_anything_is_begun(
    kind: str, top: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = linking(top, kind)
    for name in ("hard_link", "symbolic_link"):
        monkeypatch.setattr(Disk, name, lambda *of: pytest.fail("a link was made"))
    with open(top / "keeper", "r+b"):
        assert f"is writing to {top}/keeper: wait until it has finished" in problem(Operations(own).apply(plan))


def test_what_is_written_in_the_trash_meanwhile_is_no_hindrance(top: Path, own: OwnPaths, tmp_path: Path) -> None:
    trash = tmp_path / "share/Trash"
    put(trash / "files/other", b"a file manager copies to there")
    (trash / "info").mkdir()
    with open(trash / "files/other", "r+b"):
        assert Operations(own).apply(clearing(top)).state == "applied"


def test_a_link_whose_plan_names_no_keeper_is_refused_before_its_unit(
    top: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only when its turn comes, with another step done by then."""
    put(top / "first", DATA)
    draft = PlanBuilder(VOLUMES, [str(top)], "delete")
    draft.begin_unit()
    draft.take(str(top / "first"), "test")
    draft.link(str(top / "copy"), str(top / "keeper"), "hard", "test", None, 1)
    gone, link = draft.plan("Both").steps
    plan = plan_of(gone, replace(link, how={**link.how, "keeper": "{}"}))
    monkeypatch.setattr(Disk, "rename", lambda *of: pytest.fail("something was moved"))
    done = Operations(own).apply(plan)
    assert [step.problem for step in done.steps] == ["the plan does not say which file stays"] * 2


def test_a_folder_where_the_keeper_was_is_none(top: Path, own: OwnPaths) -> None:
    plan = clearing(top)
    (top / "keeper").unlink()
    (top / "keeper").mkdir()
    assert "which is to stay, changed since this was planned: look again" in problem(Operations(own).apply(plan))
