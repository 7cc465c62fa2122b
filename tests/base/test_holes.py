"""Where a file has no bytes on the disk, and when few blocks are an answer."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_manager.base import holes as module
from model_manager.base.holes import holes, may_lack, tells

BLOCK = 1 << 16


@pytest.fixture
def number(tmp_path: Path) -> Iterator[int]:
    """A file of four blocks, the first and the third of which were written."""
    found = os.open(tmp_path / "a", os.O_RDWR | os.O_CREAT)
    for at in (0, 2 * BLOCK):
        os.pwrite(found, b"1" * BLOCK, at)
    os.truncate(found, 4 * BLOCK)
    os.fsync(found)
    if os.lseek(found, 0, os.SEEK_HOLE) != BLOCK:
        pytest.skip("this file system has no holes")
    os.lseek(found, 0, os.SEEK_SET)
    yield found
    os.close(found)


def test_holes_are_told_in_order_and_the_place_stays(number: int) -> None:
    os.lseek(number, 77, os.SEEK_SET)
    assert holes(number, 4 * BLOCK) == [(BLOCK, 2 * BLOCK), (3 * BLOCK, 4 * BLOCK)]
    assert os.lseek(number, 0, os.SEEK_CUR) == 77


def test_a_file_that_is_whole_has_none(number: int) -> None:
    assert holes(number, BLOCK) == [], "what lies behind the bytes that were asked for is not told"
    os.truncate(number, BLOCK)
    assert holes(number, BLOCK) == []
    os.truncate(number, 0)
    assert holes(number, 0) == []


def test_a_hole_is_cut_at_the_end_that_was_asked_for(number: int) -> None:
    assert holes(number, BLOCK + 5) == [(BLOCK, BLOCK + 5)]
    assert holes(number, 3 * BLOCK) == [(BLOCK, 2 * BLOCK)]


def test_all_of_a_file_may_be_missing(tmp_path: Path, number: int) -> None:
    os.truncate(number, 0)
    os.truncate(number, 4 * BLOCK)
    assert holes(number, 4 * BLOCK) == [(0, 4 * BLOCK)]


def test_of_very_many_the_rest_counts_as_one(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 1)
    assert holes(number, 4 * BLOCK) == [(BLOCK, 2 * BLOCK), (3 * BLOCK, 4 * BLOCK)]
    os.truncate(number, 5 * BLOCK)
    os.pwrite(number, b"1" * BLOCK, 5 * BLOCK)
    os.truncate(number, 8 * BLOCK)
    assert holes(number, 8 * BLOCK) == [(BLOCK, 2 * BLOCK), (3 * BLOCK, 8 * BLOCK)]


def test_a_driver_that_knows_of_no_holes_tells_none(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.lseek

    def refuses(which: int, at: int, how: int) -> int:
        if how == os.SEEK_HOLE:
            raise OSError(errno.EINVAL, "invalid")
        return real(which, at, how)

    monkeypatch.setattr(os, "lseek", refuses)
    assert holes(number, 4 * BLOCK) == []


@pytest.mark.parametrize(
    ("size", "blocks", "lacks"),
    [
        (10_240, None, False), (10_240, 0, False), (10_240, 1, True), (10_240, 9, True), (10_240, 10, False),
        (10_240, 20, False), (0, 0, False), (0, 8, False),
    ],
)  # fmt: skip
def test_fewer_than_half_its_blocks_is_a_reason_to_look(size: int, blocks: int | None, lacks: bool) -> None:
    assert may_lack(size, blocks) is lacks


def test_no_hole_is_an_answer_of_file_systems_that_tell() -> None:
    assert all(map(tells, ("ext4", "btrfs", "xfs", "tmpfs", "overlay")))
    assert not any(map(tells, ("fuse.bindfs", "nfs4", "9p", "vfat", "", "fuseblk")))
