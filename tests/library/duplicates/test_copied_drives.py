"""A drive and its copy, made block by block: what was read of the one says nothing of the other."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from drives import made_drive, mounted, rescued
from factory import gguf_bytes, tree
from removing import known, scan

from model_manager.app import App
from model_manager.library.duplicates.search import prove
from model_manager.library.duplicates.sharing import By, plan_sharing
from model_manager.library.scan import watch

GGUF = gguf_bytes(seed=81) * 4


def shared(app: App, by: By, keep: Path) -> str:
    """The state of sharing all that is proved, with the reason."""
    groups = [group for group in prove(app.database, app.volumes).groups if group.proved]
    plan = plan_sharing(app.database, app.volumes, app.env(), groups, by, keep=[str(keep)])
    done = app.operations.apply(plan)
    return f"{done.state} {' '.join(step.problem for step in done.steps)}"


@pytest.mark.parametrize("by", ["trash", "symlink"])
def test_the_good_copy_stays_when_the_drive_came_back_damaged(app: App, home: Path, tmp_path: Path, by: By) -> None:
    drive = made_drive(tmp_path / "drive", size=16 << 20)
    point, copy = home / "usb", tree(home / "C", {"x.gguf": GGUF}) / "x.gguf"
    with mounted(drive, point):
        tree(point / "models", {"x.gguf": GGUF})
        watch.add_root(app.database, str(point / "models"))
        watch.add_root(app.database, str(home / "C"))
        scan(app)
        assert [len(group.copies) for group in prove(app.database, app.volumes).groups] == [2]
    rescued(drive, GGUF)
    app.volumes.forget()
    with mounted(drive, point):
        assert (point / "models/x.gguf").read_bytes() != GGUF
        scan(app)
        told = shared(app, by, point / "models/x.gguf")
        assert told.startswith("refused") and ("not the same" in told or "not hold the same" in told)
    assert copy.read_bytes() == GGUF and not copy.is_symlink()


def test_both_connected_are_two_drives(app: App, home: Path, tmp_path: Path) -> None:
    """Of one UUID: counted twice, and what is removed on the one is not told of the other."""
    drive = made_drive(tmp_path / "drive", size=16 << 20)
    with mounted(drive, home / "A"):
        tree(home / "A/models", {"x.gguf": GGUF})
    shutil.copy(drive, tmp_path / "other")
    with mounted(drive, home / "A"), mounted(tmp_path / "other", home / "B"):
        app.volumes.forget()
        for name in ("A", "B"):
            watch.add_root(app.database, str(home / name / "models"))
        scan(app)
        (group,) = prove(app.database, app.volumes).groups
        assert {copy.path for copy in group.copies} == {str(home / name / "models/x.gguf") for name in ("A", "B")}
        assert group.reclaimable >= len(GGUF)


def test_the_first_files_of_two_subvolumes_are_two(app: App, home: Path, tmp_path: Path) -> None:
    """Both have the inode 257, one size and one time: nothing but the subvolume tells them apart."""
    drive = made_drive(tmp_path / "drive", "btrfs", 256 << 20)
    other = gguf_bytes(seed=82) * 4
    assert len(other) == len(GGUF)
    with mounted(drive, home / "B") as top:
        for name, data in (("one", GGUF), ("two", other)):
            subprocess.run(["btrfs", "-q", "subvolume", "create", str(top / name)], check=True)
            (top / name / "x.gguf").write_bytes(data)
            subprocess.run(["touch", "-d", "2024-01-01", str(top / name / "x.gguf")], check=True)
        tree(top / "c", {"c.gguf": GGUF})
        app.volumes.forget()
        watch.add_root(app.database, str(top))
        scan(app)
        (group,) = prove(app.database, app.volumes).groups
        assert sorted(copy.path for copy in group.copies) == [str(top / "c/c.gguf"), str(top / "one/x.gguf")]
        assert shared(app, "symlink", top / "c/c.gguf").startswith("applied")
        assert (top / "two/x.gguf").read_bytes() == other and not (top / "two/x.gguf").is_symlink()


def test_files_of_two_layers_are_two(app: App, home: Path, tmp_path: Path) -> None:
    """An overlay of two drives shows each file with the inode number of its layer."""
    lower, upper = (made_drive(tmp_path / name, size=32 << 20) for name in ("lower", "upper"))
    with mounted(lower, tmp_path / "lo"), mounted(upper, tmp_path / "up"):
        tree(tmp_path / "lo/d/one", {"x.gguf": GGUF})
        tree(tmp_path / "up/d/two", {"y.gguf": gguf_bytes(seed=82) * 4})
        for path in ("lo/d/one/x.gguf", "up/d/two/y.gguf"):
            os.utime(tmp_path / path, (1_700_000_000, 1_700_000_000))
        for folder in ("lo", "up"):
            (tmp_path / folder / "w").mkdir()
        point = home / "O"
        point.mkdir()
        option = f"lowerdir={tmp_path}/lo/d,upperdir={tmp_path}/up/d,workdir={tmp_path}/up/w,xino=off"
        if subprocess.run(["mount", "-t", "overlay", "overlay", "-o", option, str(point)], check=False).returncode:
            pytest.skip("no overlay here")
        try:
            found = [os.stat(point / path) for path in ("one/x.gguf", "two/y.gguf")]
            assert found[0].st_ino == found[1].st_ino and found[0].st_mtime == found[1].st_mtime, "or nothing is tried"
            app.volumes.forget()
            watch.add_root(app.database, str(point))
            scan(app)
            places = [place for model in known(app).values() for place in model]
            assert len(known(app)) == 2 and len(places) == 2
        finally:
            subprocess.run(["umount", "-l", str(point)], check=False)
