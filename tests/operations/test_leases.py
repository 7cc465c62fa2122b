"""The kernel says who has a file open: a lease is given, refused, and seen to be broken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from scenes import put

from model_manager.operations.leases import Lease, NoLease, is_open_for_writing


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(put(tmp_path / "a", b"weights"))


def test_a_write_lease_is_broken_by_a_reader(path: str) -> None:
    with Lease(path) as lease:
        assert lease.holds()
        with pytest.raises(BlockingIOError):
            os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        assert not lease.holds()


def test_a_read_lease_is_broken_by_a_writer_alone(path: str) -> None:
    with Lease(path, shared=True) as lease:
        with open(path, "rb") as file:
            assert file.read() == b"weights"
        assert lease.holds()
        with pytest.raises(BlockingIOError):
            os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        assert not lease.holds()


def test_what_somebody_reads_gives_a_read_lease_alone(path: str) -> None:
    with open(path, "rb"):
        with pytest.raises(NoLease, match=r"/a$"):
            Lease(path).__enter__()
        with Lease(path, shared=True) as lease:
            assert lease.holds()


def test_what_somebody_writes_gives_none(path: str) -> None:
    with open(path, "r+b"), pytest.raises(NoLease):
        Lease(path, shared=True).__enter__()


def test_a_lease_is_given_back(path: str) -> None:
    with Lease(path):
        pass
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    before = len(os.listdir("/proc/self/fd"))
    with open(path, "r+b"):
        for _ in range(3):
            with pytest.raises(NoLease):
                Lease(path).__enter__()
    assert len(os.listdir("/proc/self/fd")) == before, "a refused lease has left the file open"


def test_no_lease_of_what_is_not_there_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        Lease(str(tmp_path / "gone")).__enter__()
    with pytest.raises((NoLease, OSError)):
        Lease(str(tmp_path)).__enter__()


def test_a_writer_is_told_and_a_reader_is_none(path: str, tmp_path: Path) -> None:
    assert is_open_for_writing(path) == "no"
    with open(path, "rb"):
        assert is_open_for_writing(path) == "no"
    with open(path, "r+b"):
        assert is_open_for_writing(path) == "yes"
    assert is_open_for_writing(path) == "no"
    assert is_open_for_writing(str(tmp_path / "gone")) == "unknown"
