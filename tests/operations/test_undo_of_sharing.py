"""Undo of sharing gives back the bytes that were shared and links to nobody else's file, or says why not."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from scenes import VOLUMES, asides, proof_now, put

from model_manager.base.paths import OwnPaths
from model_manager.operations import Operation, Operations
from model_manager.operations.plan import Proof
from model_manager.operations.plan_builder import PlanBuilder

DATA, OTHER = b"a" * 70_001, b"b" * 70_001


def shared(top: Path, own: OwnPaths, kind: str, *names: str, proof: Proof | None = None) -> Operation:
    """The copy's names replaced by links to the keeper."""
    draft = PlanBuilder(VOLUMES, [str(top)])
    draft.begin_unit()
    for name in names:
        draft.link(str(top / name), str(top / "keeper"), kind, "test", proof, 1)
    done = Operations(own).apply(draft.plan("Share"))
    assert done.state == "applied", [step.problem for step in done.steps]
    return done


def rewritten(path: Path, data: bytes) -> None:
    """In place, and with its old times: what `rsync --inplace --times` of another build does."""
    old = os.lstat(path)
    path.write_bytes(data)
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))


@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_other_bytes_are_never_given_back_as_the_old_ones(kind: str, tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", DATA), put(top / "copy", DATA)
    done = shared(top, own, kind, "copy")
    rewritten(top / "keeper", OTHER)
    undone = Operations(own).undo(done.id)
    assert undone.state != "undone" and "the old bytes are gone" in undone.steps[0].problem
    assert os.path.samefile(top / "copy", top / "keeper") and not asides(top)
    rewritten(top / "keeper", DATA)
    assert Operations(own).undo(done.id).state == "undone", "once the old bytes are there again, so is the copy"
    assert (top / "copy").read_bytes() == DATA and os.lstat(top / "copy").st_nlink == 1


@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_what_only_had_its_rights_changed_has_the_old_bytes(kind: str, tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", DATA), put(top / "copy", DATA)
    done = shared(top, own, kind, "copy")
    (top / "keeper").chmod(0o600)
    assert Operations(own).undo(done.id).state == "undone"
    assert (top / "copy").read_bytes() == DATA and not os.path.samefile(top / "copy", top / "keeper")


def test_without_a_hash_only_an_untouched_file_is_copied(tmp_path: Path, own: OwnPaths) -> None:
    """A journal of an earlier version: that nothing was changed is shown by the change time alone."""
    top = tmp_path / "m"
    put(top / "keeper", DATA), put(top / "copy", DATA)
    proof = replace(proof_now(top / "copy", top / "keeper"), sha256="")
    if not proof.mounted:
        pytest.skip("this kernel numbers its mounts anew, so both are read and compared")
    done = shared(top, own, "symbolic", "copy", proof=proof)
    (top / "keeper").chmod(0o640)
    undone = Operations(own).undo(done.id)
    assert "it cannot be shown" in undone.steps[0].problem and (top / "copy").is_symlink()


@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_a_strangers_file_at_the_other_name_is_no_twin(kind: str, tmp_path: Path, own: OwnPaths) -> None:
    """Of the same size and time, at the second name that the copy had."""
    top = tmp_path / "m"
    put(top / "keeper", DATA), put(top / "one", DATA)
    os.link(top / "one", top / "two")
    done = shared(top, own, kind, "one", "two")
    (top / "two").unlink()
    put(top / "two", OTHER)
    undone = Operations(own).undo(done.id)
    assert [step.state for step in undone.steps] == ["undone", "done"]
    assert (top / "one").read_bytes() == DATA and (top / "two").read_bytes() == OTHER
    assert not os.path.samefile(top / "one", top / "two")


def test_the_names_of_one_copy_are_one_file_again(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "keeper", DATA), put(top / "one", DATA)
    os.link(top / "one", top / "two")
    done = shared(top, own, "hard", "one", "two")
    assert Operations(own).undo(done.id).state == "undone"
    assert os.path.samefile(top / "one", top / "two") and not os.path.samefile(top / "one", top / "keeper")
