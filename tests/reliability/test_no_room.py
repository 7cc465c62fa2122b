"""The data folder on a volume that takes nothing more: everything can be looked at, and clearing away makes room."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, tree

from model_manager.base.reserve import SIZE
from model_manager.cli import main

LOOKING = ("list", "status", "roots", "categories", "duplicates", "duplicates --prove", "clean", "check", "check --deep",
           "history", "export", "export --csv", "show a", "scan")  # fmt: skip
Filling = Callable[[Path], None]


def to_the_last_byte(place: Path) -> None:
    for piece in (1 << 16, 4096, 1):
        with open(place / "filler", "ab", buffering=0) as filler, contextlib.suppress(OSError):
            while filler.write(bytes(piece)):
                pass
    assert shutil.disk_usage(place).free == 0


def of_names(place: Path) -> None:
    with contextlib.suppress(OSError):
        for number in range(10_000):
            (place / f"name{number}").touch()
    assert os.statvfs(place).f_ffree == 0


def read_only(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)


@pytest.fixture
def volume(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small volume with the data folder; the models lie elsewhere, and one was moved to the trash."""
    place = home / "volume"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=20m,nr_inodes=300", "none"]
    if os.getuid() != 0 or subprocess.run(["mount", *options, str(place)], capture_output=True, check=False).returncode:
        pytest.skip("this user mounts nothing here")
    monkeypatch.setenv("MODEL_MANAGER_DATA", str(place / "data"))
    try:
        files = {f"{name}.gguf": gguf_bytes(seed=number) for number, name in enumerate("abcde")}
        tree(home / "AI", {**files, "copy.gguf": files["c.gguf"]})
        assert main(["scan", str(home / "AI")]) == 0
        assert main(["trash", "e", "--yes"]) == 0
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for words in LOOKING:
        assert main(words.split()) == 0, (words, capsys.readouterr())
        assert capsys.readouterr().out, words


@pytest.mark.parametrize("filling", [to_the_last_byte, of_names])
def test_everything_works_from_the_reserve(
    filling: Filling, volume: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is there from the first start on, and after commands that only looked too."""
    assert os.lstat(volume / "data/reserve").st_blocks * 512 >= SIZE
    filling(volume)
    looked_at(capsys)
    for words in ("tag a --add x", "trash a --yes", "undo --yes", "delete b --yes", "empty --yes", "dedupe --yes"):
        assert main(words.split()) == 0, (words, capsys.readouterr())
    assert (home / "AI/a.gguf").exists() and not (home / "AI/b.gguf").exists()
    assert (home / "AI/c.gguf").samefile(home / "AI/copy.gguf")


@pytest.mark.parametrize("filling", [to_the_last_byte, of_names, read_only])
def test_without_a_reserve_all_can_be_looked_at_and_nothing_is_half_done(
    filling: Filling, volume: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (volume / "data/reserve").unlink()
    shutil.rmtree(volume / "data/reserve.names")
    filling(volume)
    looked_at(capsys)
    assert main(["doctor"]) == 1
    told = capsys.readouterr()
    reason = "Read-only file system" if filling is read_only else "No space left on device"
    assert reason in told.out and reason in told.err and str(volume) in told.err
    assert main(["tag", "a", "--add", "x"]) == 1 and reason in capsys.readouterr().err
    if filling is not of_names:  # a journal that is there can grow where room is, but no other begins
        assert main(["trash", "a", "--yes"]) == 1
        told = capsys.readouterr()
        assert reason in told.err
        if filling is to_the_last_byte:
            assert f"make room on {volume}" in told.err
    assert (home / "AI/a.gguf").exists()


def test_a_first_start_on_a_full_volume(
    volume: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (volume / "other").mkdir(0o700)
    (volume / "data/reserve").unlink()
    to_the_last_byte(volume)
    monkeypatch.setenv("MODEL_MANAGER_DATA", str(volume / "other"))
    capsys.readouterr()
    assert main(["list"]) == 0
    assert "No models are known" in capsys.readouterr().out
    assert main(["scan"]) == 0
    monkeypatch.setenv("MODEL_MANAGER_DATA", str(volume / "other/not/there"))
    assert main(["list"]) == 0


def test_what_others_read_is_not_taken_from_them(volume: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """While another program has the catalogue open, and changed it last."""
    from model_manager.app import build
    from model_manager.library.labels import user_labels
    from model_manager.library.model_lookup import model_meant

    window = build()
    try:
        user_labels.set_note(window.database, model_meant(window.database, "a"), "said in the window")
        shutil.rmtree(volume / "data/reserve.names")
        (volume / "data/reserve").unlink()
        to_the_last_byte(volume)
        capsys.readouterr()
        assert main(["show", "a"]) == 0
        assert "said in the window" in capsys.readouterr().out
    finally:
        window.close()
