"""Blocks that other files have too, by what the file system answers; a real XFS and btrfs are asked in
`tests/library/duplicates/test_shared_blocks.py`."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

import pytest
from factory import write

from model_manager.base.extents import Blocks, blocks_of, own_bytes

fcntl = pytest.importorskip("fcntl")
LAST, UNKNOWN, DELALLOC, ENCODED, INLINE, SHARED = 0x1, 0x2, 0x4, 0x8, 0x200, 0x2000
Extent = tuple[int, int, int, int]
"""Where in the file, where on the volume, how long, flags."""


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Makes the file system answer FIEMAP with these extents, `at_once` of them for each question."""

    def told(*extents: Extent, at_once: int = 512) -> list[int]:
        asked: list[int] = []

        def ioctl(_number: int, request: int, buffer: bytearray) -> int:
            start, length, _flags, _mapped, room, _ = struct.unpack_from("=QQLLLL", buffer)
            assert request == 0xC020660B and start + length == (1 << 64) - 1
            asked.append(start)
            fitting = [one for one in extents if one[0] + one[2] > start or one[2] == 0][: min(at_once, room)]
            struct.pack_into("=L", buffer, 20, len(fitting))
            for number, (logical, physical, size, flags) in enumerate(fitting):
                struct.pack_into("=QQQQQLLLL", buffer, 32 + 56 * number, logical, physical, size, 0, 0, flags, 0, 0, 0)
            return 0

        monkeypatch.setattr(fcntl, "ioctl", ioctl)
        return asked

    return told


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(write(tmp_path / "a", b"1" * 10_000))


def test_what_others_share_does_not_come_back(answers, file: str) -> None:  # type: ignore[no-untyped-def]
    answers((0, 1 << 20, 4096, SHARED), (4096, 1 << 30, 8192, LAST))
    assert blocks_of(file) == Blocks(4096, 0) and own_bytes(file, 12288) == 8192


def test_what_lies_behind_the_end_in_the_last_block_does_not_count(answers, file: str) -> None:  # type: ignore[no-untyped-def]
    answers((0, 1 << 20, 12288, SHARED | LAST))
    assert blocks_of(file) == Blocks(10_000, 0) and own_bytes(file, 10_000) == 0
    assert own_bytes(file, 4096) == 0, "never less than nothing"
    answers((4096, 1 << 20, 8192, SHARED | LAST))
    assert blocks_of(file) == Blocks(10_000 - 4096, 0)


def test_what_is_compressed_and_shared_is_told_once(answers, file: str) -> None:  # type: ignore[no-untyped-def]
    answers((0, 100_000, 4096, ENCODED | SHARED), (4096, 101_000, 4096, 0), (8192, 150_000, 1808, LAST))
    assert blocks_of(file) == Blocks(4096, 0)
    answers((0, 100_000, 4096, ENCODED), (4096, 101_000, 4096, SHARED), (8192, 150_000, 1808, LAST))
    assert blocks_of(file) == Blocks(4096, 3096) and own_bytes(file, 8096) == 8096 - 4096 - 3096


def test_the_rest_is_asked_for_until_the_last_one(answers, file: str) -> None:  # type: ignore[no-untyped-def]
    asked = answers(
        *[(at, at + 4096, 1000, SHARED) for at in range(0, 9000, 1000)], (9000, 1 << 30, 1000, LAST), at_once=4
    )
    assert blocks_of(file) == Blocks(9000, 0)
    assert asked == [0, 4000, 8000]


def test_of_compressed_ones_the_next_one_tells_how_much_is_saved(answers, file: str) -> None:  # type: ignore[no-untyped-def]
    answers((0, 100_000, 4096, ENCODED), (4096, 101_000, 4096, ENCODED), (8192, 150_000, 1808, LAST))
    assert blocks_of(file) == Blocks(0, 3096), "1,000 bytes are taken by the first, all 4,096 by the second"


def test_what_has_no_place_on_the_volume_is_its_own(answers, file: str) -> None:  # type: ignore[no-untyped-def]
    answers((0, 0, 4096, SHARED | UNKNOWN), (4096, 0, 2000, SHARED | DELALLOC), (6096, 0, 2000, SHARED | INLINE),
            (8096, 1 << 20, 1904, SHARED | LAST))  # fmt: skip
    assert blocks_of(file) == Blocks(1904, 0)


def test_an_answer_that_does_not_get_on_is_not_believed(answers, file: str) -> None:  # type: ignore[no-untyped-def]
    answers((0, 1 << 20, 0, SHARED))
    assert blocks_of(file) == Blocks(0, 0)
    asked = answers()
    assert blocks_of(file) == Blocks(0, 0) and asked == [0]


def test_where_nobody_can_tell_all_is_its_own(tmp_path: Path, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "not supported")

    assert own_bytes(str(tmp_path), 7) == own_bytes(str(tmp_path / "gone"), 7) == 7
    monkeypatch.setattr(fcntl, "ioctl", refuses)
    assert own_bytes(file, 10_000) == 10_000
