"""Blocks that files share, told by a real XFS and btrfs: what is promised is what comes back."""

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

from model_manager.app import App
from model_manager.base.extents import own_bytes
from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Volumes, read_mounts
from model_manager.jobs import Progress
from model_manager.library.duplicates import search as duplicates
from model_manager.library.listing.status import status
from model_manager.library.scan import watch
from model_manager.operations import Operations
from model_manager.operations.plan import Plan
from model_manager.operations.plan_builder import PlanBuilder

_FICLONE = 0x40049409


@pytest.fixture(scope="module", params=["xfs", "btrfs"])
def volume(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small file system whose files can share blocks."""
    kind = request.param
    if os.geteuid() or not shutil.which(f"mkfs.{kind}"):
        pytest.skip(f"needs root and mkfs.{kind}, to mount a file system with shared blocks")
    folder = tmp_path_factory.mktemp(kind)
    image, point = folder / "image", folder / "point"
    point.mkdir()
    with open(image, "wb") as file:
        file.truncate(320 << 20)
    subprocess.run([f"mkfs.{kind}", "-q", str(image)], check=True, stdout=subprocess.DEVNULL)
    if subprocess.run(["mount", "-o", "loop", str(image), str(point)], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no loop device can be mounted here")
    yield point
    subprocess.run(["umount", str(point)], check=True)


@pytest.fixture
def room(volume: Path) -> Iterator[Path]:
    """A folder of its own, which a snapshot can be made of."""
    folder = volume / "models"
    if is_btrfs(volume):
        subprocess.run(["btrfs", "-q", "subvolume", "create", str(folder)], check=True)
    else:
        folder.mkdir()
    yield folder
    for place in (folder, volume / "snapshot"):
        if is_btrfs(volume) and place.exists():
            subprocess.run(["btrfs", "-q", "subvolume", "delete", "-C", str(place)], check=True)
    shutil.rmtree(folder, ignore_errors=True)


def is_btrfs(volume: Path) -> bool:
    return any(mount.point == str(volume) and mount.kind == "btrfs" for mount in read_mounts())


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


def test_blocks_that_others_share_do_not_come_back(room: Path) -> None:
    data = os.urandom(1_000_003)
    a, b = put(room / "a", data), put(room / "b", data)
    assert own_bytes(str(a), len(data)) == own_bytes(str(b), len(data)) == len(data)
    c = clone(a, room / "c")
    assert own_bytes(str(a), len(data)) == own_bytes(str(c), len(data)) == 0
    assert own_bytes(str(b), len(data)) == len(data)
    with open(c, "r+b") as file:
        file.write(b"x" * 4096)
        file.flush()
        os.fsync(file.fileno())
    assert own_bytes(str(c), len(data)) == 4096


def test_where_nobody_can_tell_all_is_its_own(tmp_path: Path) -> None:
    assert own_bytes(str(tmp_path), 7) == own_bytes(str(tmp_path / "gone"), 7) == 7


SIZE = 4096 * 1500


def plan_of(room: Path, *names: str) -> Plan:
    draft = PlanBuilder(Volumes(), [str(room)], "delete")
    draft.begin_unit()
    for name in names:
        draft.take(str(room / name), "test")
    return draft.plan("Delete")


def came_by(plan: Plan, room: Path, own: OwnPaths) -> int:
    """What the file system says came back."""
    before = free(room)
    assert Operations(own).apply(plan).state == "applied"
    return free(room) - before


NEAR = 128 << 10
"""Folders and the file system's own tables."""


@pytest.mark.parametrize(
    ("gone", "promised", "comes"),
    [
        (["e"], 1, 1), (["a", "e"], 1, 1), (["folder"], 0, 0), (["b"], 0, 0), (["c", "d"], 0, 0),
        (["b", "c", "d"], 0, 1), (["a", "folder", "e"], 1, 2),
    ],
)  # fmt: skip
def test_what_a_plan_promises_comes_back(
    room: Path, tmp_path: Path, gone: list[str], promised: int, comes: int
) -> None:
    """`a` has a clone in the folder, `c` and `d` are clones of `b`, `e` has blocks of its own. In times of SIZE; of
    clones that all go it cannot be known that no other file shares their blocks, so nothing is promised of these."""
    for name in "abe":
        put(room / name, os.urandom(SIZE))
    (room / "folder").mkdir()
    for source, name in (("a", "folder/x"), ("b", "c"), ("b", "d")):
        clone(room / source, room / name)
    plan = plan_of(room, *gone)
    came = came_by(plan, room, OwnPaths(tmp_path / "own"))
    print(f"{gone}: promised {plan.frees:,}, came {came:,}")
    assert plan.frees == promised * SIZE and abs(came - comes * SIZE) <= NEAR
    assert any("may be shared with a snapshot" in one for one in plan.warnings) == (gone != ["e"])


def test_a_snapshot_keeps_all_of_it(room: Path, volume: Path, tmp_path: Path) -> None:
    if not is_btrfs(volume):
        pytest.skip("XFS has no snapshots")
    put(room / "a", os.urandom(SIZE))
    put(room / "b", os.urandom(SIZE))
    os.sync()
    subprocess.run(["btrfs", "-q", "subvolume", "snapshot", str(room), str(volume / "snapshot")], check=True)
    put(room / "b", os.urandom(SIZE))
    plan = plan_of(room, "a", "b")
    came = came_by(plan, room, OwnPaths(tmp_path / "own"))
    assert plan.frees == SIZE and abs(came - SIZE) <= NEAR
    assert plan.warnings[0].startswith("6.14 MB are not promised")


def test_a_clone_written_to_gives_back_what_is_its_own(room: Path, tmp_path: Path) -> None:
    put(room / "a", os.urandom(SIZE))
    clone(room / "a", room / "b")
    with open(room / "b", "r+b") as file:
        file.write(os.urandom(1 << 20))
        file.flush()
        os.fsync(file.fileno())
    plan = plan_of(room, "b")
    assert plan.frees == 1 << 20
    assert abs(came_by(plan, room, OwnPaths(tmp_path / "own")) - (1 << 20)) <= NEAR


def test_what_is_compressed_gives_back_what_it_takes(room: Path, volume: Path, tmp_path: Path) -> None:
    if not is_btrfs(volume):
        pytest.skip("XFS compresses nothing")
    subprocess.run(["btrfs", "property", "set", str(room), "compression", "zstd"], check=True)
    put(room / "a", b"".join(os.urandom(2048) + bytes(2048) for _ in range(4000)))
    plan = plan_of(room, "a")
    came = came_by(plan, room, OwnPaths(tmp_path / "own"))
    assert came < 4096 * 4000 * 0.7 and abs(plan.frees - came) <= 4096 * 4000 * 0.05
    (warning,) = plan.warnings
    assert "compressed" in warning and "shared" not in warning


def look(app: App, folder: Path) -> duplicates.Duplicates:
    watch.add_root(app.database, str(folder))
    app.scanner().run(Progress())
    return duplicates.prove(app.database, app.volumes)


def test_the_summary_promises_no_more(app: App, room: Path) -> None:
    """Of three with the same hash one has blocks of its own: one may come back, or none."""
    first = put(room / "a.gguf", HEAD + os.urandom(SIZE - len(HEAD)))
    put(room / "b.gguf", first.read_bytes())
    watch.add_root(app.database, str(room))
    for shared in (False, True):
        app.scanner().run(Progress())
        with app.database.write() as tx:
            tx.execute("UPDATE file SET sha256 = 'x', sha256_source = 'sidecar'")
        assert status(app.database, app.volumes, app.env()).reclaimable == (0 if shared else SIZE)
        os.unlink(room / "b.gguf")
        clone(first, room / "b.gguf")


HEAD = b"GGUF" + b"\3\0\0\0" + bytes(16)


def test_copies_that_share_everything_free_nothing(app: App, room: Path) -> None:
    a = put(room / "a.gguf", HEAD + os.urandom(2_000_000))
    clone(a, room / "b.gguf")
    (group,) = look(app, room).groups
    assert group.proved and group.reclaimable == 0


@pytest.mark.parametrize("outside", [False, True])
def test_two_that_share_beside_one_that_does_not(app: App, room: Path, volume: Path, outside: bool) -> None:
    """What is promised comes back, whoever else shares; nothing is promised of what somebody may share."""
    size = 4096 * 500
    a = put(room / "a.gguf", HEAD + os.urandom(size - len(HEAD)))
    put(room / "b.gguf", a.read_bytes())
    clone(room / "b.gguf", room / "c.gguf")
    if outside:
        clone(room / "a.gguf", volume / "elsewhere")
    (group,) = look(app, room).groups
    expected = group.reclaimable
    before = free(volume)
    for number, copy in enumerate(group.copies):
        if number != group.keeper:
            os.unlink(copy.path)
    came = free(volume) - before
    if outside:
        os.unlink(volume / "elsewhere")
    first = group.copies[group.keeper].path.endswith("a.gguf")
    assert expected == (0 if first or outside else size)
    assert expected - NEAR <= came


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
        # Of blocks that are shared nothing is promised; the folder's own few blocks come and go.
        assert came >= group.reclaimable - NEAR
        unshared = not any(copy.shared for copy in group.copies)
        assert not unshared or came <= group.reclaimable + NEAR
