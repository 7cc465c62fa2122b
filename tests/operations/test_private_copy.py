"""A shared file becomes a file of its own again: with the bytes, looks and holes that the copy had, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scenes import VOLUMES, put

from model_manager.operations import Disk, private_copy
from model_manager.operations.identity import identity_to_record
from model_manager.operations.plan import Step
from model_manager.operations.private_copy import write_copy
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Site

DATA = bytes(range(256)) * 300


class Stage:
    """A keeper and the step that linked a copy to it, as its journal tells of them."""

    def __init__(self, top: Path, kind: str = "hard") -> None:
        self.keeper = put(top / "keeper", DATA)
        self.aside, self.ready = top / "aside", top / "ready"
        identity = self.site().identity(str(self.keeper))
        assert identity is not None
        self.step = Step(
            1,
            1,
            "link",
            str(top / "copy"),
            str(self.keeper),
            1,
            1,
            "",
            True,
            replace(identity, inode=99),
            {"kind": kind},
        )
        self.facts: dict[str, Any] = {
            "keeper": identity_to_record(identity),
            "keeper_ctime": os.lstat(self.keeper).st_ctime_ns,
            "looks": Disk().looks(str(put(top / "copy", b"x", 0o600))).record(),
        }

    def site(self, disk: Disk | None = None, *steps: Step) -> Site:
        return Site(disk or Disk(), VOLUMES, "op", steps=steps)

    def write(self, site: Site | None = None) -> None:
        write_copy(site or self.site(), self.step, self.facts, str(self.keeper), str(self.aside), str(self.ready))

    @property
    def is_left_alone(self) -> bool:
        return not self.ready.exists() and self.keeper.read_bytes() == DATA


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_with_the_hash_of_the_proof_it_is_copied(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.facts["sha256"] = sha256(DATA)
    put(stage.aside, b"torn"), put(stage.ready, b"torn")
    stage.write()
    assert stage.ready.read_bytes() == DATA and not stage.aside.exists()
    assert not os.path.samefile(stage.ready, stage.keeper)
    looks = os.lstat(stage.ready)
    assert (stat.S_IMODE(looks.st_mode), looks.st_mtime_ns) == (0o600, os.lstat(tmp_path / "copy").st_mtime_ns)


def test_another_hash_is_refused_and_nothing_lies_about(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.facts["sha256"] = sha256(b"other")
    with pytest.raises(Refused, match="the old bytes are gone, the link stays"):
        stage.write()
    assert stage.is_left_alone and not stage.aside.exists()


def test_without_a_hash_a_soft_link_to_an_untouched_keeper_is_copied(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "symbolic")
    stage.write()
    assert stage.ready.read_bytes() == DATA


@pytest.mark.parametrize("kind, ctime", [("symbolic", 1), ("hard", None)])
def test_without_a_hash_nothing_else_is(kind: str, ctime: int | None, tmp_path: Path) -> None:
    """A hard link changed the keeper's own change time, so that it tells nothing."""
    stage = Stage(tmp_path, kind)
    if ctime:
        stage.facts["keeper_ctime"] = ctime
    with pytest.raises(Refused, match=r"it cannot be shown that .*keeper still has the bytes"):
        stage.write()
    assert stage.is_left_alone and not stage.aside.exists()


@pytest.mark.parametrize("change", [lambda keeper: keeper.unlink(), lambda keeper: os.utime(keeper, (1, 1))])
def test_a_keeper_that_changed_or_went_is_not_copied(change: Callable[[Path], object], tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.facts["sha256"] = sha256(DATA)
    change(stage.keeper)
    with pytest.raises(Refused, match="changed since, so no copy of the old one can be made"):
        stage.write()
    assert not stage.ready.exists()


def test_a_copy_that_is_not_what_was_written_is_an_error(tmp_path: Path) -> None:
    class Torn(Disk):
        def copy(self, source: str, target: str, *rest: Any, **more: Any) -> Any:
            super().copy(source, target, *rest, **more)
            Path(target).write_bytes(DATA[:-1] + b"!")

    stage = Stage(tmp_path)
    stage.facts["sha256"] = sha256(DATA)
    with pytest.raises(OSError, match="is not what was written") as told:
        stage.write(stage.site(Torn()))
    assert told.value.errno == errno.EIO and stage.is_left_alone


@pytest.mark.parametrize("is_sparse", [False, True])
def test_room_is_asked_for_what_will_be_written(
    is_sparse: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file with holes only the blocks that it has."""
    stage = Stage(tmp_path)
    os.truncate(stage.keeper, 10_000_000)
    identity = stage.site().identity(str(stage.keeper))
    assert identity is not None
    stage.facts |= {
        "keeper": identity_to_record(identity),
        "sha256": sha256(stage.keeper.read_bytes()),
        "sparse": is_sparse,
    }
    asked: list[int] = []
    monkeypatch.setattr(private_copy, "must_have_room", lambda site, path, size: asked.append(size))
    stage.write()
    held = 512 * os.stat(stage.ready).st_blocks
    assert asked == ([512 * os.stat(stage.keeper).st_blocks] if is_sparse else [10_000_000])
    assert held < 1_000_000 if is_sparse else held >= 9_000_000


def test_the_other_name_of_the_copy_is_linked_to_not_copied(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    put(tmp_path / "twin", DATA)
    there = stage.site().identity(str(tmp_path / "twin"))
    assert there is not None
    stage.facts["seen"] = identity_to_record(there)
    other = Step(2, 1, "link", str(tmp_path / "twin"), str(stage.keeper), 1, 1, "", True, there, {"kind": "hard"})
    stage.write(stage.site(None, stage.step, other))
    assert os.path.samefile(stage.ready, tmp_path / "twin")


@pytest.mark.parametrize("change", [
    lambda other: replace(other, n=1), lambda other: replace(other, verb="trash"),
    lambda other: replace(other, identity=replace(other.identity, size=1)),
    lambda other: replace(other, path=other.path + "-gone"),
])  # fmt: skip
def test_no_other_step_makes_a_twin(change: Callable[[Step], Step], tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    put(tmp_path / "twin", DATA)
    there = stage.site().identity(str(tmp_path / "twin"))
    assert there is not None
    stage.facts |= {"seen": identity_to_record(there), "sha256": sha256(DATA)}
    other = Step(2, 1, "link", str(tmp_path / "twin"), str(stage.keeper), 1, 1, "", True, there, {"kind": "hard"})
    stage.write(stage.site(None, change(other)))
    assert not os.path.samefile(stage.ready, tmp_path / "twin") and stage.ready.read_bytes() == DATA
