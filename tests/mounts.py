"""Second ways to the same files, really mounted: what the tests of double mounts run over."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

WAYS: dict[str, Callable[[Path, Path], list[str]]] = {
    "bindfs": lambda source, place: ["bindfs", str(source), str(place)],
    "mergerfs": lambda source, place: ["mergerfs", "-o", "allow_other", str(source), str(place)],
    "overlay": lambda source, place: [
        "mount", "-t", "overlay", "overlay", "-o",
        f"lowerdir={source},upperdir={_made(place, 'upper')},workdir={_made(place, 'work')}", str(place),
    ],
}  # fmt: skip


def _made(place: Path, name: str) -> Path:
    folder = place.parent / f".{place.name}-{name}"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def second_way(kind: str, source: Path, place: Path) -> Iterator[Path]:
    """`place` shows what lies in `source`. Skips where this system cannot mount that."""
    command = WAYS[kind]
    place.mkdir()
    if os.getuid() != 0 or shutil.which("mount" if kind == "overlay" else kind) is None:
        pytest.skip(f"mounting takes root and {kind}")
    if subprocess.run(command(source, place), check=False, capture_output=True).returncode:
        pytest.skip(f"this system does not mount {kind}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


@contextmanager
def bind_mount(source: Path, place: Path) -> Iterator[Path]:
    """The kernel's own second way: the same file system, the same inode numbers."""
    place.mkdir()
    if os.getuid() != 0 or subprocess.run(["mount", "--bind", str(source), str(place)], check=False).returncode:
        pytest.skip("a bind mount takes root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)
