"""One of two on a volume that cannot be written: the other is done, the exit status is 1, and each refusal tells why."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.cli import main

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None, reason="mounting needs root on Linux"
)


@pytest.fixture
def volume(home: Path) -> Iterator[Path]:
    """A small volume with two models beside one in the home, all known."""
    point = home / "drive"
    point.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", point], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        for seed, name in enumerate(("drive/far", "drive/twin", "AI/near", "AI/other")):
            write(home / f"{name}.gguf", gguf_bytes(seed=50 + seed))
        assert main(["scan", str(home / "AI")]) == 0 and main(["scan", str(point)]) == 0
        yield point
    finally:
        subprocess.run(["umount", point], check=True)


def protected(point: Path, yes: bool = True) -> None:
    subprocess.run(["mount", "-o", f"remount,{'ro' if yes else 'rw'}", point], check=True)


def answer(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict:
    capsys.readouterr()
    assert main([*words, "--json"]) == status
    return json.loads(capsys.readouterr().out)["plan"]


@pytest.mark.parametrize("command", ["trash", "delete"])
def test_the_other_goes_and_the_reason_is_true(
    home: Path, volume: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    protected(volume)
    plan = answer(capsys, command, "near", "far", "--yes", status=1)
    assert plan["state"] == "partly" and not (home / "AI/near.gguf").exists() and (volume / "far.gguf").exists()
    assert f"left: {volume / 'far.gguf'}: the volume is read-only" in plan["warnings"]
    (stored,) = (one for one in _history(capsys) if one["id"] == plan["id"])
    assert stored["state"] == "partly", "also when it is read again"


def _history(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    capsys.readouterr()
    assert main(["history", "--json"]) == 0
    return json.loads(capsys.readouterr().out)["operations"]


def test_a_person_reads_the_reason_too(home: Path, volume: Path, capsys: pytest.CaptureFixture[str]) -> None:
    protected(volume)
    assert main(["trash", "near", "far", "--yes"]) == 1
    told = capsys.readouterr()
    assert "far.gguf: the volume is read-only" in told.err and "partly done" in told.out


def test_nothing_at_all_is_refused(volume: Path, capsys: pytest.CaptureFixture[str]) -> None:
    protected(volume)
    assert main(["trash", "far", "--yes"]) == 1
    assert "the volume is read-only" in capsys.readouterr().err


def test_a_plan_that_was_stored_before(home: Path, volume: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = answer(capsys, "trash", "near", "far", "--dry-run")
    protected(volume)
    plan = answer(capsys, "apply", stored["id"], "--yes", status=1)
    assert plan["state"] == "partly" and [step["state"] for step in plan["steps"]] == ["done", "refused"]
    assert plan["steps"][1]["problem"] == "Read-only file system"
    assert (volume / "far.gguf").exists()


def test_undo_puts_back_what_it_can(home: Path, volume: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "trash", "near", "far", "--yes")["state"] == "applied"
    protected(volume)
    plan = answer(capsys, "undo", "--yes", status=1)
    assert plan["state"] == "partly" and (home / "AI/near.gguf").exists() and not (volume / "far.gguf").exists()
    assert [step["problem"] for step in plan["steps"]] == [None, "Read-only file system"]
    protected(volume, yes=False)
    assert answer(capsys, "undo", "--yes")["state"] == "undone" and (volume / "far.gguf").exists()


def test_emptying_goes_on_with_the_rest(home: Path, volume: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "trash", "near", "far", "--yes")
    protected(volume)
    plan = answer(capsys, "empty", "--yes", status=1)
    assert plan["state"] == "partly" and any("the volume is read-only" in one for one in plan["warnings"])
    assert not any((home / ".local/share/Trash/files").iterdir())
    assert any((volume / f".Trash-{os.geteuid()}/files").iterdir())


def test_dedupe_and_clean_alike(home: Path, volume: Path, capsys: pytest.CaptureFixture[str]) -> None:
    big = gguf_bytes(tensors={"token_embd.weight": ("F16", (256, 4096))}, seed=90)
    for path in (home / "AI/one.gguf", home / "AI/two.gguf", volume / "three.gguf", volume / "four.gguf"):
        write(path, big if path.parent != volume else big[:-8] + b"\1" * 8)
    for path in (home / "AI/cut.gguf", volume / "cut too.gguf"):
        write(path, gguf_bytes(seed=len(path.name))[:-40])
    main(["scan"])
    protected(volume)
    plan = answer(capsys, "dedupe", "--yes", status=1)
    assert plan["state"] == "partly" and os.path.samefile(home / "AI/one.gguf", home / "AI/two.gguf")
    assert any("the volume is read-only" in one for one in plan["warnings"])
    assert not os.path.samefile(volume / "three.gguf", volume / "four.gguf")
