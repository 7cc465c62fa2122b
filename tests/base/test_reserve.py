"""The room that is kept for a full disk: real blocks, given back when little is left, never in the way."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from model_manager.base.reserve import SIZE, Reserve


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def left(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """A volume with so many bytes free."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=size))


def test_kept_in_real_blocks_and_given_back_when_little_is_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = Reserve(str(folder))
    left(monkeypatch, 100 * SIZE)
    reserve.keep()
    found = os.lstat(reserve.path)
    assert found.st_size == SIZE and found.st_blocks * 512 >= SIZE and found.st_mode & 0o777 == 0o600
    reserve.keep()
    reserve.give_back()
    assert os.lstat(reserve.path).st_ino == found.st_ino
    left(monkeypatch, SIZE - 1)
    reserve.give_back()
    assert os.listdir(folder) == []
    reserve.give_back()


def test_none_where_room_is_short(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left(monkeypatch, 2 * SIZE)
    Reserve(str(folder)).keep()
    assert os.listdir(folder) == []


def test_a_folder_that_is_not_there_is_no_error(folder: Path) -> None:
    reserve = Reserve(str(folder / "missing"))
    reserve.keep()
    reserve.give_back()
    assert os.listdir(folder) == []


@pytest.mark.parametrize("written", [0, 4096])
def test_a_quota_that_ends_it_halfway_leaves_nothing(
    written: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a reserve would hold the last of the user's quota, and keep a whole one from ever being made."""
    real = os.write

    def write(number: int, data: bytes) -> int:
        if not written:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        return real(number, data[:written])

    left(monkeypatch, 100 * SIZE)
    monkeypatch.setattr(os, "write", write)
    Reserve(str(folder)).keep()
    assert os.listdir(folder) == []
