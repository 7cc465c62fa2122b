"""Other programs' files are read without a trace, without waiting, and never more of them than was meant."""

from __future__ import annotations

import errno
import os
import socket
import time
from pathlib import Path

import pytest
from factory import write

from model_manager.base import reading
from model_manager.base.reading import Count, count_read, counting, open_quietly, read_small


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    path = write(tmp_path / "x", b"abc")
    os.utime(path, (1_000_000, 1_000_000))
    with open_quietly(str(path)) as file:
        assert file.read() == b"abc"
    assert read_small(str(path)) == b"abc" and os.stat(path).st_atime == 1_000_000


def test_of_somebody_elses_file_it_is_opened_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """O_NOATIME is the owner's right alone."""
    real, quiet = os.open, getattr(os, "O_NOATIME", 0)
    if not quiet:
        pytest.skip("this system has no O_NOATIME")

    def refuses(path: str, flags: int) -> int:
        if flags & quiet:
            raise PermissionError(errno.EPERM, "not yours")
        return real(path, flags)

    path = write(tmp_path / "x", b"abc")
    monkeypatch.setattr(os, "open", refuses)
    assert read_small(str(path)) == b"abc"


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    begun, before = time.monotonic(), len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for name in ("pipe", "folder"):
        for read in (open_quietly, read_small):
            with pytest.raises(OSError) as caught:
                read(str(tmp_path / name))
            assert (caught.value.errno, caught.value.filename) == (errno.EINVAL, str(tmp_path / name))
    assert time.monotonic() - begun < 1
    assert not before or len(os.listdir("/proc/self/fd")) == before, "nothing stays open"
    with pytest.raises(OSError):
        open_quietly("/dev/null")
    with pytest.raises(FileNotFoundError):
        read_small(str(tmp_path / "gone"))


def test_a_socket_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s")
        with pytest.raises(OSError):
            read_small("s")


def test_of_a_file_that_is_too_large_nothing_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x", bytes(5000))
    with counting(count := Count()):
        with pytest.raises(OSError, match="larger than 4,999 bytes") as caught:
            read_small(str(path), 4999)
        assert caught.value.errno == errno.EFBIG and count.bytes == 0
        assert len(read_small(str(path), 5000)) == count.bytes == 5000


def test_a_file_that_grows_meanwhile_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x", bytes(100))
    real = reading._opened
    monkeypatch.setattr(reading, "_opened", lambda one: (real(one)[0], 10))
    with pytest.raises(OSError, match="larger than 99 bytes"):
        read_small(str(path), 99)
    assert len(read_small(str(path), 100)) == 100


def test_files_of_several_pieces_are_read_whole(tmp_path: Path) -> None:
    data = os.urandom((2 << 20) + 17)
    assert read_small(str(write(tmp_path / "x", data))) == data
    assert read_small(str(write(tmp_path / "empty"))) == b""


def test_what_is_read_counts_for_the_innermost_alone(tmp_path: Path) -> None:
    path = str(write(tmp_path / "x", b"abc"))
    with counting(outer := Count()):
        read_small(path)
        with counting(inner := Count()):
            read_small(path)
            count_read(10)
        read_small(path)
    count_read(99)
    read_small(path)
    assert (outer.bytes, inner.bytes) == (6, 13)


def test_counting_ends_with_an_error_too() -> None:
    with pytest.raises(ValueError), counting(count := Count()):
        raise ValueError
    count_read(5)
    assert count.bytes == 0
