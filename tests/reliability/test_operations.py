"""The rows of reliability that change the disk: several programs, full disks, replugged drives, random plans, power loss."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import Killing, in_child
from power import Recorder, replay
from scenes import SCENES, VOLUMES, Scene, one, plain_tree, plan_of, put, scene

from model_manager.base.errors import ModelManagerError
from model_manager.base.paths import OwnPaths
from model_manager.base.reserve import SIZE
from model_manager.base.volumes import Volumes
from model_manager.operations import Operations
from model_manager.operations.plan_builder import PlanBuilder


def forms(short: int, long: int) -> list[object]:
    """The figure of each form: the short one at every run, the long one with `-m slow`."""
    return [short, pytest.param(long, marks=pytest.mark.slow)]


@contextlib.contextmanager
def mounted(place: Path, *options: str) -> Iterator[Path]:
    """A file system of its own; skips where nothing may be mounted."""
    place.mkdir(parents=True, exist_ok=True)
    if os.getuid() != 0 or subprocess.run(["mount", *options, str(place)], capture_output=True, check=False).returncode:
        pytest.skip("this user mounts nothing here")
    VOLUMES.forget()
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)
        VOLUMES.forget()


def test_one_applies_at_a_time_over_processes(tmp_path: Path) -> None:
    """Four programs, each with ten plans on files of its own: all applied, every journal whole."""
    own, top = OwnPaths(tmp_path / "own"), tmp_path / "m"
    children = []
    for program in range(4):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                operations = Operations(own, wait=60)
                for number in range(10):
                    path = put(top / f"{program}-{number}", b"x" * 100)
                    done = operations.apply(plan_of(one("move", path, top / f"{program}-{number}.moved")))
                    assert done.state == "applied"
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    found, problems = Operations(own).history()
    assert len(found) == 40 and not problems and {one.state for one in found} == {"applied"}
    assert len(list(top.glob("*.moved"))) == 40


def test_another_program_at_work_is_waited_for_then_said(tmp_path: Path) -> None:
    from model_manager.operations.lock import held

    own = OwnPaths(tmp_path / "own")
    own.create()
    path = put(tmp_path / "m" / "x", b"x")
    with held(str(own.data / "changing.lock"), 0), pytest.raises(ModelManagerError, match="another Model Manager"):
        Operations(own, wait=0.1).apply(plan_of(one("move", path, tmp_path / "m" / "y")))
    assert path.exists()


def test_cleaning_up_works_on_a_full_disk(tmp_path: Path) -> None:
    """Data folder, models and trash on one full volume: the reserve is given back first."""
    with mounted(tmp_path / "full", "-t", "tmpfs", "-o", "size=96m", "none") as place:
        own, top = OwnPaths(place / "own"), place / "models"
        model = put(top / "old.gguf", os.urandom(2_000_000))
        operations = Operations(own)
        operations.apply(plan_of(one("move", put(top / "a", b"a"), top / "b")))
        assert os.lstat(own.data / "reserve").st_blocks * 512 >= SIZE
        with open(place / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
            while filler.write(bytes(1 << 16)):
                pass
        assert shutil.disk_usage(place).free < 1 << 16
        draft = PlanBuilder(VOLUMES, [str(top)], "delete")
        draft.begin_unit()
        draft.take(str(model), "test")
        done = operations.apply(draft.plan("Delete"))
        assert done.state == "applied" and not model.exists()


def test_replugged_under_another_device_number(tmp_path: Path) -> None:
    """Between applying and undo, and between a kill and recovery, the drive gets another number."""
    image, place = tmp_path / "image", tmp_path / "drive"
    if os.getuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("mounting takes root and mkfs.ext4")
    subprocess.run(["truncate", "-s", "32M", str(image)], check=True)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    own = OwnPaths(tmp_path / "own")
    options = ("-o", "loop", str(image))
    with mounted(place, *options):
        number = os.stat(place).st_dev
        path = put(place / "models/x.gguf", b"x" * 5000)
        other = put(place / "models/y.gguf", b"y" * 5000)
        draft = PlanBuilder(Volumes(), [str(place / "models")])
        draft.begin_unit()
        draft.take(str(path), "test")
        applied = Operations(own).apply(draft.plan("Trash"))
        assert applied.state == "applied" and not path.exists()
        stopped = plan_of(one("move", other, place / "models/z.gguf"))
        assert in_child(lambda: Operations(own, disk=Killing(2)).apply(stopped))
    away = Operations(own)
    assert [one.state for one in away.recover()] == ["stuck"], "nothing can be said of a drive that is not there"
    with mounted(tmp_path / "other", "-t", "tmpfs", "none"), mounted(place, *options):
        # Another file system took the number in between, so this one has a new one.
        assert os.stat(place).st_dev != number or os.stat(tmp_path / "other").st_dev != number
        back = Operations(own)
        back.recover()
        assert other.exists() and back.get(stopped.id).state == "refused"
        assert back.undo(applied.id).state == "undone" and path.read_bytes() == b"x" * 5000


def random_plan(s: Scene, chance: random.Random) -> object:
    """Files, and a plan of several units over them with verbs at random; each file in one unit."""
    steps, unit = [], 0
    for number in range(chance.randint(1, 5)):
        path = put(s.base / f"f{number}.gguf", chance.randbytes(chance.randint(0, 3000)), chance.choice((0o644, 0o600)))
        if number == 0 or chance.random() < 0.6:
            unit += 1
        verb = chance.choice(("move", "copy", "far", "delete", "write"))
        n = len(steps) + 1
        if verb == "delete":
            steps.append(one("delete", path, None, n, unit))
        elif verb == "write":
            steps.append(one("write", path, None, n, unit, text="bmV3"))
        else:
            target = (s.far if verb == "far" else s.base) / f"t{number}.gguf"
            steps.append(one("copy" if verb == "copy" else "move", path, target, n, unit))
    return plan_of(*steps)


@pytest.mark.parametrize("rounds", forms(60, 10_000))
def test_random_plans_killed_at_random_instants(tmp_path: Path, rounds: int) -> None:
    """Each unit is wholly done or wholly not; nothing lies aside; undo of what can be is exact."""
    for number in range(rounds):
        chance = random.Random(number)
        with scene(tmp_path / str(number)) as s:
            plan = random_plan(s, chance)
            before = plain_tree(s)
            in_child(lambda: Operations(s.own, disk=Killing(chance.randint(1, 30))).apply(plan))
            if chance.random() < 0.5:
                in_child(lambda: Operations(s.own, disk=Killing(chance.randint(1, 8))).recover())
            operations = Operations(s.own)
            operations.recover()
            if plan.id not in [one.id for one in operations.history()[0]]:
                assert plain_tree(s) == before
                continue
            state = operations.get(plan.id)
            for unit in plan.units():
                states = {state.steps[step.n - 1].state for step in unit}
                assert states in ({"done"}, {"refused"}, {"planned"}), (number, states)
            assert not [name for name in plain_tree(s) if ".model-manager-2" in name], number
            if state.undoable:
                operations.undo(plan.id)
            gone = {f"base/{os.path.basename(step.path)}" for step in plan.steps
                    if step.verb == "delete" and state.steps[step.n - 1].state == "done"}  # fmt: skip
            assert plain_tree(s) == {name: value for name, value in before.items() if name not in gone}, number
        shutil.rmtree(tmp_path / str(number), ignore_errors=True)


POWER = ("move_far", "link_hard", "write", "delete", "copy", "mixed")


def power_loss(name: str, where: Path, every: int) -> tuple[int, list[object]]:
    """How many states were looked at, and those in which something is lost."""
    with scene(where / "recorded") as s:
        plan = SCENES[name](s)
        contents = _contents(s)
        shutil.copytree(where / "recorded", where / "start", symlinks=True, copy_function=_copy)
        far = shutil.copytree(s.far, where / "far-start", symlinks=True)
        with Recorder([str(where / "recorded"), str(s.far)]) as record:
            Operations(s.own).apply(plan)
        checked, bad = 0, []
        for cut in range(0, len(record.events) + 1, every):
            for dropping in ("all", "none", "some"):
                events = record.events[:cut]
                replay(events, dropping, random.Random(cut), where / "start", where / "recorded", far, s.far)
                operations = Operations(s.own)
                found, problems = operations.history()
                operations.recover()
                lost = contents - _contents(s)
                state = operations.get(plan.id).state if found else "planned"
                if name in ("write", "mixed"):
                    lost -= _in_journal(s)  # the old text is kept there
                if name == "delete" and state in ("applied", "stuck"):
                    lost = set()  # it was whole, so going was what was asked for
                bad += [(cut, dropping, state, lost, problems)] if lost or problems else []
                checked += 1
    return checked, bad


@pytest.mark.parametrize("every", forms(3, 1))
@pytest.mark.parametrize("name", POWER)
def test_power_loss_at_any_point(name: str, every: int, tmp_path: Path) -> None:
    """Writes that were not synced are dropped: nothing, everything, or a random part of them, at every prefix.

    No state in which a file's only complete copy is gone; the journal can be read; recovery settles it.
    """
    checked, bad = power_loss(name, tmp_path, every)
    assert checked > 20 and not bad


def test_a_copy_that_is_not_synced_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from model_manager.operations.disk import Disk

    def unsynced(self: Disk, path: str, target: str, step: object) -> None:
        shutil.copyfile(path, target)

    monkeypatch.setattr(Disk, "copy", unsynced)
    monkeypatch.setattr(Disk, "sync_file", lambda self, path: None)
    assert power_loss("move_far", tmp_path, 1)[1]


def test_a_journal_that_is_not_synced_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from model_manager.operations.journal import Journal

    monkeypatch.setattr(Journal, "sync", lambda self, number: None)
    assert power_loss("delete", tmp_path, 1)[1]


def _contents(s: Scene) -> set[object]:
    """The hashes of all files, whatever their names."""
    return {value[1] for value in plain_tree(s).values() if value[0] == "file"}


def _in_journal(s: Scene) -> set[object]:
    """The hashes of the old texts that the journal keeps."""
    texts = [
        re.findall(rb'"old": "([A-Za-z0-9+/=]*)"', path.read_bytes()) for path in Path(s.own.journal).glob("*.jsonl")
    ]
    return {hashlib.sha256(base64.b64decode(text)).hexdigest() for found in texts for text in found}


def _copy(source: str, target: str) -> str:
    return str(shutil.copy2(source, target))
