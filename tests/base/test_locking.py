"""One process at a time holds a file, and a process that dies holds it no longer."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from model_manager.base.locking import taken


def test_a_second_one_does_not_get_it_and_does_not_wait(tmp_path: Path) -> None:
    first, second = (os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(2))
    try:
        assert taken(first) and not taken(second)
        assert taken(first), "whoever has it may ask again"
        os.close(first)
        first = second
        assert taken(second), "it was let go with the file"
    finally:
        os.close(second)


def test_another_file_is_another_lock(tmp_path: Path) -> None:
    first, second = (os.open(tmp_path / name, os.O_RDWR | os.O_CREAT) for name in "ab")
    assert taken(first) and taken(second)
    os.close(first)
    os.close(second)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_that_is_killed_holds_it_no_longer(tmp_path: Path) -> None:
    path, (reading, writing) = tmp_path / "lock", os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"1" if taken(os.open(path, os.O_RDWR | os.O_CREAT)) else b"0")
        signal.pause()
    assert os.read(reading, 1) == b"1"
    mine = os.open(path, os.O_RDWR)
    assert not taken(mine)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert taken(mine)
    for number in (mine, reading, writing):
        os.close(number)


def test_what_cannot_be_locked_is_an_error_and_no_answer(tmp_path: Path) -> None:
    number = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    os.close(number)
    with pytest.raises(OSError):
        taken(number)
