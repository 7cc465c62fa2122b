"""HDF5: complete or not, by its superblock."""

from __future__ import annotations

import struct

import pytest
from headers import read


def superblock(version: int, end: int) -> bytes:
    sizes = bytes([version, 0, 0, 0, 0, 8, 8, 0]) if version < 2 else bytes([version, 8, 8, 0])
    middle = struct.pack("<HHI", 4, 16, 0) + (bytes(4) if version == 1 else b"") if version < 2 else b""
    return b"\x89HDF\r\n\x1a\n" + sizes + middle + struct.pack("<3Q", 0, (1 << 64) - 1, end)


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_the_end_that_it_names(version: int) -> None:
    whole = superblock(version, 200).ljust(200, b"\1")
    assert read(whole, "x.h5").health.verdict == "good"
    assert read(whole[:150], "x.h5").health.verdict == "truncated"


def test_odd_ones() -> None:
    assert read(superblock(9, 10).ljust(100, b"\0"), "x.h5").health.verdict == "unknown"
    assert read(b"\x89HDF\r\n\x1a\n" + bytes(3), "x.h5").health.verdict in ("truncated", "corrupt")
    assert read(b"plain text, named like it", "x.h5").format == "unknown"
