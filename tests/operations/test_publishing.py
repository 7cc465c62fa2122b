"""What was found whole gets its name by a plan: never over what is there, all or none, and back again."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from faults import Failing, FailingJournal, Killing, KillingJournal, in_child, meddled
from incomings import DATA, WANTED, Inbox, inbox
from scenes import VOLUMES

from model_manager.base.errors import ModelManagerError
from model_manager.operations import Operations, Plan
from model_manager.operations.publishing import plan_publishing
from model_manager.operations.staging import Finished


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Inbox]:
    with inbox(tmp_path / "box") as made:
        yield made


def whole(box: Inbox, key: str = WANTED.key) -> Finished:
    with box.open(replace(WANTED, key=key)) as item:
        item.append(DATA[item.have :])
        return item.finish()


def plan(box: Inbox, *coming: tuple[Finished, str]) -> Plan:
    return plan_publishing(
        [(done, str(box.top / name)) for done, name in coming], "Bring in", "m", "it was fetched", VOLUMES
    )


def two(box: Inbox) -> Plan:
    """A folder model: two files, with a folder that is missing and one below it."""
    return plan(box, (whole(box, "one"), "org/m/one.gguf"), (whole(box, "two"), "org/m/sub/two.gguf"))


def shown(box: Inbox) -> dict[str, bytes]:
    """What lies beside the incoming folder, and what is gathered in it."""
    below = [path for path in box.top.rglob("*") if path.is_file() and path.suffix not in (".json", ".new")]
    folders = {f"{path.relative_to(box.top)}/": b"" for path in box.top.rglob("*") if path.is_dir()}
    return {str(path.relative_to(box.top)): path.read_bytes() for path in below} | folders


def test_it_gets_its_name_and_goes_back(box: Inbox) -> None:
    done = whole(box)
    made = plan(box, (done, "org/m/m.gguf"))
    assert [step.verb for step in made.steps] == ["make_folder", "make_folder", "move"]
    assert made.bytes == len(DATA) and made.frees == 0 and all(step.undo for step in made.steps)
    before, inode = shown(box), os.lstat(done.path).st_ino
    operations = Operations(box.own)
    assert operations.apply(made).state == "applied"
    assert (box.top / "org/m/m.gguf").read_bytes() == DATA and os.lstat(box.top / "org/m/m.gguf").st_ino == inode
    assert not box.part.exists()
    assert operations.undo(made.id).state == "undone" and shown(box) == before
    again = plan(box, (whole(box), "m.gguf"))
    assert operations.apply(again).state == "applied", "it is found whole, and published again"


def test_the_files_of_a_model_come_together(box: Inbox) -> None:
    made = two(box)
    before = shown(box)
    operations = Operations(box.own)
    assert operations.apply(made).state == "applied"
    assert sorted(shown(box)) == [".model-manager-incoming/", "org/", "org/m/", "org/m/one.gguf", "org/m/sub/", "org/m/sub/two.gguf"]  # fmt: skip
    assert operations.undo(made.id).state == "undone" and shown(box) == before


def test_nothing_is_put_over_what_is_there(box: Inbox) -> None:
    done = whole(box)
    (box.top / "link").symlink_to("nowhere"), (box.top / "m.gguf").write_bytes(b"mine")
    for name in ("m.gguf", "link"):
        with pytest.raises(ModelManagerError, match="nothing is put over it"):
            plan(box, (done, name))
    with pytest.raises(ModelManagerError, match="nothing is put over it"):
        plan(box, (done, "same.gguf"), (whole(box, "two"), "same.gguf"))
    made = plan(box, (done, "n.gguf"))
    disk = meddled("rename", lambda: (box.top / "n.gguf").write_bytes(b"mine too"))
    refused = Operations(box.own, disk=disk).apply(made)
    assert refused.state == "refused" and (box.top / "n.gguf").read_bytes() == b"mine too"
    assert box.part.read_bytes() == DATA


def test_what_changed_since_it_was_found_whole_is_not_published(box: Inbox) -> None:
    done = whole(box)
    made = plan(box, (done, "m.gguf"))
    box.part.write_bytes(bytes(len(DATA)))
    with pytest.raises(ModelManagerError, match="it changed since it was found whole"):
        plan(box, (done, "m.gguf"))
    assert Operations(box.own).apply(made).state == "refused" and not (box.top / "m.gguf").exists()
    box.part.unlink()
    with pytest.raises(ModelManagerError, match="No such file"):
        plan(box, (done, "m.gguf"))


def test_one_that_is_begun_anew_meanwhile_is_not_published(box: Inbox) -> None:
    made = plan(box, (whole(box), "m.gguf"))
    with box.open(replace(WANTED, of={})) as item:
        item.append(b"other")
        assert Operations(box.own).apply(made).state == "refused"
    assert not (box.top / "m.gguf").exists() and box.part.read_bytes() == b"other"


def test_one_that_is_begun_anew_in_the_last_moment_is_not_published(box: Inbox) -> None:
    made = plan(box, (whole(box), "m.gguf"))
    other = replace(WANTED, of={})

    def begin() -> None:
        with box.open(other) as item:
            item.append(b"other")

    assert Operations(box.own, disk=meddled("rename", begin)).apply(made).state == "refused"
    assert not (box.top / "m.gguf").exists() and box.part.read_bytes() == b"other"


def test_no_rename_across_a_mount(box: Inbox) -> None:
    if os.getuid() != 0:
        pytest.skip("mounting takes root")
    bound = box.top / "bound"
    bound.mkdir()
    (box.top / "real").mkdir()
    subprocess.run(["mount", "--bind", str(box.top / "real"), str(bound)], check=True)
    VOLUMES.forget()
    try:
        with pytest.raises(ModelManagerError, match="another mount"):
            plan(box, (whole(box), "bound/m.gguf"))
    finally:
        subprocess.run(["umount", "-l", str(bound)], check=True)
        VOLUMES.forget()


def test_a_link_on_the_way_is_resolved_in_the_plan(box: Inbox) -> None:
    (box.top / "real").mkdir()
    (box.top / "way").symlink_to("real")
    made = plan(box, (whole(box), "way/new/m.gguf"))
    assert [step.target or step.path for step in made.steps] == [str(box.top / "real/new"), str(box.top / "real/new/m.gguf")]  # fmt: skip
    assert Operations(box.own).apply(made).state == "applied"


@pytest.mark.parametrize("where", ["disk", "journal"])
def test_killed_at_every_call(tmp_path: Path, where: str) -> None:
    for at in range(1, 200):
        with inbox(tmp_path / f"box-{at}") as box:
            made = two(box)
            before = shown(box)
            disk, journal = (Killing(at), None) if where == "disk" else (None, KillingJournal(str(box.own.journal), at))
            was_killed = in_child(lambda: Operations(box.own, disk=disk, journal=journal).apply(made))
            Operations(box.own).recover()
            if shown(box) != before:
                assert len([name for name in shown(box) if name.endswith(".gguf")]) == 2, at
                assert Operations(box.own).undo(made.id).state == "undone"
            assert shown(box) == before, at
        if not was_killed:
            print(f"{where}: {at - 1} kills")
            assert at > 6
            return
    raise AssertionError("more calls than expected")


@pytest.mark.parametrize(
    "number", [errno.EIO, *(pytest.param(one, marks=pytest.mark.slow) for one in (errno.ENOSPC, errno.EROFS))]
)
def test_every_error_at_every_call(tmp_path: Path, number: int) -> None:
    for at in range(1, 200):
        with inbox(tmp_path / f"box-{at}") as box:
            made = two(box)
            before = shown(box)
            disk = Failing(at, number)
            done = Operations(box.own, disk=disk).apply(made)
            Operations(box.own).recover()
            if done.state == "applied":
                assert Operations(box.own).undo(made.id).state == "undone"
            assert shown(box) == before, at
        if disk.count < at:
            return
    raise AssertionError("more calls than expected")


def test_a_journal_that_cannot_be_written_publishes_nothing(box: Inbox) -> None:
    made = two(box)
    before = shown(box)
    with pytest.raises(ModelManagerError):
        Operations(box.own, journal=FailingJournal(str(box.own.journal), 3, errno.ENOSPC)).apply(made)
    Operations(box.own).recover()
    assert shown(box) == before
