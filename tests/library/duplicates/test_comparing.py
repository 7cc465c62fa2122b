"""Files of one size side by side: twins share a hash, others are read no further than where they part."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from model_manager.base.identity import FileId
from model_manager.catalog.hashes import Known
from model_manager.library.duplicates.comparing import Comparison, Item

PIECE = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def items(folder: Path, **files: bytes) -> list[Item]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [(str(folder / name), FileId("v", name, len(data), 1, 1)) for name, data in files.items()]


class Run:
    """One comparison with what it told."""

    def __init__(self, folder: Path, stop_after: int = 1 << 30, changed: str = "", **files: bytes) -> None:
        self.counted, self.failed, self.open = 0, dict[str, str](), 0
        self._stop, self._changed = stop_after, changed
        found = Comparison(PIECE, self.count).run(items(folder, **files), self.opened, self.cannot)
        self.known = {os.path.basename(path): known for (path, _), known in found.items()}

    def count(self, size: int) -> None:
        self.counted += size
        if self.counted > self._stop:
            raise InterruptedError

    def cannot(self, path: str, error: OSError) -> None:
        self.failed[os.path.basename(path)] = str(error)

    @contextmanager
    def opened(self, path: str, id_: FileId) -> Iterator[BinaryIO]:
        with open(path, "rb", buffering=0) as file:
            self.open += 1
            yield file  # type: ignore[misc]
            self.open -= 1
        if os.path.basename(path) == self._changed:
            raise OSError("it changed")

    def sha256(self, name: str) -> str | None:
        return self.known[name].sha256

    def together(self) -> list[set[str]]:
        parts: dict[str | None, set[str]] = {}
        for name, known in self.known.items():
            parts.setdefault(known.apart, set()).add(name)
        return sorted(parts.values(), key=sorted)


def test_twins_share_the_hash_of_their_bytes(folder: Path) -> None:
    for data in (b"", b"1234", b"12345678", b"123456789", os.urandom(100)):
        run = Run(folder, a=data, b=data, c=data)
        assert {known.sha256 for known in run.known.values()} == {hashlib.sha256(data).hexdigest()}
        assert run.together() == [{"a", "b", "c"}] and run.counted == 3 * len(data) and not run.open


def test_what_has_no_twin_is_read_to_where_it_parts(folder: Path) -> None:
    run = Run(folder, a=b"x" * 80, b=b"x" * 16 + b"y" * 64)
    assert run.known == {name: Known(sha256=None, apart=run.known[name].apart) for name in "ab"}
    assert run.together() == [{"a"}, {"b"}] and run.counted == 2 * 24


def test_several_pairs_in_one_group(folder: Path) -> None:
    first, second = b"x" * 40, b"x" * 20 + b"y" * 20
    run = Run(folder, a=first, b=second, c=first, d=second, e=b"z" * 40)
    assert run.together() == [{"a", "c"}, {"b", "d"}, {"e"}]
    assert (
        run.sha256("a") == hashlib.sha256(first).hexdigest() and run.sha256("b") == hashlib.sha256(second).hexdigest()
    )
    assert run.sha256("e") is None


def test_a_shorter_one_is_no_twin(folder: Path) -> None:
    for short, long in ((b"x" * 8, b"x" * 16), (b"x" * 7, b"x" * 8), (b"", b"x")):
        run = Run(folder, a=short, b=long)
        assert run.together() == [{"a"}, {"b"}] and run.sha256("a") is run.sha256("b") is None


def test_one_that_cannot_be_read_is_told_and_the_others_go_on(folder: Path) -> None:
    found = items(folder, a=b"same", b=b"same")
    gone = (str(folder / "gone"), FileId("v", "gone", 4, 1, 1))
    failed: list[str] = []

    @contextmanager
    def opened(path: str, id_: FileId) -> Iterator[BinaryIO]:
        with open(path, "rb", buffering=0) as file:
            yield file  # type: ignore[misc]

    known = Comparison(PIECE, lambda count: None).run([gone, *found], opened, lambda path, error: failed.append(path))
    assert set(known) == set(found) and failed == [gone[0]]


def test_of_a_file_that_changed_meanwhile_nothing_is_known(folder: Path) -> None:
    run = Run(folder, changed="a", a=b"same", b=b"same")
    assert run.known.keys() == {"b"} and run.failed == {"a": "it changed"}


def test_stopping_leaves_no_file_open(folder: Path) -> None:
    with pytest.raises(InterruptedError):
        Run(folder, stop_after=20, a=b"x" * 80, b=b"x" * 80)


def test_a_file_alone_is_not_read(folder: Path) -> None:
    run = Run(folder, a=b"x" * 80)
    assert run.counted == 0 and run.sha256("a") is None


def test_two_comparisons_never_say_the_same_of_others(folder: Path) -> None:
    first, second = Run(folder, a=b"x", b=b"y"), Run(folder, a=b"x", b=b"y")
    assert len({known.apart for run in (first, second) for known in run.known.values()}) == 4
