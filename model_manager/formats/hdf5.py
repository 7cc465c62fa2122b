"""HDF5 (Keras `.h5`): recognised, and its length checked against its superblock. What is inside is not read.

Source: HDF5 file format specification, superblocks 0 to 3: the end-of-file address is relative to the base address.
"""

from __future__ import annotations

from typing import BinaryIO

from model_manager.base.facts import GOOD, Facts, Health
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.window import Window

NAME = "hdf5"
SUFFIXES = (".h5", ".hdf5")
_MAGIC = b"\x89HDF\r\n\x1a\n"


def matches(head: bytes) -> bool:
    return head[:8] == _MAGIC


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one HDF5 file: complete or not."""
    window = Window(file, size)
    if window.take(8) != _MAGIC:
        raise FormatProblem("corrupt", "does not begin as HDF5")
    version = window.number("B")
    if version > 3:
        return Facts(NAME, health=Health("unknown", f"HDF5 superblock {version} is not known to this program"))
    window.seek(13 if version < 2 else 9)
    width = window.number("B")
    if width not in (2, 4, 8):
        raise FormatProblem("corrupt", f"addresses of {width} bytes")
    # Version 0: four 2- and 4-byte fields follow the sizes; version 1 has four bytes more.
    start = {0: 24, 1: 28}.get(version, 12)
    window.seek(start)
    base, _, end = (int.from_bytes(window.take(width), "little") for _ in range(3))
    if base + end > size:
        health = Health("truncated", f"needs {base + end:,} bytes, the file has {size:,}")
    else:
        health = GOOD
    return Facts(NAME, health=health, metadata={"hdf5.superblock": version})


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
