"""Which mounts show a folder in another place, and the very file that one of them shows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import write
from mount_tables import Told, mount

from model_manager.base.pools import TrueFile, shown_in
from model_manager.base.volumes import Mount

ROOT = mount("/", "ext4", "/dev/a", device=7)


def bound(point: object, root: object) -> Mount:
    """The kernel's own second way to a folder of the same file system."""
    return mount(point, "ext4", "/dev/a", str(root), device=7)


@pytest.fixture
def places(tmp_path: Path) -> Path:
    for name in ("one", "two", "place", "one/sub"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_a_pool_shows_what_is_below_it_and_above(places: Path) -> None:
    pool = Told(ROOT, mount(places / "place", "fuse.mergerfs", f"{places}/one:{places}/two"))
    assert shown_in(str(places / "one"), pool) == str(places / "place"), "joined with another"
    assert shown_in(str(places / "one/sub"), pool) == str(places / "place"), "a part of what is joined"
    assert shown_in(str(places), pool) == str(places / "place"), "the pool shows a part of it"
    assert shown_in(f"{places}/one/", pool) == str(places / "place")
    assert shown_in(str(places / "three"), pool) == "" and shown_in(f"{places}/on", pool) == ""


def test_an_overlay_joins_its_layers(places: Path) -> None:
    layers = Told(ROOT, mount(places / "place", "overlay", options=f"lowerdir={places}/one,upperdir={places}/two"))
    assert shown_in(str(places / "one"), layers) == shown_in(str(places / "two"), layers) == str(places / "place")
    assert shown_in(str(places / "elsewhere"), layers) == ""


@pytest.mark.parametrize("second", ["bindfs", "bind"])
def test_a_second_way_to_all_of_it_names_nothing_more(places: Path, second: str) -> None:
    way = (
        mount(places / "place", "fuse.bindfs", places / "one")
        if second == "bindfs"
        else bound(places / "place", places / "one")
    )
    mounts = Told(ROOT, way)
    assert shown_in(str(places / "one"), mounts) == "" and shown_in(str(places / "one/sub"), mounts) == ""
    assert shown_in(str(places), mounts) == str(places / "place"), "of the folder above it shows a part"


def test_a_bind_mount_is_told_from_where_its_file_system_is_mounted(places: Path) -> None:
    disk = mount(places / "two", "ext4", "/dev/b", "/data", device=8)
    part = mount(places / "place", "ext4", "/dev/b", "/data/sub", device=8)
    other = mount(places / "one", "ext4", "/dev/b", "/database", device=8)
    mounts = Told(ROOT, disk, part, other)
    assert shown_in(str(places / "two"), mounts) == str(places / "place")
    assert shown_in(str(places / "two/base"), mounts) == ""


def test_the_very_file_behind_a_second_way(places: Path) -> None:
    path = write(places / "one/sub/a", b"123")
    found = TrueFile(Told(ROOT, mount(places / "place", "fuse.bindfs", places / "one"))).of(str(places / "place/sub/a"))
    assert found is not None and found[0] == str(path) and os.path.samestat(found[1], path.stat())


def test_the_first_branch_that_has_it_wins(places: Path) -> None:
    write(places / "one/b", b"1")
    write(places / "two/b", b"22")
    write(places / "two/c", b"333")
    true = TrueFile(Told(ROOT, mount(places / "place", "fuse.mergerfs", f"{places}/one:{places}/two")))
    told = [true.of(str(places / "place" / name)) for name in "bcd"]
    assert [one and (one[0], one[1].st_size) for one in told] == [(f"{places}/one/b", 1), (f"{places}/two/c", 3), None]


def test_a_way_over_ways_is_followed_to_the_ground(places: Path) -> None:
    write(places / "one/a", b"1")
    mounts = Told(
        ROOT,
        mount(places / "place", "fuse.bindfs", places / "two"),
        mount(places / "two", "fuse.bindfs", places / "one"),
    )
    found = TrueFile(mounts).of(str(places / "place/a"))
    assert found is None, "the middle one shows nothing in this folder"
    write(places / "two/a", b"1")
    found = TrueFile(mounts).of(str(places / "place/a"))
    assert found is not None and found[0] == str(places / "one/a")


def test_a_ring_of_mounts_ends(places: Path) -> None:
    for name in ("one", "two"):
        write(places / name / "a", b"1")
    ring = Told(
        ROOT, mount(places / "one", "fuse.bindfs", places / "two"), mount(places / "two", "fuse.bindfs", places / "one")
    )
    assert TrueFile(ring).of(str(places / "one/a")) is not None


def test_a_file_of_an_ordinary_disk_is_itself(places: Path) -> None:
    write(places / "one/a")
    assert TrueFile(Told(ROOT)).of(str(places / "one/a")) is None
    assert TrueFile(Told()).of(str(places / "one/a")) is None
