"""A walk never goes into what the kernel shows of itself, nor into a mount that does not answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from mount_tables import mount

from model_manager.base import passable, reach
from model_manager.base.passable import holds_kernels, is_kernels, silent_or_kernels
from model_manager.base.reach import Reach
from model_manager.base.volumes import Mount


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> list[Mount]:
    """The mounts of a made-up system, which can be added to."""
    mounts = [mount("/", "ext4"), mount("/proc", "proc"), mount("/dev", "devtmpfs"), mount("/dev/shm", "tmpfs"),
              mount("/jail/proc", "proc"), mount("/dev/shm/deep/proc", "proc")]  # fmt: skip
    monkeypatch.setattr(passable, "read_mounts", lambda: mounts)
    monkeypatch.setattr(passable, "_mounts", passable._Mounts())
    monkeypatch.setattr(reach, "_reach", Reach(lambda _point: False, list))
    return mounts


@pytest.mark.parametrize(
    ("path", "kernels"),
    [
        ("/proc", True), ("/proc/1/root", True), ("/dev/null", True), ("/dev/shm", False), ("/dev/shm/models", False),
        ("/procs", False), ("/", False), ("/home/proc", False), ("/jail", False), ("/jail/proc/1", True),
        ("/dev/shm/deep", False), ("/dev/shm/deep/proc/1", True), ("/dev/shmx", True),
    ],
)  # fmt: skip
def test_what_the_nearest_mount_is_decides(table: list[Mount], path: str, kernels: bool) -> None:
    assert is_kernels(path) is kernels


@pytest.mark.parametrize(
    ("folder", "holds"),
    [
        ("/", True),
        ("/jail", True),
        ("/proc", True),
        ("/proc/1", True),
        ("/home", False),
        ("/dev/shm", False),
        ("/dev/shm/deep", True),
    ],
)
def test_a_folder_right_above_one_is_walked_with_care(table: list[Mount], folder: str, holds: bool) -> None:
    assert holds_kernels(folder) is holds


def test_of_several_at_one_place_the_last_one_is_seen(table: list[Mount]) -> None:
    table.append(mount("/proc", "tmpfs"))
    assert not is_kernels("/proc/a") and not holds_kernels("/proc")


def test_a_table_is_believed_for_a_while_and_then_read_again(
    table: list[Mount], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(passable.time, "monotonic", lambda: now[0])
    assert not is_kernels("/late/1")
    table.append(mount("/late", "proc"))
    now[0] += 4.9
    assert not is_kernels("/late/1")
    now[0] += 0.1
    assert is_kernels("/late/1")


def test_where_a_link_leads_is_told_by_its_words(table: list[Mount], tmp_path: Path) -> None:
    for name, leads in (("a", "/proc/1"), ("b", "a"), ("c", "/home"), ("d", "../" * 20 + "proc/2"), ("loop", "loop")):
        (tmp_path / name).symlink_to(leads)
    told = {name: silent_or_kernels(str(tmp_path / name)) for name in ("a", "b", "c", "d", "loop", "gone")}
    assert told == {
        "a": ("", True),
        "b": ("", False),
        "c": ("", False),
        "d": ("", True),
        "loop": ("", False),
        "gone": ("", False),
    }


def test_beside_a_mount_that_may_hang_links_are_followed_and_the_silent_one_is_named(
    table: list[Mount], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = str(tmp_path / "net")
    monkeypatch.setattr(reach, "_reach", Reach(lambda _point: False, lambda: [mount(point, "nfs4")]))
    for name, leads in (("a", "/proc/1"), ("b", "a"), ("c", "net/x"), ("d", "c"), ("e", "/home")):
        (tmp_path / name).symlink_to(leads)
    told = {name: silent_or_kernels(str(tmp_path / name)) for name in "abcde"}
    assert told == {"a": ("", True), "b": ("", True), "c": (point, False), "d": (point, False), "e": ("", False)}
