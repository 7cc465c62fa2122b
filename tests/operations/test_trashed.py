"""What is still in the trash: told by the thing itself, not by its name; emptied without what is not there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from scenes import VOLUMES, put

from model_manager.base import units
from model_manager.base.paths import OwnPaths
from model_manager.operations import Operation, Operations, Plan
from model_manager.operations.plan_builder import PlanBuilder
from model_manager.operations.trashed import Trashed, in_a_trash, plan_empty, trashed, with_what_comes_back


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    return OwnPaths(tmp_path / "own")


@pytest.fixture
def bin_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path / "share" / "Trash"


def cleared(tmp_path: Path, own: OwnPaths) -> Operation:
    path = put(tmp_path / "m" / "a", b"a" * 5000)
    draft = PlanBuilder(VOLUMES, [str(tmp_path / "m")])
    draft.begin_unit("a model")
    draft.take(str(path), "test")
    return Operations(own).apply(draft.plan("Clear"))


def listed(own: OwnPaths) -> list[Trashed]:
    return trashed(Operations(own).history()[0], VOLUMES)


def test_another_file_of_its_name_is_not_it(tmp_path: Path, own: OwnPaths, bin_: Path) -> None:
    cleared(tmp_path, own)
    (item,) = listed(own)
    assert (item.where, item.of, item.bytes) == ("trash", "a model", 5000)
    os.rename(bin_ / "files" / "a", tmp_path / "elsewhere")
    put(bin_ / "files" / "a", b"somebody's")
    put(tmp_path / "m" / "a", b"new")
    assert [one.where for one in listed(own)] == ["gone"]
    os.replace(tmp_path / "elsewhere", tmp_path / "m" / "a")
    assert [one.where for one in listed(own)] == ["restored"]


def test_one_whose_note_is_lost_is_deleted_all_the_same(tmp_path: Path, own: OwnPaths, bin_: Path) -> None:
    cleared(tmp_path, own)
    (bin_ / "info" / "a.trashinfo").unlink()
    plan = plan_empty(listed(own), VOLUMES)
    assert len(plan.steps) == 1 and Operations(own).apply(plan).state == "applied"
    assert os.listdir(bin_ / "files") == []


def test_what_a_damaged_journal_tells_is_not_listed(tmp_path: Path, own: OwnPaths, bin_: Path) -> None:
    done = cleared(tmp_path, own)
    path = own.journal / f"{done.id}.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"record": "strange"}\n')
    assert listed(own) == [] and (bin_ / "files" / "a").exists()
    lines = whole.splitlines(keepends=True)
    record = json.loads(lines[2])
    record["facts"]["seen"] = "lost"
    path.write_bytes(b"".join([*lines[:2], json.dumps(record).encode() + b"\n", *lines[3:]]))
    assert [one.where for one in listed(own)] == ["gone"]


def test_names_of_one_file_that_went_one_after_another(tmp_path: Path, own: OwnPaths, bin_: Path) -> None:
    """The first freed nothing when it went; together, with the second, its bytes come back."""
    path = put(tmp_path / "m" / "a", b"a" * 8192)
    os.link(path, tmp_path / "m" / "b")
    for name in ("a", "b"):
        draft = PlanBuilder(VOLUMES, [str(tmp_path / "m")])
        draft.begin_unit(name)
        draft.take(str(tmp_path / "m" / name), "test")
        assert Operations(own).apply(draft.plan("Clear")).plan.frees == 0
    items = with_what_comes_back(listed(own), VOLUMES)
    plan = plan_empty(items, VOLUMES)
    size = path_size(bin_ / "files" / "a")
    assert plan.bytes == plan.frees == sum(item.frees for item in items) + notes_of(plan)
    assert plan.title == f"Delete these 2 for good ({units.size(size)})"


def path_size(path: Path) -> int:
    return 512 * path.lstat().st_blocks


def notes_of(plan: Plan) -> int:
    return sum(step.frees for step in plan.steps if step.path.endswith(".trashinfo"))


def test_what_is_in_a_trash_is_told_by_where_it_lies(tmp_path: Path, own: OwnPaths, bin_: Path) -> None:
    assert cleared(tmp_path, own).state == "applied"
    assert in_a_trash(str(bin_ / "files/a")) and in_a_trash(str(bin_ / "info/a.trashinfo"))
    (bin_ / "other").mkdir()
    for path in (bin_ / "other/a", bin_ / "a", tmp_path / "m/a", tmp_path / "m/files/a"):
        assert not in_a_trash(str(path)), path


def test_what_is_written_to_in_the_trash_stays_and_the_rest_is_counted(
    tmp_path: Path, own: OwnPaths, bin_: Path
) -> None:
    for name in ("a", "b"):
        draft = PlanBuilder(VOLUMES, [str(tmp_path / "m")])
        draft.begin_unit(name)
        draft.take(str(put(tmp_path / "m" / name, name.encode() * 8192)), "test")
        Operations(own).apply(draft.plan("Clear"))
    with open(bin_ / "files/a", "r+b"):
        plan = plan_empty(listed(own), VOLUMES)
    assert plan.title == f"Delete this one for good ({units.size(8192)})"
    assert [step.path for step in plan.steps] == [str(bin_ / "files/b"), str(bin_ / "info/b.trashinfo")]
    assert len(plan.left) == 1 and plan.left[0].startswith(f"{bin_}/files/a: ") and "is writing to" in plan.left[0]
