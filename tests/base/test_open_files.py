"""Who has a file open: read, written, mapped, by a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model_manager.base.open_files import Key, holders

HOLD = {
    "read": "f = open(path, 'rb')",
    "written": "f = open(path, 'r+b')",
    "mapped": "import mmap; f = open(path, 'rb'); m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); f.close()",
    "mapped writable": "import mmap; f = open(path, 'r+b'); m = mmap.mmap(f.fileno(), 0); f.close()",
}


@contextmanager
def held(path: Path, how: str) -> Iterator[int]:
    """Another process has the file so; its number."""
    script = f"import sys; path = sys.argv[1]\n{HOLD[how]}\nprint('ready', flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline() == b"ready\n"
    try:
        yield process.pid
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def key_of(path: Path) -> Key:
    found = os.lstat(path)
    return found.st_dev, found.st_ino


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@pytest.mark.parametrize("how", HOLD)
def test_another_process_has_it(how: str, tmp_path: Path) -> None:
    path, other = tmp_path / "model.gguf", tmp_path / "other.gguf"
    for one in (path, other):
        one.write_bytes(bytes(8192))
    with held(path, how) as pid:
        found = holders([key_of(path), key_of(other)])
        assert list(found) == [key_of(path)]
        (holder,) = found[key_of(path)]
        assert holder.pid == pid and holder.name.startswith("python")
        assert holder.writes == (how in ("written", "mapped writable"))
    assert holders([key_of(path)]) == {}


def test_what_we_have_open_ourselves_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"x")
    with open(path, "r+b"):
        assert holders([key_of(path)]) == {}
    assert holders([]) == {}
