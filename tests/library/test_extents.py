"""Blocks that files share, told by a real XFS."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_manager.app import App
from model_manager.jobs import Progress
from model_manager.library import duplicates, watch
from model_manager.library.extents import common, length, shared_extents, union
from model_manager.library.groups import Group

_FICLONE, _FICLONERANGE = 0x40049409, 0x4020940D


@pytest.fixture(scope="module")
def xfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small file system whose files can share blocks."""
    if os.geteuid() or not shutil.which("mkfs.xfs"):
        pytest.skip("needs root and mkfs.xfs, to mount a file system with shared blocks")
    folder = tmp_path_factory.mktemp("xfs")
    image, point = folder / "image", folder / "point"
    point.mkdir()
    with open(image, "wb") as file:
        file.truncate(320 << 20)
    subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", str(image)], check=True, stdout=subprocess.DEVNULL)
    if subprocess.run(["mount", "-o", "loop", str(image), str(point)], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no loop device can be mounted here")
    yield point
    subprocess.run(["umount", str(point)], check=True)


@pytest.fixture
def room(xfs: Path) -> Iterator[Path]:
    folder = xfs / "models"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def put(path: Path, data: bytes) -> Path:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return path


def clone(source: Path, target: Path) -> Path:
    with open(source, "rb") as one, open(target, "wb") as other:
        fcntl.ioctl(other.fileno(), _FICLONE, one.fileno())
        os.fsync(other.fileno())
    return target


def free(folder: Path) -> int:
    """Free bytes once the file system has come to rest: XFS gives blocks back a moment later."""
    seen: list[int] = []
    while len(seen) < 4 or len(set(seen[-4:])) > 1:
        os.sync()
        found = os.statvfs(folder)
        seen.append(found.f_bfree * found.f_frsize)
        time.sleep(0.1)
    return seen[-1]


def test_shared_blocks_are_seen(room: Path) -> None:
    data = os.urandom(1_000_003)
    a, b = put(room / "a", data), put(room / "b", data)
    assert shared_extents(str(a)) == shared_extents(str(b)) == ()
    c = clone(a, room / "c")
    assert shared_extents(str(c)) == shared_extents(str(a)) != () == shared_extents(str(b))
    assert length(shared_extents(str(c))) == len(data)
    with open(c, "r+b") as file:
        file.write(b"x" * 4096)
        file.flush()
        os.fsync(file.fileno())
    assert length(common(shared_extents(str(a)), shared_extents(str(c)))) == len(data) - 4096


def test_what_nobody_can_tell_is_nothing(tmp_path: Path) -> None:
    assert shared_extents(str(tmp_path)) == shared_extents(str(tmp_path / "gone")) == ()


def look(app: App, folder: Path) -> duplicates.Duplicates:
    watch.add_root(app.database, str(folder))
    app.scanner().run(Progress())
    return duplicates.prove(app.database, app.volumes)


HEAD = b"GGUF" + b"\3\0\0\0" + bytes(16)


def test_copies_that_share_everything_free_nothing(app: App, room: Path) -> None:
    a = put(room / "a.gguf", HEAD + os.urandom(2_000_000))
    clone(a, room / "b.gguf")
    (group,) = look(app, room).groups
    assert group.proved and group.reclaimable == 0


@pytest.mark.parametrize("outside", [False, True])
def test_two_that_share_beside_one_that_does_not(app: App, room: Path, xfs: Path, outside: bool) -> None:
    """What comes back is what the file system says came back: the pair's blocks once, or nothing while a name
    outside shares them."""
    size = 4096 * 500
    a = put(room / "a.gguf", HEAD + os.urandom(size - len(HEAD)))
    put(room / "b.gguf", a.read_bytes())
    clone(room / "b.gguf", room / "c.gguf")
    if outside:
        clone(room / "a.gguf", xfs / "elsewhere")
    (group,) = look(app, room).groups
    expected = group.reclaimable
    before = free(xfs)
    for number, copy in enumerate(group.copies):
        if number != group.keeper:
            os.unlink(copy.path)
    came = free(xfs) - before
    if outside:
        os.unlink(xfs / "elsewhere")
    assert expected == (size if group.copies[group.keeper].path.endswith("a.gguf") else came)
    assert abs(came - expected) <= 64 << 10  # the folder's own blocks


@pytest.mark.parametrize("seed", range(6))
def test_random_trees_to_the_byte(app: App, room: Path, seed: int) -> None:
    """Copies, hard links, clones, clones written to, and files of the same size that differ at a random place: the
    groups are those of reading everything, and what is promised is what the file system gives back."""
    chance = random.Random(seed)
    bodies = [HEAD + chance.randbytes(4096 * 300 - len(HEAD)) for _ in range(2)]
    made: list[Path] = []
    for number in range(chance.randrange(6, 14)):
        path = room / f"f{number}.gguf"
        way = chance.choice(("copy", "copy", "link", "clone", "near", "near clone"))
        if made and way in ("link", "clone", "near clone"):
            source = chance.choice(made)
            if way == "link":
                os.link(source, path)
            else:
                clone(source, path)
        else:
            put(path, chance.choice(bodies))
        if way.startswith("near"):
            with open(path, "r+b") as file:
                file.seek(chance.randrange(len(HEAD), 4096 * 300))
                file.write(chance.randbytes(1))
                file.flush()
                os.fsync(file.fileno())
        made.append(path)
    found = look(app, room)
    truth: dict[bytes, set[int]] = {}
    for path in made:
        truth.setdefault(path.read_bytes(), set()).add(path.stat().st_ino)
    groups = {frozenset(copy.inode for copy in group.copies) for group in found.groups}
    assert groups == {frozenset(inodes) for inodes in truth.values() if len(inodes) > 1}
    for group in found.groups:
        before = free(room)
        for number, copy in enumerate(group.copies):
            if number != group.keeper:
                for name in copy.names:
                    os.unlink(name.real)
        came = free(room) - before
        # Blocks that a file with other content shares are not promised; the folder's own few blocks come and go.
        assert -(64 << 10) <= came - group.reclaimable <= (64 << 10) + _shared_with_others(group)


def _shared_with_others(group: Group) -> int:
    return sum(length(copy.extents) for number, copy in enumerate(group.copies) if number != group.keeper)


_EXTENTS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 15)), max_size=8)


@given(_EXTENTS, _EXTENTS)
def test_unions_and_what_is_common_against_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    def blocks(extents: object) -> set[int]:
        return {block for start, size in extents for block in range(start, start + size)}  # type: ignore[attr-defined]

    assert blocks(union(one)) == blocks(one) and length(union(one)) == len(blocks(one))
    assert blocks(common(union(one), union(other))) == blocks(one) & blocks(other)
