"""Pools and second mounts: a file that a pool hides stays, and who writes to the file behind is seen by every path."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from faults import meddled
from mounts import WAYS, second_way
from scenes import asides, plan_of, put

from model_manager.base import behind
from model_manager.base.behind import Behind, folders_behind
from model_manager.base.errors import ModelManagerError
from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Mount, Volumes
from model_manager.operations import Operation, Operations, Plan, Step, identity_of
from model_manager.operations.plan_builder import PlanBuilder, Way

DATA = bytes(range(256)) * 400
OTHER = bytes(reversed(DATA))


@contextlib.contextmanager
def pool_of(branches: str, place: Path, options: str = "") -> Iterator[Path]:
    """A mergerfs pool, really mounted; with a trash in each branch, as a rename across branches is refused."""
    place.mkdir()
    for branch in place.parent.glob("d?"):
        for folder in ("files", "info"):
            (branch / f".Trash-{os.getuid()}" / folder).mkdir(parents=True)
        (branch / "elsewhere").mkdir()
    if os.getuid() != 0 or shutil.which("mergerfs") is None:
        pytest.skip("mounting takes root and mergerfs")
    if subprocess.run(
        ["mergerfs", *(["-o", options] if options else []), branches, str(place)], check=False
    ).returncode:
        pytest.skip("this system does not mount mergerfs")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def going(pool: Path, way: str) -> Plan:
    if way == "move":
        (pool / "elsewhere").mkdir(exist_ok=True)
        path = str(pool / "copy")
        seen = identity_of(path, os.lstat(path), Volumes())
        return plan_of(Step(1, 1, "move", path, str(pool / "elsewhere/copy"), 0, 0, "test", True, seen))
    draft = PlanBuilder(Volumes(), [str(pool)], cast(Way, way) if way in ("trash", "delete") else "trash")
    draft.begin_unit()
    if way in ("hard", "symbolic"):
        draft.link(str(pool / "copy"), str(pool / "keeper"), way, "test", None, 1)
    else:
        draft.take(str(pool / "copy"), "test")
    return draft.plan("Go")


def problem(done: Operation) -> str:
    assert done.state == "refused", [step.state for step in done.steps]
    return next(step.problem for step in done.steps if step.problem)


@pytest.mark.parametrize("pattern", [False, True], ids=["named", "pattern"])
@pytest.mark.parametrize("option", ["xattr=nosys", "xattr=noattr"])
@pytest.mark.parametrize("way", ["trash", "delete"])
def test_a_pool_that_answers_no_attributes_hides_nothing(
    way: str, option: str, pattern: bool, tmp_path: Path, own: OwnPaths
) -> None:
    """Both are recommended for speed."""
    put(tmp_path / "d1/copy", DATA)
    put(tmp_path / "d2/copy", OTHER)
    put(tmp_path / "d2/alone", DATA)
    branches = f"{tmp_path}/d*=RW" if pattern else f"{tmp_path}/d1:{tmp_path}/d2=RW,1M"
    with pool_of(branches, tmp_path / "pool", option) as pool:
        with contextlib.suppress(OSError):
            os.getxattr(pool / "copy", "user.any")  # from now on the kernel asks no more where it was told ENOSYS
        with pytest.raises(ModelManagerError, match="lies in 2 branches of a pool"):
            going(pool, way)
        (tmp_path / "d1/copy").rename(tmp_path / "kept")
        plan = going(pool, way)
        (tmp_path / "kept").rename(tmp_path / "d1/copy")
        assert "2 branches of a pool" in problem(Operations(own).apply(plan))
        (tmp_path / "d2/copy").unlink()
        assert Operations(own).apply(going(pool, way)).state == "applied", "what lies once may go"
    assert not (tmp_path / "d1/copy").exists() and (tmp_path / "d2/alone").read_bytes() == DATA


@pytest.mark.parametrize("way", ["trash", "delete"])
def test_where_a_pool_does_not_tell_its_branches_nothing_goes(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "d1/copy", DATA)
    put(tmp_path / "d2/copy", OTHER)
    monkeypatch.setattr(behind, "_started_with", lambda point: "")
    with pool_of(f"{tmp_path}/d1:{tmp_path}/d2", tmp_path / "pool", "xattr=nosys") as pool:
        with contextlib.suppress(OSError):
            os.getxattr(pool / "copy", "user.any")
        with pytest.raises(ModelManagerError, match="does not tell which"):
            going(pool, way)
    assert (tmp_path / "d1/copy").read_bytes() == DATA and (tmp_path / "d2/copy").read_bytes() == OTHER


@pytest.mark.parametrize("call", ["rename", "exchange", "lstat", "write_new"])
@pytest.mark.parametrize("way", ["trash", "delete", "move", "hard", "symbolic"])
@pytest.mark.parametrize("into", ["d1", "d2"])
def test_what_comes_into_another_branch_in_the_last_moment_stays(
    into: str, way: str, call: str, tmp_path: Path, own: OwnPaths
) -> None:
    """The pool would take both with one rename, and remove the one that it cannot move."""
    first = "d2" if into == "d1" else "d1"
    put(tmp_path / first / "copy", DATA)
    put(tmp_path / first / "keeper", DATA)
    (tmp_path / into).mkdir()
    with pool_of(f"{tmp_path}/d1:{tmp_path}/d2", tmp_path / "pool") as pool:
        plan = going(pool, way)
        came: list[Path] = []
        disk = meddled(call, lambda: came.append(put(tmp_path / into / "copy", OTHER)))
        done = Operations(own, disk=disk).apply(plan)
        if not came:  # this verb makes no such call
            assert done.state == "applied"
            return
        assert problem(done)
    assert (tmp_path / into / "copy").read_bytes() == OTHER and (tmp_path / first / "copy").read_bytes() == DATA
    assert not asides(tmp_path / "d1") and not asides(tmp_path / "d2")


@contextlib.contextmanager
def writer(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another program that has a file open for writing."""
    code = "import sys; file = open(sys.argv[1], 'r+b'); print('ready', flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None and other.stdout.readline()
        yield other
    finally:
        other.communicate()


@pytest.mark.parametrize("through", [False, True], ids=["behind", "through"])
@pytest.mark.parametrize("way", ["trash", "delete", "symbolic", "move"])
@pytest.mark.parametrize("kind", WAYS)
def test_a_writer_on_the_other_side_of_a_mount_is_seen(
    kind: str, way: str, through: bool, tmp_path: Path, own: OwnPaths
) -> None:
    """`through`: it writes through the mount and the folder behind is worked on; else the reverse."""
    disk = tmp_path / "disk"
    put(disk / "copy", DATA)
    put(disk / "keeper", DATA)
    with _mounted(kind, disk, tmp_path) as pool:
        worked, written = (disk, pool) if through else (pool, disk)
        plan = going(worked, way)
        with writer(written / "copy"):
            if way != "move":  # which no plan of ours asks for before it is applied
                with pytest.raises(ModelManagerError, match="is writing to"):
                    going(worked, way)
            assert "is writing to" in problem(Operations(own).apply(plan))
        assert (disk / "copy").read_bytes() == DATA
        assert Operations(own).apply(going(worked, way)).state == "applied"


@contextlib.contextmanager
def _mounted(kind: str, disk: Path, tmp_path: Path) -> Iterator[Path]:
    """Of an overlay the upper folder, which is where it writes."""
    if kind != "overlay":
        with second_way(kind, disk, tmp_path / "pool") as pool:
            yield pool
        return
    for name in ("low", "work", "pool"):
        (tmp_path / name).mkdir()
    options = f"lowerdir={tmp_path / 'low'},upperdir={disk},workdir={tmp_path / 'work'}"
    command = ["mount", "-t", "overlay", "overlay", "-o", options, str(tmp_path / "pool")]
    if os.getuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this system does not mount overlay")
    try:
        yield tmp_path / "pool"
    finally:
        subprocess.run(["umount", "-l", str(tmp_path / "pool")], check=False)


def test_a_pool_of_a_pool_leads_to_the_files_themselves(tmp_path: Path) -> None:
    put(tmp_path / "d1/copy", DATA)
    put(tmp_path / "d2/copy", DATA)
    with (
        pool_of(f"{tmp_path}/d1:{tmp_path}/d2", tmp_path / "pool") as pool,
        second_way("bindfs", pool, tmp_path / "again") as again,
    ):
        assert Behind(Volumes()).of(str(again / "copy")) == [str(tmp_path / "d1/copy"), str(tmp_path / "d2/copy")]
        assert Behind(Volumes()).of(str(tmp_path / "d1/copy")) == []


@pytest.mark.parametrize(
    ("kind", "source", "options", "told"),
    [
        ("fuse.mergerfs", "1:2", "", None),
        ("fuse.unionfs", "unionfs", "", None),
        ("fuse.mhddfs", "/a;/b", "", ["/a;/b"]),
        ("aufs", "none", "br=/a=rw", None),
        ("fuse", "passthrough.py", "", None),
        ("fuse.bindfs", "/nowhere/at all", "", ["/nowhere/at all"]),
        ("overlay", "overlay", "lowerdir=/nowhere/l1:/nowhere/l2,upperdir=/nowhere/u", []),
    ],
)
def test_what_a_mount_tells_of_the_folders_behind_it(
    kind: str, source: str, options: str, told: list[str] | None
) -> None:
    mount = Mount(1, "/pool/nobody has", kind, source, False, options=options)
    assert folders_behind(mount) == told


def test_a_mount_of_an_unknown_kind_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its list of mounts names does not hold the file that it shows."""
    put(tmp_path / "disk/copy", DATA)
    (tmp_path / "other").mkdir()
    with second_way("bindfs", tmp_path / "disk", tmp_path / "pool") as pool:
        monkeypatch.setattr(behind, "folders_behind", lambda mount: [str(tmp_path / "other")])
        with pytest.raises(ModelManagerError, match="does not tell which"):
            going(pool, "delete")
        put(tmp_path / "other/copy", OTHER + b"!")
        with pytest.raises(ModelManagerError, match="does not tell which"):
            going(pool, "delete")
    assert (tmp_path / "disk/copy").read_bytes() == DATA
