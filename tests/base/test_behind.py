"""What a mount shows from other folders, by what its table says: a file that is behind is found, or nothing is concluded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from factory import write
from mount_tables import Told, mount

from model_manager.base import behind
from model_manager.base.behind import Behind, folders_behind, keeps_its_own
from model_manager.base.volumes import NETWORK


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "vfat", "exfat", "ntfs3", "fuseblk", "tmpfs", "unknown"])
def test_these_have_files_of_their_own(kind: str) -> None:
    assert keeps_its_own(kind)


@pytest.mark.parametrize("kind", ["fuse.mergerfs", "overlay", "fuse.bindfs", "fuse", "nfs4", "", "something-new"])
def test_of_others_numbers_alone_tell_nothing(kind: str) -> None:
    assert not keeps_its_own(kind)


@pytest.mark.parametrize("kind", ["ext4", "fuse.ntfs-3g", "fuse.gocryptfs", *sorted(NETWORK)])
def test_nothing_of_this_computer_lies_behind(kind: str, tmp_path: Path) -> None:
    write(tmp_path / "a", b"1")
    assert Behind(Told(mount(tmp_path, kind, tmp_path / "elsewhere"))).of(str(tmp_path / "a")) == []


def test_of_what_is_not_there_nothing_is_behind(tmp_path: Path) -> None:
    assert Behind(Told(mount(tmp_path, "fuse.bindfs", tmp_path))).of(str(tmp_path / "gone")) == []


def shown(tmp_path: Path, kind: str, source: str = "", options: str = "", root: str = "/") -> Behind:
    """A mount at `place`, everything else on ext4."""
    return Behind(Told(mount("/", "ext4"), mount(tmp_path / "place", kind, source, root, options)))


def test_bindfs_shows_the_file_of_its_source(tmp_path: Path) -> None:
    write(tmp_path / "place/deep/a", b"123")
    write(tmp_path / "source/deep/a", b"456")
    asked = shown(tmp_path, "fuse.bindfs", str(tmp_path / "source"))
    assert asked.of(str(tmp_path / "place/deep/a")) == [str(tmp_path / "source/deep/a")]
    assert asked.of(str(tmp_path / "place/deep")) == [str(tmp_path / "source/deep")]


@pytest.mark.parametrize("other", [b"of another size", None, "folder"])
def test_where_the_source_has_no_such_file_nothing_is_concluded(tmp_path: Path, other: bytes | str | None) -> None:
    write(tmp_path / "place/a", b"123")
    (tmp_path / "source").mkdir()
    if other == "folder":
        (tmp_path / "source/a").mkdir()
    elif isinstance(other, bytes):
        write(tmp_path / "source/a", other)
    assert shown(tmp_path, "fuse.bindfs", str(tmp_path / "source")).of(str(tmp_path / "place/a")) is None


def test_a_pool_shows_every_branch_that_has_the_name(tmp_path: Path) -> None:
    for name in ("place/a", "d1/a", "d3/a"):
        write(tmp_path / name, b"123")
    write(tmp_path / "d2/b", b"123")
    asked = shown(tmp_path, "fuse.mergerfs", ":".join(f"{tmp_path}/d{n}" for n in (1, 2, 3)))
    assert asked.of(str(tmp_path / "place/a")) == [str(tmp_path / "d1/a"), str(tmp_path / "d3/a")]


def test_a_branch_that_hides_another_size_counts_too(tmp_path: Path) -> None:
    """One rename through the pool would take both."""
    write(tmp_path / "place/a", b"123")
    write(tmp_path / "d1/a", b"123")
    write(tmp_path / "d2/a", b"something longer")
    asked = shown(tmp_path, "fuse.mergerfs", f"{tmp_path}/d1:{tmp_path}/d2")
    assert asked.of(str(tmp_path / "place/a")) == [str(tmp_path / "d1/a"), str(tmp_path / "d2/a")]


def test_of_an_overlay_the_top_layer_alone_is_shown(tmp_path: Path) -> None:
    for name in ("place/a", "upper/a", "lower/a", "place/b", "lower/b"):
        write(tmp_path / name, b"123")
    asked = shown(tmp_path, "overlay", options=f"rw,lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper")
    assert asked.of(str(tmp_path / "place/a")) == [str(tmp_path / "upper/a")]
    assert asked.of(str(tmp_path / "place/b")) == [str(tmp_path / "lower/b")]


def test_an_overlay_whose_layers_are_not_to_be_seen_has_nothing_that_others_come_to(tmp_path: Path) -> None:
    write(tmp_path / "place/a", b"123")
    assert (
        shown(tmp_path, "overlay", options="lowerdir=/not/here,upperdir=/nor/here").of(str(tmp_path / "place/a")) == []
    )


def test_a_mount_of_a_mount_is_followed_to_the_ground(tmp_path: Path) -> None:
    for name in ("one", "two", "ground"):
        write(tmp_path / name / "a", b"123")
    table = (mount("/", "ext4"), mount(tmp_path / "one", "fuse.bindfs", tmp_path / "two"),
             mount(tmp_path / "two", "fuse.bindfs", tmp_path / "ground"))  # fmt: skip
    assert Behind(Told(*table)).of(str(tmp_path / "one/a")) == [str(tmp_path / "ground/a")]


def test_mounts_that_show_one_another_end_in_not_knowing(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name / "a", b"123")
    table = (mount("/", "ext4"), mount(tmp_path / "one", "fuse.bindfs", tmp_path / "two"),
             mount(tmp_path / "two", "fuse.bindfs", tmp_path / "one"))  # fmt: skip
    assert Behind(Told(*table)).of(str(tmp_path / "one/a")) is None


def test_a_part_of_a_mount_is_looked_for_in_that_part(tmp_path: Path) -> None:
    write(tmp_path / "place/a", b"123")
    write(tmp_path / "source/sub/a", b"123")
    asked = shown(tmp_path, "fuse.bindfs", str(tmp_path / "source"), root="/sub")
    assert asked.of(str(tmp_path / "place/a")) == [str(tmp_path / "source/sub/a")]


def test_each_mount_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        write(tmp_path / "place" / name, b"1")
        write(tmp_path / "source" / name, b"1")
    asked: list[str] = []
    monkeypatch.setattr(behind, "folders_behind", lambda one: asked.append(one.point) or [str(tmp_path / "source")])
    question = shown(tmp_path, "fuse.bindfs", str(tmp_path / "source"))
    assert [question.of(str(tmp_path / "place" / name)) for name in ("a", "b")] == [
        [str(tmp_path / "source/a")], [str(tmp_path / "source/b")],
    ]  # fmt: skip
    assert asked == [str(tmp_path / "place")]


@pytest.mark.parametrize(
    ("kind", "source", "folders"),
    [
        ("fuse.bindfs", "{0}/d1", ["{0}/d1"]), ("fuse", "relative", None), ("fuse.x", "/dev/sda1", None),
        ("aufs", "none", None), ("ext4", "/dev/sda1", []), ("fuse.mergerfs", "{0}/d1:{0}/d2", ["{0}/d1", "{0}/d2"]),
        ("fuse.mergerfs", "{0}/d1=RW,50G:{0}/d2=NC", ["{0}/d1", "{0}/d2"]), ("fuse.mergerfs", "d1:d2", None),
        ("fuse.mergerfs", "{0}/d*=RO", ["{0}/d1", "{0}/d2"]), ("fuse.mergerfs", "{0}/[x]:{0}/d1", ["{0}/[x]", "{0}/d1"]),
    ],
)  # fmt: skip
def test_the_folders_that_a_mount_tells(tmp_path: Path, kind: str, source: str, folders: list[str] | None) -> None:
    for name in ("d1", "d2", "[x]"):
        (tmp_path / name).mkdir()
    expected = None if folders is None else [one.format(tmp_path) for one in folders]
    assert folders_behind(mount(tmp_path / "place", kind, source.format(tmp_path))) == expected


def test_layers_are_told_the_upper_one_first_and_by_either_spelling(tmp_path: Path) -> None:
    for name in ("up", "one", "two"):
        (tmp_path / name).mkdir()
    one = f"lowerdir={tmp_path}/one:{tmp_path}/two,upperdir={tmp_path}/up,workdir={tmp_path}/w"
    other = f"lowerdir+={tmp_path}/one,lowerdir+={tmp_path}/two,upperdir={tmp_path}/up"
    for options in (one, other):
        assert folders_behind(mount("/m", "overlay", options=options)) == [
            str(tmp_path / n) for n in ("up", "one", "two")
        ]


def test_the_root_of_a_system_on_fuse_is_not_looked_behind() -> None:
    assert folders_behind(mount("/", "fuse.something", "/elsewhere")) == []


def test_a_pool_answers_by_its_attributes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "place/a", b"123")
    write(tmp_path / "d9/a", b"123")

    def answers(path: object, name: str, follow_symlinks: bool = True) -> bytes:
        if name == "user.mergerfs.allpaths":
            return os.fsencode(tmp_path / "d9/a") + b"\0"
        raise OSError(95, "not supported")

    monkeypatch.setattr(os, "getxattr", answers, raising=False)
    asked = shown(tmp_path, "fuse.mergerfs", "d1:d2")
    assert asked.of(str(tmp_path / "place/a")) == [str(tmp_path / "d9/a")]


@pytest.mark.parametrize("attribute", ["user.mergerfs.branches", "user.mergerfs.srcmounts"])
def test_the_control_file_of_a_pool_names_its_branches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attribute: str
) -> None:
    (tmp_path / "d9").mkdir()

    def answers(path: object, name: str, follow_symlinks: bool = True) -> bytes:
        if (path, name) == (str(tmp_path / "place/.mergerfs"), attribute):
            return os.fsencode(f"{tmp_path}/d9=RW,4G")
        raise OSError(95, "not supported")

    monkeypatch.setattr(os, "getxattr", answers, raising=False)
    assert folders_behind(mount(tmp_path / "place", "fuse.mergerfs", "d1:d2")) == [str(tmp_path / "d9")]


@pytest.mark.skipif(sys.platform != "linux", reason="programs are seen in /proc")
@pytest.mark.parametrize(("program", "seen"), [("mergerfs", True), ("/usr/bin/mergerfs.real", True), ("other", False)])
def test_a_silent_pool_is_known_by_the_words_that_it_was_started_with(tmp_path: Path, program: str, seen: bool) -> None:
    (tmp_path / "d9").mkdir()
    words = [
        program,
        "-c",
        "import sys; print(flush=True); sys.stdin.read()",
        "-o",
        "xattr=nosys",
        f"{tmp_path}/d9=RW",
        f"{tmp_path}/place/",
    ]
    other = subprocess.Popen(words, executable=sys.executable, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None and other.stdout.readline()
        told = folders_behind(mount(tmp_path / "place", "fuse.mergerfs", "d9"))
        assert told == ([str(tmp_path / "d9")] if seen else None)
        assert folders_behind(mount(tmp_path / "elsewhere", "fuse.mergerfs", "d9")) is None
    finally:
        other.communicate()
