"""Whole drives in image files, really mounted: made, copied block by block, put in the place of one another."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def made_drive(image: Path, kind: str = "ext4", size: int = 128 << 20) -> Path:
    """An image with a file system; the test is skipped where this system cannot make it."""
    if os.geteuid() or not shutil.which(f"mkfs.{kind}"):
        pytest.skip(f"needs root and mkfs.{kind}")
    with open(image, "wb") as file:
        file.truncate(size)
    subprocess.run([f"mkfs.{kind}", "-q", str(image)], check=True, capture_output=True)
    return image


@contextmanager
def mounted(image: Path, point: Path) -> Iterator[Path]:
    """The drive at a folder, behind a loop device of its own."""
    point.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(point)], check=False, capture_output=True).returncode:
        pytest.skip("no loop devices here")
    try:
        yield point
    finally:
        subprocess.run(["umount", "-l", str(point)], check=False)


def rescued(image: Path, good: bytes) -> None:
    """What a rescue of a failing drive leaves: all as it was, but zeros where a block could not be read."""
    whole = bytearray(image.read_bytes())
    at = whole.index(good)
    whole[at : at + 4096] = bytes(4096)
    image.write_bytes(whole)
