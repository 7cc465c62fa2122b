"""Whether a download is under way: by its age in words, and by the locks that tools hold. No lock is touched."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from factory import write

from model_manager.stores.parts import CannotRemove
from model_manager.stores.walk import running_downloads
from model_manager.stores.walk.running_downloads import (
    Locks,
    is_younger,
    lock_files,
    may_be_under_way,
    must_not_be_fetched,
)


@contextmanager
def locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    with open(path, "rb") as file:
        fcntl.flock(file, how)
        yield


def aged(home: Path, seconds: float) -> Path:
    path = write(home / "a.part", b"x")
    os.utime(path, (time.time() - seconds,) * 2)
    return path


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "written to 0 minutes ago"), (65, "written to 1 minute ago"), (185, "written to 3 minutes ago"), (7190, "written to 119 minutes ago"),
     (7210, "written to 2 hours ago"), (86_300, "written to 23 hours ago"), (-600, "written to 0 minutes ago")],
)  # fmt: skip
def test_why_a_download_may_not_have_stopped(seconds: float, words: str, home: Path) -> None:
    assert may_be_under_way(str(aged(home, seconds))) == f"{words}: it may still be downloading"


def test_a_day_later_it_has_stopped_and_what_is_gone_too(home: Path) -> None:
    assert may_be_under_way(str(aged(home, 86_410))) == "" and may_be_under_way(str(home / "gone")) == ""


def test_younger_than(home: Path) -> None:
    stat = aged(home, 100).stat()
    assert is_younger(stat, 200) and not is_younger(stat, 50)
    assert is_younger(aged(home, -100).stat(), 1)


LOCK_PLACES = ("hub/models--a--b/blobs/x.lock", "hub/.locks/models--a--b/etag.lock", ".lock/hub")


@pytest.mark.parametrize("place", LOCK_PLACES)
@pytest.mark.parametrize("list_", [True, False])
def test_a_held_lock_is_seen_wherever_the_tools_keep_it(
    place: str, list_: bool, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not list_:  # a system without the kernel's list
        monkeypatch.setattr(running_downloads, "_listed", lambda: None)
    lock, blob = write(home / place, b"here"), write(home / "hub/models--a--b/blobs/x.incomplete")
    assert Locks().on(str(blob)) == ""
    before = lock.stat()
    with locked(lock):
        assert Locks().on(str(blob)) == str(lock) and Locks().held(str(lock))
        with pytest.raises(CannotRemove, match="it is being downloaded now") as caught:
            must_not_be_fetched(str(blob))
        assert str(lock) in str(caught.value)
    must_not_be_fetched(str(blob))
    after = lock.stat()
    assert (before.st_ino, before.st_size, before.st_mtime_ns, before.st_ctime_ns) == (
        after.st_ino,
        after.st_size,
        after.st_mtime_ns,
        after.st_ctime_ns,
    )


def test_another_repositorys_lock_says_nothing(home: Path) -> None:
    lock, blob = write(home / "hub/.locks/models--c--d/etag.lock"), write(home / "hub/models--a--b/blobs/x.incomplete")
    with locked(lock):
        assert Locks().on(str(blob)) == "" and str(lock) not in set(lock_files(str(blob)))


def test_every_lock_counts_for_what_is_no_hub_repository(home: Path) -> None:
    lock = write(home / "models/.lock/owner___name")
    assert str(lock) in set(lock_files(str(write(home / "models/owner/name/x.part"))))


def test_what_is_no_file_is_no_lock(home: Path) -> None:
    (home / "folder.lock").mkdir()
    assert not Locks().held(str(home / "folder.lock")) and not Locks().held(str(home / "gone.lock"))
    assert not (home / "gone.lock").exists()


def test_too_far_above_is_not_looked(home: Path) -> None:
    deep = write(home / "1/2/3/4/5/6/7/x.part")
    found = set(lock_files(str(deep)))
    assert str(write(home / "1/2/.locks/e.lock")) not in found
    near, far = write(home / "1/2/.locks/e.lock"), write(home / "1/.locks/e.lock")
    assert {str(near), str(far)} & set(lock_files(str(deep))) == {str(near)}
