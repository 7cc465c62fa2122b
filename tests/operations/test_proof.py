"""Nothing goes as a copy of what stays unless it is shown at that moment that both hold the same."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from scenes import VOLUMES, proof_now, put

from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Volume, Volumes
from model_manager.operations import Operation, Operations, Plan
from model_manager.operations.disk import Disk
from model_manager.operations.kept_files import kept_as
from model_manager.operations.plan import Proof, from_record, to_record
from model_manager.operations.plan_builder import PlanBuilder
from model_manager.operations.proof import holds

DATA = b"a" * 99_999


def clearing(tmp_path: Path, proof: Proof, way: str = "trash") -> Plan:
    draft = PlanBuilder(VOLUMES, [str(tmp_path / "m")], way)  # type: ignore[arg-type]
    draft.begin_unit()
    kept = replace(kept_as(str(tmp_path / "m/keeper"), VOLUMES), same=proof)
    draft.take(str(tmp_path / "m/copy"), "test", None, [kept])
    return from_record(to_record(draft.plan("Clear")))  # as a stored plan is read again


def applied(tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> Operation:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return Operations(OwnPaths(tmp_path / "own")).apply(plan)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return put(tmp_path / "m/copy", DATA), put(tmp_path / "m/keeper", DATA)


@pytest.mark.parametrize("way", ["trash", "delete"])
@pytest.mark.parametrize("lost", ["mounted", "kept_mounted", "ctime_ns", "kept_ctime_ns"])
def test_a_copy_that_is_none_stays(
    tmp_path: Path, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, way: str, lost: str
) -> None:
    """The keeper has other bytes, and nothing but the one mark that is asked for tells so."""
    copy, keeper = pair
    with open(keeper, "r+b") as file:
        file.write(b"b")
    proof = replace(proof_now(copy, keeper), **{lost: "" if "mounted" in lost else 1})  # type: ignore[arg-type]
    done = applied(tmp_path, clearing(tmp_path, proof, way), monkeypatch)
    assert done.state == "refused" and "do not hold the same bytes now" in done.steps[0].problem
    assert copy.read_bytes() == DATA


@pytest.mark.parametrize("holds", [True, False])
def test_what_is_the_same_goes_and_is_read_again_only_where_that_is_needed(
    tmp_path: Path, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, holds: bool
) -> None:
    read: list[str] = []
    real = Disk.same_bytes
    monkeypatch.setattr(
        Disk, "same_bytes", lambda self, one, other, worked: read.append(one) or real(self, one, other, worked)
    )
    proof = proof_now(*pair) if holds else Proof(str(pair[0]), 1, 1)
    if holds and not proof.mounted:
        pytest.skip("this kernel numbers its mounts anew")
    done = applied(tmp_path, clearing(tmp_path, proof), monkeypatch)
    assert done.state == "applied" and read == ([] if holds else [str(pair[0])])
    assert pair[1].read_bytes() == DATA and not pair[0].exists()


def test_other_wrappings_cannot_be_compared_so_they_are_read_anew(
    tmp_path: Path, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = replace(proof_now(*pair), bytewise=False, mounted="an earlier one")
    done = applied(tmp_path, clearing(tmp_path, proof), monkeypatch)
    assert done.state == "refused" and "read the duplicates once more" in done.steps[0].problem
    assert os.path.exists(pair[0])


def test_a_mount_that_tells_no_changes_proves_nothing(
    tmp_path: Path, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """bindfs can show the time of the content as the change time, as sshfs and others do: it is set back with it."""
    if os.geteuid() or not shutil.which("bindfs"):
        pytest.skip("needs root and bindfs")
    seen = tmp_path / "seen"
    seen.mkdir()
    subprocess.run(["bindfs", "--ctime-from-mtime", str(tmp_path / "m"), str(seen)], check=True)
    try:
        keeper = seen / "keeper"
        proof = proof_now(pair[0], keeper)
        old = os.lstat(keeper)
        keeper.write_bytes(b"b" * len(DATA))
        os.utime(keeper, ns=(old.st_atime_ns, old.st_mtime_ns))
        assert os.lstat(keeper).st_ctime_ns == old.st_ctime_ns
        assert not holds(proof, str(keeper), Disk(), Volumes())
        assert not holds(replace(proof, bytewise=False), str(keeper), Disk(), Volumes())
    finally:
        subprocess.run(["umount", str(seen)], check=True)


def test_a_mounting_of_one_run_is_no_proof_where_bytes_can_be_compared(pair: tuple[Path, Path]) -> None:
    """Where the kernel numbers its mounts anew: another drive at the same place may have the same name."""
    proof = replace(proof_now(*pair), mounted="run:1:2", kept_mounted="run:1:2")
    assert not holds(proof, str(pair[1]), Disk(), Volumes())


def test_other_wrappings_are_believed_within_one_run(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from model_manager.base import mounted_as as module

    monkeypatch.setattr(module, "_statx", lambda: None)
    proof = replace(proof_now(*pair), bytewise=False)
    assert proof.mounted.startswith("run:") and holds(proof, str(pair[1]), Disk(), Volumes())
    assert not holds(replace(proof, mounted="run:of another:1"), str(pair[1]), Disk(), Volumes())


@pytest.mark.parametrize(
    ("kind", "told"),
    [("ext4", True), ("btrfs", True), ("fuseblk", False), ("fuse.sshfs", False), ("nfs4", False), ("cifs", False),
     ("overlay", False)],
)  # fmt: skip
def test_whose_change_times_show_that_nothing_was_written(pair: tuple[Path, Path], kind: str, told: bool) -> None:
    class Told(Volumes):
        def of(self, path: str, device: int) -> Volume:
            return replace(super().of(path, device), kind=kind, true_ctime=True)

    proof = replace(proof_now(*pair), bytewise=False)
    assert holds(proof, str(pair[1]), Disk(), Told()) is told
