"""Nothing goes as a copy of what stays unless it is shown at that moment that both hold the same."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from scenes import VOLUMES, proof_now, put

from model_manager.base.paths import OwnPaths
from model_manager.operations import Operation, Operations, Plan
from model_manager.operations.draft import Draft
from model_manager.operations.plan import Proof, from_record, to_record
from model_manager.operations.staying import kept_as

DATA = b"a" * 99_999


def clearing(tmp_path: Path, proof: Proof, way: str = "trash") -> Plan:
    draft = Draft(VOLUMES, [str(tmp_path / "m")], way)  # type: ignore[arg-type]
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
    assert done.state == "refused" and "not the same any more" in done.steps[0].problem
    assert copy.read_bytes() == DATA


@pytest.mark.parametrize("holds", [True, False])
def test_what_is_the_same_goes_and_is_read_again_only_where_that_is_needed(
    tmp_path: Path, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, holds: bool
) -> None:
    from model_manager.operations.disk import Disk

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
