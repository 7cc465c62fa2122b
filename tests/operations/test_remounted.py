"""A volume that is mounted at another place than it was: its trash is found by the volume itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from scenes import put

from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Volumes
from model_manager.operations import Operations
from model_manager.operations.identity import identity_of
from model_manager.operations.operation import Operation
from model_manager.operations.plan_builder import PlanBuilder
from model_manager.operations.remounted import is_it, remounted
from model_manager.operations.trashed import plan_empty, trashed

DATA = b"a" * 70_001


class Disk:
    """A small disk image that is mounted here and there."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.image, self.first, self.second = folder / "image", folder / "first", folder / "deep/er/second"
        for point in (self.first, self.second):
            point.mkdir(parents=True)
        with open(self.image, "wb") as file:
            file.truncate(320 << 20 if kind == "xfs" else 16 << 20)
        subprocess.run([f"mkfs.{kind}", str(self.image)], check=True, capture_output=True)

    def mount(self, point: Path) -> Volumes:
        if subprocess.run(["mount", "-o", "loop", str(self.image), str(point)], capture_output=True).returncode:
            pytest.skip("no loop device can be mounted here")
        return Volumes()

    def end(self) -> None:
        for point in (self.first, self.second):
            subprocess.run(["umount", str(point)], capture_output=True)


@pytest.fixture(params=["ext4", "xfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid() or not shutil.which(f"mkfs.{request.param}"):
        pytest.skip(f"needs root and mkfs.{request.param}")
    made = Disk(tmp_path, request.param)
    yield made
    made.end()


def cleared(disk: Disk, own: OwnPaths, way: str = "trash") -> Operation:
    volumes = disk.mount(disk.first)
    put(disk.first / "m/a.gguf", DATA)
    put(disk.first / "m/stays.gguf", b"b")
    draft = PlanBuilder(volumes, [str(disk.first / "m")], way)  # type: ignore[arg-type]
    draft.begin_unit("a model")
    draft.take(str(disk.first / "m/a.gguf"), "test")
    done = Operations(own, volumes=volumes).apply(draft.plan("Clear"))
    assert done.state == "applied", [step.problem for step in done.steps]
    disk.end()
    return done


@pytest.mark.parametrize("way", ["trash", "aside"])
def test_listed_and_emptied_where_it_is_mounted_now(disk: Disk, tmp_path: Path, way: str) -> None:
    own = OwnPaths(tmp_path / "own")
    cleared(disk, own, way)
    volumes = disk.mount(disk.second)
    operations = Operations(own, volumes=volumes)
    (item,) = trashed(operations.history()[0], volumes)
    assert item.where == "trash" and Path(item.kept).read_bytes() == DATA and os.path.exists(item.note)
    assert item.kept.startswith(str(disk.second))
    assert operations.apply(plan_empty([item], volumes)).state == "applied"
    assert not os.path.lexists(item.kept) and not os.path.lexists(item.note)
    assert (disk.second / "m/stays.gguf").read_bytes() == b"b"
    assert [one.where for one in trashed(operations.history()[0], volumes)] == ["gone"]


def test_undone_where_it_is_mounted_now(disk: Disk, tmp_path: Path) -> None:
    own = OwnPaths(tmp_path / "own")
    done = cleared(disk, own)
    volumes = disk.mount(disk.second)
    operations = Operations(own, volumes=volumes)
    assert operations.undo(done.id).state == "undone"
    assert (disk.second / "m/a.gguf").read_bytes() == DATA and not list(disk.first.iterdir())
    assert not [path for path in disk.second.rglob("*") if path.name in ("a.gguf.trashinfo",)]


def test_put_back_by_somebody_where_it_is_mounted_now(disk: Disk, tmp_path: Path) -> None:
    own = OwnPaths(tmp_path / "own")
    cleared(disk, own)
    volumes = disk.mount(disk.second)
    (item,) = trashed(Operations(own, volumes=volumes).history()[0], volumes)
    os.rename(item.kept, disk.second / "m/a.gguf")
    assert [one.where for one in trashed(Operations(own, volumes=volumes).history()[0], volumes)] == ["restored"]


def test_another_disk_there_has_nothing_of_it(disk: Disk, tmp_path: Path) -> None:
    """The same names, sizes and times on another volume."""
    own = OwnPaths(tmp_path / "own")
    done = cleared(disk, own)
    (tmp_path / "another").mkdir()
    other = Disk(tmp_path / "another", "ext4")
    volumes = other.mount(other.second)
    try:
        put(other.second / f".Trash-{os.getuid()}/files/a.gguf", DATA)
        operations = Operations(own, volumes=volumes)
        assert [one.where for one in trashed(operations.history()[0], volumes)] == ["gone"]
        assert operations.undo(done.id).state != "undone"
        assert (other.second / f".Trash-{os.getuid()}/files/a.gguf").exists()
    finally:
        other.end()


def test_what_has_another_time_is_found_only_where_its_time_was_set(tmp_path: Path) -> None:
    """Ollama's blobs come back with the time of now; for anything else another time means another file."""
    volumes, path, kept = Volumes(), tmp_path / "m/a", put(tmp_path / "trash/a", DATA)
    seen = identity_of(str(kept), os.lstat(kept), volumes)
    assert remounted(str(path), str(kept), seen, volumes) == (str(path), str(kept))
    os.utime(kept, (1, 1))
    assert remounted(str(path), str(kept), seen, volumes) is None and not is_it(str(kept), seen, volumes)
    assert remounted(str(path), str(kept), seen, volumes, timeless=True) == (str(path), str(kept))
    kept.unlink()
    assert remounted(str(path), str(kept), seen, volumes, timeless=True) is None
