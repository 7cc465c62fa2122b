"""What went together comes back together, or stays where it is: half a model is a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenes import VOLUMES, put

from model_manager.base.paths import OwnPaths
from model_manager.library.removal.undoing import can_go_back, newest_to_undo, undoing
from model_manager.operations import Operation, Operations
from model_manager.operations.plan_builder import PlanBuilder
from model_manager.operations.trashed import trashed

BLOB = "sha256-" + "a" * 64


def thrown(top: Path, own: OwnPaths, *names: str) -> Operation:
    draft = PlanBuilder(VOLUMES, [str(top)])
    draft.begin_unit("a model")
    for name in names:
        put(top / name, name.encode() * 999)
        draft.take(str(top / name), "test")
    done = Operations(own).apply(draft.plan("Clear"))
    assert done.state == "applied"
    return done


def there(top: Path) -> list[str]:
    return sorted(path.name for path in top.iterdir())


def test_nothing_of_it_comes_back_when_a_part_was_emptied(tmp_path: Path, own: OwnPaths) -> None:
    top, trash = tmp_path / "m", tmp_path / "share/Trash"
    done = thrown(top, own, "manifest", "layer", "config")
    (trash / "files/layer").unlink(), (trash / "info/layer.trashinfo").unlink()
    before = undoing(done, VOLUMES)
    assert not before.steps and any("whole or not at all" in warning for warning in before.warnings)
    assert not can_go_back(done, VOLUMES) and newest_to_undo([done], VOLUMES) is None
    undone = Operations(own).undo(done.id)
    assert {step.state for step in undone.steps} == {"done"} and there(top) == []
    assert all(str(top / "layer") in step.problem and "whole" in step.problem for step in undone.steps)
    assert sorted(path.name for path in (trash / "files").iterdir()) == ["config", "manifest"]


def test_the_rest_comes_back_when_somebody_restored_the_part(tmp_path: Path, own: OwnPaths) -> None:
    top, trash = tmp_path / "m", tmp_path / "share/Trash"
    done = thrown(top, own, "manifest", "layer")
    (trash / "files/layer").rename(top / "layer")
    assert can_go_back(done, VOLUMES)
    assert Operations(own).undo(done.id).state == "undone" and there(top) == ["layer", "manifest"]


def test_a_part_whose_name_something_else_has_keeps_the_rest(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    done = thrown(top, own, "part-1", "part-2")
    put(top / "part-1", b"another file")
    assert not undoing(done, VOLUMES).steps
    Operations(own).undo(done.id)
    assert there(top) == ["part-1"] and (top / "part-1").read_bytes() == b"another file"


def test_a_blob_that_was_pulled_again_is_as_good(tmp_path: Path, own: OwnPaths) -> None:
    """Its name is the hash of its bytes: the model that comes back has all of them."""
    top = tmp_path / "m"
    done = thrown(top, own, "manifest", BLOB)
    put(top / BLOB, BLOB.encode() * 999)
    undone = Operations(own).undo(done.id)
    assert [step.state for step in undone.steps] == ["undone", "done"] and there(top) == ["manifest", BLOB]


@pytest.mark.parametrize("units", [None, [1]])
def test_other_units_go_back_all_the_same(units: list[int] | None, tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    draft = PlanBuilder(VOLUMES, [str(top)])
    for unit, names in enumerate((("a1", "a2"), ("b1", "b2"))):
        draft.begin_unit(f"model {unit}")
        for name in names:
            put(top / name, name.encode())
            draft.take(str(top / name), "test")
    done = Operations(own).apply(draft.plan("Clear"))
    (tmp_path / "share/Trash/files/b1").unlink()
    Operations(own).undo(done.id, units)
    assert there(top) == ["a1", "a2"]


def test_half_a_unit_is_not_listed_to_be_emptied(tmp_path: Path, own: OwnPaths) -> None:
    """Another program is at it, or was ended in its middle: what it may still put back is nobody's to delete."""
    done = thrown(tmp_path / "m", own, "manifest", "layer")
    assert len(trashed([done], VOLUMES)) == 2
    journal = own.journal / f"{done.id}.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith(b'{"record": "done"'))
    journal.write_bytes(b"".join(lines[: first + 1]))
    assert trashed([Operations(own).get(done.id)], VOLUMES) == []


def test_a_thing_that_went_alone_says_nothing_of_a_whole(tmp_path: Path, own: OwnPaths) -> None:
    done = thrown(tmp_path / "m", own, "layer")
    (tmp_path / "share/Trash/files/layer").unlink()
    (step,) = Operations(own).undo(done.id).steps
    assert step.problem == "it is not in the trash any more: it was emptied or taken out of it"


def test_what_hinders_the_whole_is_told_of_each_with_the_path_of_the_part(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    done = thrown(top, own, "part-1", "part-2")
    put(top / "part-2", b"another file")
    why = f"{top}/part-2: something else has its name now; it stays in the trash; it goes back whole or not at all, so the rest stays in the trash too"
    assert [step.problem for step in Operations(own).undo(done.id).steps] == [why, why]
