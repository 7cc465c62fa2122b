"""What the question before an undo says: the folders that bytes are copied to, by their true names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Volumes
from model_manager.jobs import Progress
from model_manager.library.removal.undoing import undoing
from model_manager.operations import Operation, Operations
from model_manager.operations.plan_builder import Draft

DATA = b"a" * 70_001
VOLUMES = Volumes()


def shared(top: Path, *names: str) -> tuple[Operations, Operation]:
    draft = Draft(VOLUMES, [str(top)])
    for path in ("keeper", *names):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(DATA)
    for name in names:
        draft.begin_unit()
        draft.link(str(top / name), str(top / "keeper"), "hard", "test", None, 1)
    operations = Operations(OwnPaths(top.parent / "own"))
    done = operations.apply(draft.plan("Share the bytes of 2 groups of copies"))
    assert done.state == "applied"
    return operations, done


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return tmp_path / "m"


def test_one_folder_is_named(top: Path) -> None:
    _operations, done = shared(top, "Lora/a", "Lora/b")
    (words,) = undoing(done, VOLUMES).warnings
    assert f"are copied to {top / 'Lora'} (" in words


def test_several_folders_are_told_by_what_is_above_them(top: Path) -> None:
    _operations, done = shared(top, "Lora/a", "Checkpoints/b", "Checkpoints/c")
    (room,) = undoing(done, VOLUMES).rooms
    assert (room.path, room.folders, room.needs) == (str(top), 2, sum(step.bytes for step in done.plan.steps))
    assert f"are copied to 2 folders below {top} (" in undoing(done, VOLUMES).warnings[0]


def test_what_is_at_work_is_called_an_undo(top: Path) -> None:
    operations, done = shared(top, "Lora/a")
    told: list[str] = []
    operations.undo(done.id, progress=Progress(lambda progress: told.append(progress.phase)))
    assert set(told) == {"Undoing this: Share the bytes of 2 groups of copies"}
    assert not os.path.samefile(top / "Lora/a", top / "keeper")
