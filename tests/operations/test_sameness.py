"""Two paths are two files only when that is shown: by inode where it tells, else by a lease that is broken or holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mounts import WAYS, bind_mount, second_way

from model_manager.base.volumes import Volumes
from model_manager.operations.leases import Lease, NoLease, is_open_for_writing
from model_manager.operations.sameness import _Reading, may_show_others, sameness

DATA = bytes(range(256)) * 400


def put(path: Path, data: bytes = DATA) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)


def test_on_one_file_system_the_inode_tells(tmp_path: Path) -> None:
    one, copy = put(tmp_path / "a"), put(tmp_path / "b")
    os.link(one, tmp_path / "c")
    volumes = Volumes()
    assert sameness(one, copy, volumes) == "two"
    assert sameness(one, str(tmp_path / "c"), volumes) == "one"
    assert sameness(one, str(tmp_path / "gone"), volumes) == "unknown"
    assert not may_show_others(one, volumes)


def test_a_bind_mount_shows_the_same_inodes(tmp_path: Path) -> None:
    one, copy = put(tmp_path / "m/a"), put(tmp_path / "m/b")
    with bind_mount(tmp_path / "m", tmp_path / "again") as again:
        assert sameness(one, str(again / "a"), Volumes()) == "one"
        assert sameness(copy, str(again / "a"), Volumes()) == "two"


@pytest.mark.parametrize("kind", WAYS)
def test_a_folder_and_its_mount(kind: str, tmp_path: Path) -> None:
    """Same size, same time, same bytes: only the kernel can tell the one file from the copy."""
    one, copy = put(tmp_path / "disk/a"), put(tmp_path / "disk/b")
    os.utime(one, (1, 1))
    os.utime(copy, (1, 1))
    with second_way(kind, tmp_path / "disk", tmp_path / "pool") as pool:
        volumes = Volumes()
        for seen in (str(pool / "a"), str(pool / "a")):  # the second time from the cache
            assert sameness(one, seen, volumes) == "one"
            assert sameness(seen, one, volumes) == "one"
            assert sameness(copy, seen, volumes) == "two"
            assert sameness(seen, copy, volumes) == "two"
            Path(seen).read_bytes()
        assert sameness(one, put(tmp_path / "c", DATA + b"!"), volumes) == "two"
        assert may_show_others(str(pool / "a"), volumes)
    assert (tmp_path / "disk/a").read_bytes() == DATA and os.stat(one).st_mtime == 1


def test_two_mounts_of_one_folder(tmp_path: Path) -> None:
    """Neither is the file's own file system: what lies behind is found, and asked."""
    put(tmp_path / "disk/a")
    put(tmp_path / "disk/b")
    with (
        second_way("bindfs", tmp_path / "disk", tmp_path / "one") as one,
        second_way("mergerfs", tmp_path / "disk", tmp_path / "other") as other,
    ):
        volumes = Volumes()
        assert sameness(str(one / "a"), str(other / "a"), volumes) == "one"
        assert sameness(str(one / "a"), str(other / "b"), volumes) == "two"


def test_what_somebody_has_open_is_shown_neither_way(tmp_path: Path) -> None:
    one = put(tmp_path / "disk/a")
    put(tmp_path / "disk/b")
    with second_way("bindfs", tmp_path / "disk", tmp_path / "pool") as pool, open(one, "rb"):
        assert sameness(one, str(pool / "b"), Volumes()) == "unknown"


def test_who_writes_is_told_by_the_kernel(tmp_path: Path) -> None:
    path = put(tmp_path / "a")
    assert is_open_for_writing(path) == "no"
    with open(path, "rb"):
        assert is_open_for_writing(path) == "no"
    with open(path, "r+b"):
        assert is_open_for_writing(path) == "yes"
    assert is_open_for_writing(path) == "no"
    assert is_open_for_writing(str(tmp_path / "gone")) == "unknown"
    assert is_open_for_writing(str(tmp_path)) == "unknown"


def test_a_lease_is_broken_by_whoever_opens_the_file(tmp_path: Path) -> None:
    path = put(tmp_path / "a")
    with Lease(path) as lease:
        assert lease.holds()
        with pytest.raises(BlockingIOError):
            os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        assert not lease.holds()
    with open(path, "rb"), pytest.raises(NoLease):
        Lease(path).__enter__()


def test_what_could_not_be_read_shows_nothing(tmp_path: Path) -> None:
    gone, there = _Reading(str(tmp_path / "gone")), _Reading(put(tmp_path / "a"))
    assert not gone.was_read and not there.was_read, "before it has come to it"
    gone.run(), there.run()
    assert not gone.was_read and there.was_read


def test_files_of_one_byte_are_told_apart_too(tmp_path: Path) -> None:
    one, copy = put(tmp_path / "disk/a", b"x"), put(tmp_path / "disk/b", b"x")
    with second_way("bindfs", tmp_path / "disk", tmp_path / "pool") as pool:
        assert sameness(one, str(pool / "a"), Volumes()) == "one"
        assert sameness(copy, str(pool / "a"), Volumes()) == "two"


def test_a_drive_that_does_not_answer_lets_the_program_end(tmp_path: Path) -> None:
    """Whoever waits for its file is a thread that nobody waits for."""
    assert _Reading(str(tmp_path / "x")).daemon
