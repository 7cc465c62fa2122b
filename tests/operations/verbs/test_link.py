"""Copies replaced by links: only after proof, never by mistake, and private again on undo."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from faults import meddled
from scenes import LONG_AGO, VOLUMES, asides, clear_asides, one, plan_of, proof_now, put

from model_manager.base.errors import ModelManagerError
from model_manager.base.paths import OwnPaths
from model_manager.operations import Disk, Operation, Operations, Plan, identity_of
from model_manager.operations.disk import Step
from model_manager.operations.identity import identity_to_record
from model_manager.operations.plan import Proof
from model_manager.operations.plan_builder import PlanBuilder


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    return OwnPaths(tmp_path / "own")


def linking(top: Path, kind: str = "hard", proof: Proof | None = None) -> Plan:
    draft = PlanBuilder(VOLUMES, [str(top)])
    draft.begin_unit()
    draft.link(str(top / "copy"), str(top / "keeper"), kind, "test", proof, 1)
    return draft.plan("Link")


def problem(done: Operation) -> str:
    assert done.state == "refused"
    return done.steps[0].problem


def test_same_size_same_head_other_weights_are_never_linked(tmp_path: Path, own: OwnPaths) -> None:
    """Two fine-tunes with an identical header: the accident of another program."""
    top = tmp_path / "m"
    data = bytearray(os.urandom(3_000_000))
    put(top / "keeper", bytes(data))
    data[2_000_001] ^= 1
    put(top / "copy", bytes(data))
    assert "not the same" in problem(Operations(own).apply(linking(top)))
    assert (top / "copy").read_bytes() == data and os.lstat(top / "copy").st_nlink == 1


def test_a_proof_does_not_outlive_a_change(tmp_path: Path, own: OwnPaths) -> None:
    """Size and mtime were set back by hand; the change time cannot be, so both are read again."""
    top = tmp_path / "m"
    keeper, copy = put(top / "keeper", b"a" * 9999), put(top / "copy", b"a" * 9999)
    proof = proof_now(copy, keeper)
    put(top / "copy", b"a" * 9998 + b"b")
    assert "not the same" in problem(Operations(own).apply(linking(top, proof=proof)))


def test_a_proof_is_believed_while_nothing_changed(
    tmp_path: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "m"
    keeper, copy = put(top / "keeper", b"a" * 9999), put(top / "copy", b"a" * 9999)
    proof = proof_now(copy, keeper)
    operations = Operations(own)
    plan = linking(top, proof=proof)
    monkeypatch.setattr("model_manager.operations.disk.Disk.same_bytes", lambda *a: pytest.fail("read again"))
    assert operations.apply(plan).state == "applied"
    assert os.path.samefile(keeper, copy)


@pytest.mark.parametrize("side", ["mounted", "kept_mounted"])
@pytest.mark.parametrize("told", ["", "another mounting"])
def test_a_proof_from_another_mounting_is_no_proof(tmp_path: Path, own: OwnPaths, side: str, told: str) -> None:
    """A drive was replaced by its copy, made block by block: names, inodes, sizes and all times are the same."""
    top = tmp_path / "m"
    keeper, copy = put(top / "keeper", b"a" * 9999), put(top / "copy", b"a" * 9998 + b"b")
    proof = replace(proof_now(copy, keeper), **{side: told})  # type: ignore[arg-type]
    assert "not the same" in problem(Operations(own).apply(linking(top, proof=proof)))
    assert copy.read_bytes()[-1:] == b"b"


def test_a_keeper_that_changed_is_refused(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    plan = linking(top)
    (top / "keeper").write_bytes(b"b" * 99)
    assert "changed" in problem(Operations(own).apply(plan))


@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_who_could_read_the_copy_must_be_able_to_read_the_keeper(kind: str, tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    plan = linking(top, kind)
    os.chmod(top / "keeper", 0o600)
    assert "could not read the file that is kept" in problem(Operations(own).apply(plan))
    assert not (top / "copy").is_symlink() and os.lstat(top / "copy").st_nlink == 1
    with pytest.raises(ModelManagerError, match="could not read the file that is kept"):
        linking(top, kind)


def test_undo_refuses_when_the_shared_file_changed(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    operations = Operations(own)
    plan = linking(top)
    assert operations.apply(plan).state == "applied"
    (top / "keeper").write_bytes(b"c" * 99)
    undone = operations.undo(plan.id)
    assert "changed since" in undone.steps[0].problem and undone.undoable
    assert (top / "copy").read_bytes() == b"c" * 99


def test_two_names_of_one_file_are_refused(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    plan = linking(top)
    (top / "copy").unlink()
    os.link(top / "keeper", top / "copy")
    assert "one file already" in problem(Operations(own).apply(plan))
    with pytest.raises(ModelManagerError, match="one file already"):
        linking(top)


def test_undo_of_a_symbolic_link_to_a_moved_keeper(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    operations = Operations(own)
    plan = linking(top, "symbolic")
    operations.apply(plan)
    os.rename(top / "keeper", top / "elsewhere")
    assert "changed since" in operations.undo(plan.id).steps[0].problem
    os.rename(top / "elsewhere", top / "keeper")
    assert operations.undo(plan.id).state == "undone" and not os.path.islink(top / "copy")


def blocks_used(place: Path) -> int:
    os.sync()
    found = os.statvfs(place)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def test_shared_blocks_keep_the_inode_and_free_the_space(xfs: Path, own: OwnPaths) -> None:
    top = xfs / "share"
    data = os.urandom(24 << 20)
    put(top / "keeper", data)
    copy = put(top / "copy", data, 0o600)
    before, used = os.lstat(copy), blocks_used(xfs)
    plan = linking(top, "reflink")
    done = Operations(own).apply(plan)
    assert done.state == "applied", done.steps
    after = os.lstat(copy)
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (before.st_ino, before.st_mtime_ns, before.st_mode)
    assert after.st_mtime_ns == LONG_AGO + len(data)
    assert copy.read_bytes() == data and used - blocks_used(xfs) > 23 << 20
    assert not done.undoable


def test_shared_blocks_are_compared_by_the_kernel(xfs: Path, own: OwnPaths) -> None:
    top = xfs / "differ"
    data = bytearray(os.urandom(20 << 20))
    put(top / "keeper", bytes(data))
    data[19 << 20] ^= 255
    copy = put(top / "copy", bytes(data))
    assert "not the same" in problem(Operations(own).apply(linking(top, "reflink")))
    assert copy.read_bytes() == data


def test_where_blocks_cannot_be_shared_it_says_so(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99_999)
    put(top / "copy", b"a" * 99_999)
    done = Operations(own).apply(linking(top, "reflink"))
    if done.state != "applied":  # the tests' own disk may be able to
        assert "cannot share" in problem(done)


def test_what_is_refused_before_anything_is_read(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    operations, plan = Operations(own), linking(top)
    (step,) = plan.steps
    unknown = plan_of(replace(step, how={**step.how, "kind": "magic"}))
    assert "no link of the kind 'magic'" in problem(operations.apply(unknown))
    for keeper in ("", "[]", "{"):
        lost = plan_of(replace(step, how={**step.how, "keeper": keeper}))
        assert "does not say which file stays" in problem(operations.apply(lost))
    (top / "copy").unlink()
    assert "not there any more" in problem(operations.apply(plan_of(step)))
    (top / "copy").mkdir()
    assert "only a file is replaced" in problem(operations.apply(plan_of(step)))
    (top / "keeper").unlink()
    assert "which is to stay, is not there any more" in problem(operations.apply(plan_of(step)))
    (top / "keeper").symlink_to("copy")
    assert "which is to stay, changed" in problem(operations.apply(plan_of(step)))
    assert sorted(os.listdir(top)) == ["copy", "keeper"]


def new_link(top: Path) -> Plan:
    """A further name for the keeper where nothing lies."""
    kept = identity_of(str(top / "keeper"), os.lstat(top / "keeper"), VOLUMES)
    how = {"kind": "hard", "keeper": json.dumps(identity_to_record(kept))}
    return plan_of(one("link", top / "copy", top / "keeper", **how))


def test_a_new_link_takes_nobodys_name_and_goes_again(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    disk = meddled("rename", lambda: put(top / "copy", b"theirs"))
    assert "something of this name" in problem(Operations(own, disk=disk).apply(new_link(top)))
    assert (top / "copy").read_bytes() == b"theirs" and not asides(top)
    (top / "copy").unlink()
    done = Operations(own).apply(new_link(top))
    (top / "copy").unlink()
    put(top / "copy", b"mine now")
    assert "not the link that was made, it stays" in Operations(own).undo(done.id).steps[0].problem
    assert (top / "copy").read_bytes() == b"mine now"
    (top / "copy").unlink()
    assert Operations(own).undo(done.id).state == "undone" and os.listdir(top) == ["keeper"]


@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_a_copy_that_changes_in_the_last_moment_stays(kind: str, tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    method = "hard_link" if kind == "hard" else "symbolic_link"
    disk = meddled(method, lambda: (top / "copy").write_bytes(b"worked on"), after=True)
    assert "changed in the last moment" in problem(Operations(own, disk=disk).apply(linking(top, kind)))
    assert (top / "copy").read_bytes() == b"worked on" and not asides(top)
    put(top / "copy", b"a" * 99)
    disk = meddled(method, lambda: clear_asides(top), after=True)
    assert "removed while it was made" in problem(Operations(own, disk=disk).apply(linking(top, kind)))
    assert (top / "copy").read_bytes() == b"a" * 99


def test_undo_makes_no_copy_where_the_link_is_gone_or_the_disk_fails(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    done = Operations(own).apply(linking(top, "symbolic"))
    disk = meddled("copy", lambda: asides(top)[0].write_bytes(b"rot"), after=True)
    undone = Operations(own, disk=disk).undo(done.id)
    assert "is not what was written" in undone.steps[0].problem and undone.undoable
    assert (top / "copy").is_symlink() and not asides(top)
    (top / "copy").unlink()
    assert "the link is not there any more" in Operations(own).undo(done.id).steps[0].problem
    assert os.listdir(top) == ["keeper"]


@pytest.mark.parametrize(
    ("number", "why"),
    [(errno.EOPNOTSUPP, "cannot share blocks"), (errno.EIO, "Input/output"), (errno.EILSEQ, "not the same")],
)
def test_blocks_that_cannot_be_shared_in_words(number: int, why: str, tmp_path: Path, own: OwnPaths) -> None:
    def fails() -> None:
        raise OSError(number, os.strerror(number))

    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    done = Operations(own, disk=meddled("share_extents", fails)).apply(linking(top, "reflink"))
    assert why in problem(done) and (top / "copy").read_bytes() == b"a" * 99


def test_blocks_that_were_shared_in_half_a_unit_stay_shared(tmp_path: Path, own: OwnPaths) -> None:
    """There is nothing to put back: each file has its own bytes still."""

    class Sharing(Disk):
        def share_extents(self, keeper: str, path: str, step: Step) -> None:
            step(99)

    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    put(top / "other", b"o")
    plan = linking(top, "reflink")
    plan = plan_of(*plan.steps, one("delete", top / "other", None, 2, plan.steps[0].unit))
    (top / "other").write_bytes(b"changed since")
    done = Operations(own, disk=Sharing()).apply(plan)
    assert done.state == "refused" and "another step of its unit" in done.steps[0].problem
    assert (top / "copy").read_bytes() == b"a" * 99 and os.lstat(top / "copy").st_nlink == 1


@pytest.mark.parametrize("kind", ["hard", "symbolic"])
@pytest.mark.parametrize("side", ["store", "here"])
def test_a_folder_that_leads_elsewhere_since_is_refused(kind: str, side: str, tmp_path: Path, own: OwnPaths) -> None:
    """Of the copy or of the keeper, before it is done and before it is undone, though the very files lie there."""
    top = tmp_path / "m"
    put(top / "store/keeper", b"a" * 99)
    put(top / "here/copy", b"a" * 99)
    draft = PlanBuilder(VOLUMES, [str(top)])
    draft.begin_unit()
    draft.link(str(top / "here/copy"), str(top / "store/keeper"), kind, "test", None, 1)
    plan = draft.plan("Link")
    os.rename(top / side, tmp_path / "away")
    os.symlink(tmp_path / "away", top / side)
    assert "a folder on the way to it leads elsewhere now" in problem(Operations(own).apply(plan))
    (top / side).unlink()
    os.rename(tmp_path / "away", top / side)
    again = PlanBuilder(VOLUMES, [str(top)])
    again.begin_unit()
    again.link(str(top / "here/copy"), str(top / "store/keeper"), kind, "test", None, 1)
    done = Operations(own).apply(again.plan("Link"))
    assert done.state == "applied"
    os.rename(top / "here", tmp_path / "away")
    os.symlink(tmp_path / "away", top / "here")
    (step,) = Operations(own).undo(done.id).steps
    assert (step.state, step.problem) == ("done", "a folder on the way to it leads elsewhere now")
    assert os.path.samefile(tmp_path / "away/copy", top / "store/keeper"), "what lies there now is left alone"


def test_a_copy_is_read_once_and_not_again_for_shared_blocks(
    tmp_path: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel compares these itself; for a link both are read."""
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    read: list[str] = []
    real = Disk.same_bytes

    def same_bytes(disk: Disk, one: str, *more: object) -> bool:
        read.append(os.path.basename(one))
        return real(disk, one, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Disk, "same_bytes", same_bytes)
    monkeypatch.setattr(Disk, "share_extents", lambda *of: None)
    assert Operations(own).apply(linking(top, "reflink")).state == "applied" and read == []
    assert Operations(own).apply(linking(top, "hard")).state == "applied" and read == ["copy"]


def test_it_is_told_that_only_the_change_time_of_the_kept_file_is_new(tmp_path: Path, own: OwnPaths) -> None:
    """A further name is a change to the keeper too: what was read of it still holds."""
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    told: list[str] = []
    operations = Operations(own, stamped=lambda path, before, after: told.append(os.path.basename(path)))
    done = operations.apply(linking(top))
    assert done.state == "applied" and "keeper" in told
    told.clear()
    operations.undo(done.id)
    assert "keeper" in told, "and one name less again"


@pytest.mark.parametrize("hole", [0, 4096])
def test_a_copy_comes_back_with_its_holes_and_no_others(hole: int, tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    data = bytes(hole) + os.urandom(2 << 20) + bytes((2 << 20) - hole)
    for name in ("keeper", "copy"):
        put(top / name, b"")
        with open(top / name, "r+b") as file:
            file.seek(hole)
            file.write(data[hole:])
        os.utime(top / name, ns=(LONG_AGO, LONG_AGO))
    was = 512 * (top / "copy").stat().st_blocks
    if (was < len(data)) is not bool(hole):
        pytest.skip("this file system keeps holes otherwise")
    done = Operations(own).apply(linking(top))
    assert Operations(own).undo(done.id).state == "undone" and (top / "copy").read_bytes() == data
    now = 512 * (top / "copy").stat().st_blocks
    assert now < len(data) if hole else now == was
