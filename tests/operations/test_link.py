"""Copies replaced by links: only after proof, never by mistake, and private again on undo."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from scenes import LONG_AGO, VOLUMES, put

from model_manager.base.paths import OwnPaths
from model_manager.operations import Operation, Operations, Plan
from model_manager.operations.draft import Draft


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    return OwnPaths(tmp_path / "own")


def linking(top: Path, kind: str = "hard", **proof: str) -> Plan:
    draft = Draft(VOLUMES, [str(top)])
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
    proof = {"ctime": str(os.lstat(copy).st_ctime_ns), "keeper_ctime": str(os.lstat(keeper).st_ctime_ns)}
    put(top / "copy", b"a" * 9998 + b"b")
    assert "not the same" in problem(Operations(own).apply(linking(top, **proof)))


def test_a_proof_is_believed_while_nothing_changed(
    tmp_path: Path, own: OwnPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "m"
    keeper, copy = put(top / "keeper", b"a" * 9999), put(top / "copy", b"a" * 9999)
    proof = {"ctime": str(os.lstat(copy).st_ctime_ns), "keeper_ctime": str(os.lstat(keeper).st_ctime_ns)}
    operations = Operations(own)
    plan = linking(top, **proof)
    monkeypatch.setattr("model_manager.operations.disk.Disk.same_bytes", lambda *a: pytest.fail("read again"))
    assert operations.apply(plan).state == "applied"
    assert os.path.samefile(keeper, copy)


def test_a_keeper_that_changed_is_refused(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99)
    put(top / "copy", b"a" * 99)
    plan = linking(top)
    (top / "keeper").write_bytes(b"b" * 99)
    assert "changed" in problem(Operations(own).apply(plan))


def test_who_could_read_the_copy_must_be_able_to_read_the_keeper(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", b"a" * 99, 0o600)
    put(top / "copy", b"a" * 99, 0o644)
    assert "could not read" in problem(Operations(own).apply(linking(top)))


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
    os.link(put(top / "keeper", b"a" * 99), top / "copy")
    assert "one file already" in problem(Operations(own).apply(linking(top)))


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
