"""What nobody fetches any more is listed with its size and age, and goes by a plan only."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from faults import in_child
from incomings import DATA, HALF, WANTED, Inbox, inbox
from scenes import VOLUMES

from model_manager.base.errors import ModelManagerError
from model_manager.operations import Disk, Operations
from model_manager.operations.publishing import plan_publishing
from model_manager.operations.unclaimed import OLD, Waiting, plan_clearing, waiting

DAY = 86_400


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with inbox(tmp_path / "box") as made:
        yield made


def listed(box: Inbox, days: float = 0) -> list[Waiting]:
    return waiting(str(box.folder), VOLUMES, Disk(), time.time() + days * DAY)


def test_it_is_listed_with_size_and_age(box: Inbox) -> None:
    assert listed(box) == []
    box.half()
    (one,) = listed(box, OLD - 0.5)
    assert set(one.paths) == {str(box.part), str(box.note)} and one.key == WANTED.key
    assert one.bytes == HALF + box.note.stat().st_size and one.days == OLD - 1
    assert not one.is_claimed and not one.problem and not one.is_forgotten
    assert listed(box, OLD + 0.1)[0].is_forgotten
    assert sorted(os.listdir(box.folder)) == [box.note.name, box.part.name], "looking changes nothing"


def test_what_somebody_fetches_is_never_forgotten(box: Inbox) -> None:
    with box.open() as item:
        item.append(DATA[:HALF])
        (one,) = listed(box, 900)
        assert one.is_claimed and not one.is_forgotten
        with pytest.raises(ModelManagerError, match="fetching it at this moment"):
            plan_clearing(str(box.folder), [one], VOLUMES)
        box.note.write_bytes(b"")
        assert not listed(box, 900)[0].is_forgotten, "whatever its record says"
    assert in_child(lambda: (box.folder / "x").touch() or os.kill(os.getpid(), 9))
    assert [one.is_claimed for one in listed(box)] == [False, False]


def test_a_clock_that_jumped_hides_nothing(box: Inbox) -> None:
    box.half()
    (one,) = listed(box, -300)
    assert one.days is None and one.is_forgotten
    (one,) = listed(box, -0.5)
    assert one.days == 0 and not one.is_forgotten, "a drive whose clock goes before"


@pytest.mark.parametrize(
    ("name", "words"),
    [("note", "its record is not understood"), ("gone", "no record of what it is of"), ("theirs", "nothing of this")],
)
def test_what_nobody_can_go_on_with_is_told_at_once(box: Inbox, name: str, words: str) -> None:
    if name == "theirs":
        (box.folder / "sub").mkdir()
        (box.folder / "sub/notes.txt").write_bytes(b"theirs")
    else:
        box.half()
        box.note.write_bytes(b"?") if name == "note" else box.note.unlink()
    (one,) = listed(box)
    assert words in one.problem and one.is_forgotten and one.key == ""
    assert one.bytes == {"note": HALF + 1, "gone": HALF, "theirs": 6}[name]


def test_links_are_neither_followed_nor_opened(box: Inbox, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(DATA)
    box.part.symlink_to(tmp_path / "mine")
    (one,) = listed(box)
    assert one.bytes < 999 and one.is_forgotten
    assert Operations(box.own).apply(plan_clearing(str(box.folder), [one], VOLUMES, "delete")).state == "applied"
    assert (tmp_path / "mine").read_bytes() == DATA and os.listdir(box.folder) == []


def test_it_goes_into_the_trash_by_a_plan_and_comes_back(box: Inbox) -> None:
    box.half()
    with box.open(replace(WANTED, key="stays")) as item:
        item.append(DATA)
    items = [one for one in listed(box, 30) if one.key == WANTED.key]
    plan = plan_clearing(str(box.folder), items, VOLUMES)
    assert plan.title.startswith("Clear away 1 thing that did not come in (5.") and plan.title.endswith(" kB)")
    assert {step.path for step in plan.steps} == {str(box.part), str(box.note)}
    assert len({step.unit for step in plan.steps}) == 1
    assert plan.steps[0].of == WANTED.key
    operations = Operations(box.own)
    assert operations.apply(plan).state == "applied" and [one.key for one in listed(box)] == ["stays"]
    assert operations.undo(plan.id).state == "undone"
    with box.open() as item:
        assert item.have == HALF and box.part.read_bytes() == DATA[:HALF]


def test_what_is_gone_on_with_since_stays(box: Inbox) -> None:
    box.half()
    plan = plan_clearing(str(box.folder), listed(box), VOLUMES, "delete")
    with box.open() as item:
        assert Operations(box.own).apply(plan).state == "refused"
        item.append(DATA[HALF:])
        assert item.finish().size == len(DATA)


def test_one_that_cannot_go_leaves_the_others_their_turn(box: Inbox) -> None:
    box.half()
    with box.open(replace(WANTED, key="busy")) as item:
        item.append(DATA)
        plan = plan_clearing(str(box.folder), listed(box), VOLUMES)
        assert len(plan.steps) == 2 and len(plan.left) == 1 and "fetching it at this moment" in plan.left[0]
    with pytest.raises(ModelManagerError, match="nothing to clear away"):
        plan_clearing(str(box.folder), [], VOLUMES)


def test_nothing_outside_the_folder_goes(box: Inbox, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(DATA)
    one = Waiting((str(tmp_path / "mine"),), 1, "k", 99, False)
    with pytest.raises(ModelManagerError, match="outside"):
        plan_clearing(str(box.folder), [one], VOLUMES, "delete")


def test_the_record_of_what_was_published_can_go_too(box: Inbox) -> None:
    with box.open() as item:
        item.append(DATA)
        done = item.finish()
    plan = plan_publishing([(done, str(box.top / "m.gguf"))], "Bring in", "m", "fetched", VOLUMES)
    assert Operations(box.own).apply(plan).state == "applied"
    (one,) = listed(box, 30)
    assert one.paths == (str(box.note),) and one.is_forgotten
    assert Operations(box.own).apply(plan_clearing(str(box.folder), [one], VOLUMES, "delete")).state == "applied"
    assert (box.top / "m.gguf").read_bytes() == DATA and listed(box) == []


def test_a_folder_that_is_not_ours_is_not_looked_into(box: Inbox) -> None:
    box.folder.chmod(0o777)
    with pytest.raises(ModelManagerError, match="others may write"):
        listed(box)
