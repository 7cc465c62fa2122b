"""A stick with exFAT by FUSE, pulled out and put back: inode numbers are others, the device too, and all is found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from scenes import put
from stick import Stick, exfat_stick

from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Volumes
from model_manager.operations import Operations
from model_manager.operations.operation import Operation
from model_manager.operations.plan_builder import PlanBuilder
from model_manager.operations.trashed import plan_empty, trashed


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[Stick]:
    with exfat_stick(tmp_path) as made:
        yield made


def cleared(stick: Stick, volumes: Volumes, own: OwnPaths, *names: str) -> Operation:
    draft = PlanBuilder(volumes, [str(stick.point / "m")])
    draft.begin_unit()
    for name in names:
        draft.take(str(stick.point / "m" / name), "test")
    return Operations(own, volumes=volumes).apply(draft.plan("Clear"))


def fill(stick: Stick) -> None:
    for number, name in enumerate(("a.gguf", "b.gguf", "c.gguf", "d/x.gguf", "d/y.json")):
        put(stick.point / "m" / name, bytes([65 + number]) * 70_001)


@pytest.mark.parametrize("what", [["b.gguf"], ["d"], ["a.gguf", "c.gguf"]])
def test_undo_after_a_replug(stick: Stick, tmp_path: Path, what: list[str]) -> None:
    volumes, own = stick.plug(), OwnPaths(tmp_path / "own")
    fill(stick)
    whole = {path.relative_to(stick.point): path.read_bytes() for path in stick.point.rglob("*") if path.is_file()}
    done = cleared(stick, volumes, own, *what)
    device = os.stat(stick.point).st_dev
    assert done.state == "applied" and not (stick.point / "m" / what[0]).exists()
    stick.pull()
    volumes = stick.plug()
    assert os.stat(stick.point).st_dev != device
    operations = Operations(own, volumes=volumes)
    assert {item.where for item in trashed(operations.history()[0], volumes)} == {"trash"}
    assert operations.undo(done.id).state == "undone"
    assert {
        path.relative_to(stick.point): path.read_bytes() for path in (stick.point / "m").rglob("*") if path.is_file()
    } == whole


def test_emptied_after_a_replug_and_nothing_else_of_that_trash(stick: Stick, tmp_path: Path) -> None:
    volumes, own = stick.plug(), OwnPaths(tmp_path / "own")
    fill(stick)
    cleared(stick, volumes, own, "b.gguf")
    trash = stick.point / f".Trash-{os.getuid()}"
    put(trash / "files" / "somebody's", b"precious")
    stick.pull()
    volumes = stick.plug()
    operations = Operations(own, volumes=volumes)
    plan = plan_empty(trashed(operations.history()[0], volumes), volumes)
    assert operations.apply(plan).state == "applied"
    assert os.listdir(trash / "files") == ["somebody's"] and (stick.point / "m" / "a.gguf").exists()


def test_another_file_under_that_name_in_the_trash_is_not_ours(stick: Stick, tmp_path: Path) -> None:
    volumes, own = stick.plug(), OwnPaths(tmp_path / "own")
    fill(stick)
    done = cleared(stick, volumes, own, "b.gguf")
    kept = stick.point / f".Trash-{os.getuid()}" / "files" / "b.gguf"
    kept.unlink()
    put(kept, b"somebody's own file")
    stick.pull()
    volumes = stick.plug()
    operations = Operations(own, volumes=volumes)
    assert [item.where for item in trashed(operations.history()[0], volumes)] == ["gone"]
    assert operations.undo(done.id).state != "undone" and kept.read_bytes() == b"somebody's own file"


def test_plugged_in_at_another_place(stick: Stick, tmp_path: Path) -> None:
    """Found by the name of its volume, its path below that, size and time."""
    volumes, own = stick.plug(), OwnPaths(tmp_path / "own")
    fill(stick)
    whole = {path.relative_to(stick.point): path.read_bytes() for path in stick.point.rglob("*") if path.is_file()}
    done = cleared(stick, volumes, own, "b.gguf", "d")
    stick.pull()
    stick.point = tmp_path / "elsewhere"
    stick.point.mkdir()
    volumes = stick.plug()
    operations = Operations(own, volumes=volumes)
    found = trashed(operations.history()[0], volumes)
    assert [item.where for item in found] == ["trash", "trash"] and all(os.path.exists(item.kept) for item in found)
    assert operations.undo(done.id).state == "undone"
    assert {
        path.relative_to(stick.point): path.read_bytes() for path in (stick.point / "m").rglob("*") if path.is_file()
    } == whole
