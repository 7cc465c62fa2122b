"""The first plan: made whole or not at all, undone exactly, whenever it is killed and whatever fails."""

from __future__ import annotations

import errno
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import meddled
from scenes import VOLUMES, clear_asides, left_by_a_kill, plan_of

from model_manager.base.errors import ModelManagerError
from model_manager.base.paths import OwnPaths
from model_manager.library.labels.category_folders import plan_category_folders
from model_manager.operations import Disk, Operations, Plan, Step, identity_of
from model_manager.operations.journal import Journal

SLUGS = ("llm", "diffusion/lora", "diffusion/vae")
MADE = {"", "llm", "diffusion", "diffusion/lora", "diffusion/vae"}


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    return OwnPaths(tmp_path / "own")


def tree(base: Path) -> set[str] | None:
    """Folders below a base; None when it is not there."""
    if not base.exists():
        return None
    return {
        str(path.relative_to(base)).replace(".", "", 1) if path != base else "" for path in [base, *base.rglob("*")]
    }


def plan(base: Path, own: OwnPaths):
    return plan_category_folders(str(base), SLUGS, own)


def test_made_and_undone(tmp_path: Path, own: OwnPaths) -> None:
    base = tmp_path / "models"
    operations = Operations(own)
    wanted = plan(base, own)
    assert [step.verb for step in wanted.steps] == ["make_folder"] * 5 and not base.exists()
    done = operations.apply(wanted)
    assert done.state == "applied" and tree(base) == MADE
    assert plan(base, own).steps == ()
    assert operations.history()[0][0].undoable
    assert operations.undo(done.id).state == "undone" and tree(base) is None


def test_a_plan_is_applied_once_and_only_as_it_was_shown(tmp_path: Path, own: OwnPaths) -> None:
    operations = Operations(own)
    wanted = plan(tmp_path / "models", own)
    operations.store(wanted)
    assert operations.get(wanted.id).plan == wanted and operations.get(wanted.id).state == "planned"
    operations.apply(wanted)
    with pytest.raises(ModelManagerError, match="applied already"):
        operations.apply(wanted)


def test_a_changed_world_is_refused(tmp_path: Path, own: OwnPaths) -> None:
    base = tmp_path / "models"
    wanted = plan(base, own)
    base.write_text("in the way")
    done = Operations(own).apply(wanted)
    assert done.state == "refused" and base.read_text() == "in the way"


def test_undo_leaves_what_is_not_empty(tmp_path: Path, own: OwnPaths) -> None:
    base = tmp_path / "models"
    operations = Operations(own)
    done = operations.apply(plan(base, own))
    (base / "llm/mine.gguf").write_bytes(b"x")
    undone = operations.undo(done.id)
    assert (undone.state == "partly" and tree(base) == {"", "llm", "llm/mine.gguf"}) or "llm/mine" in str(tree(base))
    assert any("not empty: 1 entry stays" in now.problem for now in undone.steps)


def test_a_folder_that_was_there_before_is_never_removed(tmp_path: Path, own: OwnPaths) -> None:
    base = tmp_path / "models"
    (base / "llm").mkdir(parents=True)
    operations = Operations(own)
    operations.undo(operations.apply(plan(base, own)).id)
    assert tree(base) == {"", "llm"}


@pytest.mark.parametrize("bad", ["relative/path", "", "/a\0b"])
def test_paths_that_cannot_be(bad: str, own: OwnPaths) -> None:
    with pytest.raises(ModelManagerError):
        plan_category_folders(bad, SLUGS, own)


def test_never_inside_our_own_data(own: OwnPaths) -> None:
    with pytest.raises(ModelManagerError, match="own data folder"):
        plan_category_folders(str(own.data / "models"), SLUGS, own)


class Killing(Disk):
    """Ends the process before or after the nth change."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0

    def _tick(self) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def make_folder(self, path: str) -> None:
        self._tick()
        super().make_folder(path)
        self._tick()

    def rename(self, path: str, target: str) -> None:
        self._tick()
        super().rename(path, target)
        self._tick()

    def remove_folder(self, path: str) -> None:
        self._tick()
        super().remove_folder(path)
        self._tick()


class KillingJournal(Journal):
    """Ends the process before or after the nth durable write of the journal."""

    def __init__(self, folder: str, at: int) -> None:
        super().__init__(folder)
        self.at, self.count = at, 0

    def _tick(self) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def sync(self, number: int) -> None:
        self._tick()
        super().sync(number)
        self._tick()


def in_child(work: Callable[[], None]) -> bool:
    """Runs in a process of its own; whether that was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("where", ["disk", "journal"])
@pytest.mark.parametrize("phase", ["apply", "undo", "recover"])
def test_killed_anywhere_leaves_before_or_after(tmp_path: Path, where: str, phase: str) -> None:
    kills = 0
    for at in range(1, 60):
        place = tmp_path / f"{where}-{phase}-{at}"
        place.mkdir()
        own, base = OwnPaths(place / "own"), place / "models"
        wanted = plan(base, own)

        def operations(n: int, own: OwnPaths = own) -> Operations:
            if where == "disk":
                return Operations(own, disk=Killing(n))
            return Operations(own, journal=KillingJournal(str(own.journal), n))

        if phase == "apply":
            killed = in_child(lambda: operations(at).apply(wanted))
        elif phase == "undo":
            Operations(own).apply(wanted)
            killed = in_child(lambda: operations(at).undo(wanted.id))
        else:
            in_child(lambda: Operations(own, disk=Killing(9)).apply(wanted))
            killed = in_child(lambda: operations(at).recover())
        if not killed:
            break
        kills += 1
        Operations(own).recover()
        assert tree(base) in (None, MADE), f"killed at {at}"
        if tree(base) == MADE:
            Operations(own).undo(wanted.id)
            assert tree(base) is None
    assert kills > 3


class Failing(Disk):
    """Raises an error at the nth call of any kind."""

    def __init__(self, at: int, number: int) -> None:
        self.at, self.number, self.count = at, number, 0

    def _tick(self) -> None:
        self.count += 1
        if self.count == self.at:
            raise OSError(self.number, os.strerror(self.number))

    def lstat(self, path: str) -> os.stat_result:
        self._tick()
        return super().lstat(path)

    def make_folder(self, path: str) -> None:
        self._tick()
        super().make_folder(path)

    def rename(self, path: str, target: str) -> None:
        self._tick()
        super().rename(path, target)

    def remove_folder(self, path: str) -> None:
        self._tick()
        super().remove_folder(path)


ERRORS = (errno.EIO, errno.EACCES, errno.EROFS, errno.EPERM, errno.ESTALE, errno.EDQUOT, errno.ENOSPC)


@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
def test_every_error_at_every_call_is_refused_or_rolled_back(tmp_path: Path, number: int) -> None:
    for at in range(1, 60):
        place = tmp_path / str(at)
        place.mkdir()
        own, base = OwnPaths(place / "own"), place / "models"
        disk = Failing(at, number)
        done = Operations(own, disk=disk).apply(plan(base, own))
        assert tree(base) in (None, MADE)
        assert (done.state == "applied") == (tree(base) == MADE)
        if disk.count < at:
            break
    assert at > 5


def test_the_checker_has_teeth(tmp_path: Path) -> None:
    """A mutant that forgets to take its half unit back is caught by the same check."""
    own, base = OwnPaths(tmp_path / "own"), tmp_path / "models"
    mutant = Operations(own, disk=Failing(14, errno.EIO))
    mutant._put_back = lambda *args, **kwargs: None  # type: ignore[method-assign]
    mutant.apply(plan(base, own))
    assert tree(base) not in (None, MADE)


def test_a_torn_last_line_never_was(tmp_path: Path, own: OwnPaths) -> None:
    operations = Operations(own)
    done = operations.apply(plan(tmp_path / "models", own))
    (path,) = Path(own.journal).glob("*.jsonl")
    assert path.stat().st_mode & 0o777 == 0o600
    with open(path, "ab") as file:
        file.write(b'{"record": "und')
    assert Operations(own).get(done.id).state == "applied"
    for line in path.read_bytes().splitlines()[:-1]:
        json.loads(line)


def test_hostile_names(tmp_path: Path, own: OwnPaths) -> None:
    base = Path(os.fsdecode(os.fsencode(str(tmp_path)) + b"/-rf \n\xff\xe2\x80\xae"))
    operations = Operations(own)
    done = operations.apply(plan(base, own))
    assert done.state == "applied" and json.dumps(done.as_json(), ensure_ascii=False).encode()
    assert Operations(own).undo(done.id).state == "undone" and not os.path.lexists(base)


def folder(path: str | Path, parent: Path | None) -> Plan:
    identity = None if parent is None else identity_of(str(parent), os.lstat(parent), VOLUMES)
    return plan_of(Step(1, 1, "make_folder", str(path), None, 0, 0, "test", True, identity))


def refused(own: OwnPaths, plan: Plan, disk: Disk | None = None) -> str:
    done = Operations(own, disk=disk).apply(plan)
    assert done.state == "refused"
    return done.steps[0].problem


@pytest.mark.parametrize("bad", ["relative", "/m/..", "/m/.", "/m/a\0b", "/m/"])
def test_what_is_no_path_of_a_folder(bad: str, own: OwnPaths) -> None:
    assert "no path of a folder" in refused(own, folder(bad, None))


def test_names_and_parents_that_cannot_be(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    top.mkdir()
    assert "cannot be written on this system" in refused(own, folder(f"{top}/half \ud83d", top))
    assert "is not there" in refused(own, folder(top / "missing" / "x", top))
    assert "is not the one that was seen" in refused(own, folder(top / "x", tmp_path))
    assert "is not the one that was seen" in refused(own, folder(top / "x", None))
    (top / "file").write_bytes(b"mine")
    assert "file is not a folder" in refused(own, folder(top / "file" / "x", top))
    assert "something of this name" in refused(own, folder(top / "file", top))
    assert os.listdir(top) == ["file"] and (top / "file").read_bytes() == b"mine"


def test_what_somebody_does_in_the_last_moment(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    top.mkdir()
    disk = meddled("make_folder", lambda: clear_asides(top), after=True)
    assert "removed while it was made" in refused(own, folder(top / "x", top), disk)
    disk = meddled("rename", (top / "x").mkdir)
    assert "something of this name is there now" in refused(own, folder(top / "x", top), disk)
    assert os.listdir(top) == ["x"]


def test_undo_removes_only_the_folder_that_was_made(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    top.mkdir()
    done = Operations(own).apply(folder(top / "x", top))
    (top / "x").rename(top / "y")
    (top / "x").mkdir()
    assert "not the folder that was made, it stays" in Operations(own).undo(done.id).steps[0].problem
    assert sorted(os.listdir(top)) == ["x", "y"]
    (top / "x").rmdir()
    (top / "y").rename(top / "x")

    def busy() -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    undone = Operations(own, disk=meddled("remove_folder", busy)).undo(done.id)
    assert "busy" in undone.steps[0].problem and undone.undoable and (top / "x").is_dir()
    (top / "x").rmdir()
    assert Operations(own).undo(done.id).state == "undone" and os.listdir(top) == []


def test_a_folder_that_a_kill_left_aside_goes(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    top.mkdir()
    plan = folder(top / "x", top)
    (top / f".model-manager-{plan.id}-1").mkdir()
    facts = {"at": str(top / "x"), "volume": plan.steps[0].identity.volume}  # type: ignore[union-attr]
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": facts})
    assert [done.state for done in Operations(own).recover()] == ["refused"] and os.listdir(top) == []


def test_a_folder_that_the_disk_does_not_give_back_is_no_full_one(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    top.mkdir()
    identity = identity_of(str(top), os.lstat(top), VOLUMES)
    plan = plan_of(Step(1, 1, "make_folder", str(top / "new"), None, 0, 0, "test", True, identity))
    assert Operations(own).apply(plan).state == "applied"

    def fails() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    undone = Operations(own, disk=meddled("remove_folder", fails)).undo(plan.id)
    assert "Input/output error" in undone.steps[0].problem and (top / "new").is_dir()
    assert Operations(own).undo(plan.id).state == "undone" and not (top / "new").exists()


def test_where_something_lies_nothing_is_made_beside_it(
    tmp_path: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "models"
    wanted = plan(base, own)
    base.write_text("in the way")
    monkeypatch.setattr(Disk, "make_folder", lambda *of: pytest.fail("a folder was made"))
    assert Operations(own).apply(wanted).steps[0].problem == "something of this name is there now"
