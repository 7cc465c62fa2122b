"""Who writes to a file is named, by a lease or by the list of processes; who only reads it hinders nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from scenes import VOLUMES, put

from model_manager.base.open_files import Holder
from model_manager.operations import kept_files
from model_manager.operations.kept_files import (
    nobody_may_write,
)
from model_manager.operations.refusal import Refused

DATA = bytes(range(256)) * 400


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A keeper and a copy of it."""
    put(tmp_path / "m/keeper", DATA)
    put(tmp_path / "m/copy", DATA)
    return tmp_path / "m"


def test_who_only_reads_is_no_writer(top: Path) -> None:
    with open(top / "copy", "rb"), open(top / "keeper", "rb"):
        nobody_may_write(str(top), VOLUMES)
    with open(top / "copy", "r+b"), pytest.raises(Refused, match=f"is writing to {top}/copy"):
        nobody_may_write(str(top), VOLUMES)


@pytest.mark.parametrize("mode", ["r+b", "rb"])
def test_where_the_kernel_gives_no_lease_the_programs_are_asked(
    mode: str, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of another user, a share: who has it open for writing is found among the programs, and readers are none."""
    monkeypatch.setattr(kept_files, "is_open_for_writing", lambda path: "unknown")
    nobody_may_write(str(top / "copy"), VOLUMES)
    code = f"import sys; file = open({str(top / 'copy')!r}, {mode!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None and program.stdout.readline() == b"open\n"
        if mode == "rb":
            nobody_may_write(str(top), VOLUMES)
        else:
            with pytest.raises(Refused, match=rf"\w+ is writing to {top}/copy: wait until it has finished"):
                nobody_may_write(str(top), VOLUMES)
        program.communicate()


@pytest.mark.parametrize(("answers", "waited"), [(["no"], []), (["yes", "yes", "no"], [0.01, 0.05])])
def test_who_has_just_closed_a_file_is_waited_for(
    answers: list[str], waited: list[float], top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FUSE closes behind a file some time after its last user did."""
    slept: list[float] = []
    monkeypatch.setattr(kept_files.time, "sleep", slept.append)
    monkeypatch.setattr(kept_files, "is_open_for_writing", lambda path: answers.pop(0))
    nobody_may_write(str(top / "copy"), VOLUMES)
    assert slept == waited and answers == []


def test_who_writes_is_named_and_not_who_only_reads(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    who = (Holder(1, "a viewer", False), Holder(2, "a trainer", True))
    monkeypatch.setattr(kept_files, "is_open_for_writing", lambda path: "yes")
    monkeypatch.setattr(kept_files.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(kept_files, "holders", lambda keys: dict.fromkeys(keys, who))
    with pytest.raises(Refused, match=f"a trainer is writing to {top}/copy"):
        nobody_may_write(str(top / "copy"), VOLUMES)
    monkeypatch.setattr(kept_files, "holders", lambda keys: dict.fromkeys(keys, who[:1]))
    with pytest.raises(Refused, match=f"another program is writing to {top}/copy"):
        nobody_may_write(str(top / "copy"), VOLUMES)
