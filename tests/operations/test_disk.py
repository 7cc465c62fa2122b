"""The door to the disk where the system says no: kernels without a call, file systems without a feature, short writes."""

from __future__ import annotations

import ctypes
import errno
import io
import os
import struct
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scenes import LONG_AGO, OTHER_VOLUME, put

from model_manager.operations.disk import Disk, Looks, looks_from

DISK = Disk()


def failing(number: int) -> Callable[..., Any]:
    """A system call that answers with this error."""

    def call(*arguments: object, **named: object) -> Any:
        raise OSError(number, os.strerror(number))

    return call


def kernel(monkeypatch: pytest.MonkeyPatch, **calls: Callable[..., int]) -> None:
    """A C library with these calls and no others."""
    monkeypatch.setattr(ctypes, "CDLL", lambda *arguments, **named: types.SimpleNamespace(**calls))


def answers(number: int) -> Callable[..., int]:
    """A call of the C library that fails with this errno."""

    def call(*arguments: object) -> int:
        ctypes.set_errno(number)
        return -1

    return call


# What a file looks like


def test_looks_survive_the_journal() -> None:
    looks = Looks(0o640, 7, 8, 9, 10, {"user.note": b"mine \xff", "user.empty": b""})
    assert looks_from(looks.record()) == looks


@pytest.mark.parametrize(
    "record",
    [None, [], {}, {"xattrs": []}, {"xattrs": {"user.a": 5}}, {"xattrs": {"user.a": "a"}}, {"xattrs": {}, "mode": "x"}],
)
def test_a_journal_that_does_not_tell_how_a_file_looked(record: object) -> None:
    with pytest.raises(OSError, match="does not say how the file looked"):
        looks_from(record)


def test_looks_where_there_are_no_attributes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS has no such call in Python; some file systems refuse it; an attribute may go between two calls."""
    path = str(put(tmp_path / "x", b"x", 0o640))
    assert DISK.looks(path).mode == 0o640
    monkeypatch.setattr(os, "listxattr", lambda *a, **n: ["user.gone", "security.selinux"])
    monkeypatch.setattr(os, "getxattr", failing(errno.ENODATA))
    assert DISK.looks(path).xattrs == {}
    monkeypatch.setattr(os, "getxattr", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        DISK.looks(path)
    monkeypatch.setattr(os, "listxattr", failing(errno.ENOTSUP))
    assert DISK.looks(path).xattrs == {}
    monkeypatch.setattr(os, "listxattr", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        DISK.looks(path)
    monkeypatch.delattr(os, "listxattr")
    assert DISK.looks(path).mtime_ns == LONG_AGO + 1


def test_dressed_as_far_as_the_system_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Owner and attributes stay behind where they must; mode and times never do."""
    path = put(tmp_path / "x", b"x")
    looks = Looks(0o600, 4242, 4242, LONG_AGO, LONG_AGO + 5, {"user.note": b"n"})
    monkeypatch.setattr(os, "chown", failing(errno.EPERM))
    monkeypatch.setattr(os, "setxattr", failing(errno.ENOTSUP))
    DISK.dress(str(path), looks)
    found = path.stat()
    assert (found.st_mode & 0o777, found.st_mtime_ns, found.st_uid) == (0o600, LONG_AGO + 5, os.getuid())
    monkeypatch.setattr(os, "setxattr", failing(errno.ENOSPC))
    with pytest.raises(OSError, match="No space"):
        DISK.dress(str(path), looks)


# Reading and writing


def test_a_small_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    path = str(put(tmp_path / "x", b"12345"))
    assert DISK.read(path, 5) == b"12345"
    with pytest.raises(OSError, match="larger than 4 bytes"):
        DISK.read(path, 4)


def test_a_system_that_writes_little_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda number, data: real(number, bytes(data)[:3]))
    DISK.write_new(str(tmp_path / "new"), b"a manifest of a model", 0o640)
    assert (tmp_path / "new").read_bytes() == b"a manifest of a model"
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640
    with pytest.raises(FileExistsError):
        DISK.write_new(str(tmp_path / "new"), b"another")
    assert (tmp_path / "new").read_bytes() == b"a manifest of a model"


def test_a_system_that_reads_little_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece is filled before it is compared: else two equal files would seem to differ."""

    class Short:
        def __init__(self, file: Any, most: int) -> None:
            self.file, self.most = file, most

        def __enter__(self) -> Short:
            return self

        def __exit__(self, *error: object) -> None:
            self.file.close()

        def read(self, size: int) -> bytes:
            return bytes(self.file.read(min(size, self.most)))

    data = os.urandom(2_000)
    one, other = put(tmp_path / "one", data), put(tmp_path / "other", data)
    monkeypatch.setattr("model_manager.operations.disk.PIECE", 1_000)
    monkeypatch.setattr(
        "model_manager.operations.disk.open_quietly",
        lambda path: Short(io.FileIO(path), 300 if path.endswith("one") else 700),
    )
    steps: list[int] = []
    assert DISK.same_bytes(str(one), str(other), steps.append) and steps == [1_000, 1_000]
    other.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert not DISK.same_bytes(str(one), str(other), steps.append)


def test_a_folder_that_cannot_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some FUSE file systems have no such thing, which is no error; a disk that fails is one."""
    monkeypatch.setattr(os, "fsync", failing(errno.EINVAL))
    DISK.make_folder(str(tmp_path / "made"))
    assert (tmp_path / "made").is_dir()
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        DISK.sync_folder(str(tmp_path))


def test_the_systems_own_trash_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setitem(sys.modules, "send2trash", types.SimpleNamespace(send2trash=asked.append))
    DISK.system_trash("/Users/me/m.gguf")
    assert asked == ["/Users/me/m.gguf"]


# Names


@pytest.mark.parametrize("calls", [{}, {"renameat2": answers(errno.ENOSYS)}, {"renameat2": answers(errno.EINVAL)}])
def test_a_kernel_that_cannot_rename_exclusively(
    calls: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the name is looked at first: what has it stays."""
    kernel(monkeypatch, **calls)
    one, other = put(tmp_path / "one", b"1"), put(tmp_path / "d" / "other", b"2")
    with pytest.raises(FileExistsError):
        DISK.rename(str(one), str(other))
    assert (one.read_bytes(), other.read_bytes()) == (b"1", b"2")
    DISK.rename(str(one), str(tmp_path / "d" / "free"))
    assert not one.exists() and (tmp_path / "d" / "free").read_bytes() == b"1"


def test_a_dangling_link_has_its_name_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel(monkeypatch)
    one = put(tmp_path / "one", b"1")
    os.symlink("nowhere", tmp_path / "taken")
    with pytest.raises(FileExistsError):
        DISK.rename(str(one), str(tmp_path / "taken"))
    assert one.exists() and os.readlink(tmp_path / "taken") == "nowhere"


def test_renaming_asks_the_kernel_not_to_replace(tmp_path: Path) -> None:
    one, other = put(tmp_path / "one", b"1"), put(tmp_path / "other", b"2")
    with pytest.raises(FileExistsError):
        DISK.rename(str(one), str(other))
    assert (one.read_bytes(), other.read_bytes()) == (b"1", b"2")
    if os.path.isdir(OTHER_VOLUME) and os.stat(OTHER_VOLUME).st_dev != os.stat(tmp_path).st_dev:
        with pytest.raises(OSError) as told:
            DISK.rename(str(one), os.path.join(OTHER_VOLUME, "model-manager-test-never-there"))
        assert told.value.errno == errno.EXDEV and one.exists()


def test_on_macos_its_own_exclusive_rename_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def renamex_np(*arguments: object) -> int:
        asked.append(arguments)
        return 0

    one, target = str(tmp_path / "one"), str(tmp_path / "two")
    monkeypatch.setattr(sys, "platform", "darwin")
    kernel(monkeypatch, renamex_np=renamex_np)
    DISK.rename(one, target)
    assert asked == [(os.fsencode(one), os.fsencode(target), 4)]


# Shared blocks, as the kernel tells of them


def deduping(monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, int]) -> list[tuple[int, int]]:
    """A kernel that gives these (bytes done, status) in turn; the (offset, length) that it was asked for."""
    import fcntl

    asked: list[tuple[int, int]] = []
    rest = iter(answers)

    def ioctl(number: int, request: int, buffer: bytearray) -> int:
        at, length = struct.unpack_from("=QQ", buffer)
        asked.append((at, length))
        struct.pack_into("=Qi", buffer, 40, *next(rest))
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    return asked


def test_a_kernel_that_shares_less_than_it_was_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper, copy = put(tmp_path / "keeper", b"a" * 1000), put(tmp_path / "copy", b"a" * 1000)
    asked = deduping(monkeypatch, (600, 0), (400, 0))
    steps: list[int] = []
    DISK.share_extents(str(keeper), str(copy), steps.append)
    assert asked == [(0, 1000), (600, 400)] and steps == [600, 400]


@pytest.mark.parametrize(
    ("answer", "number"),
    [((0, 1), errno.EILSEQ), ((0, 0), errno.EILSEQ), ((0, -errno.EOPNOTSUPP), errno.EOPNOTSUPP)],
)
def test_what_the_kernel_does_not_share(
    answer: tuple[int, int], number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, copy = put(tmp_path / "keeper", b"a" * 10), put(tmp_path / "copy", b"b" * 10)
    deduping(monkeypatch, answer)
    with pytest.raises(OSError) as told:
        DISK.share_extents(str(keeper), str(copy), lambda size: None)
    assert told.value.errno == number and copy.read_bytes() == b"b" * 10


def test_a_folder_that_is_made_is_as_open_as_any_other(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        DISK.make_folder(str(tmp_path / "made"))
        DISK.make_folder(str(tmp_path / "private"), 0o700)
    finally:
        os.umask(before)
    assert [os.stat(tmp_path / name).st_mode & 0o777 for name in ("made", "private")] == [0o755, 0o700]


def test_attributes_that_cannot_be_asked_for_are_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a copy would come back without them, and nobody would know."""
    path = put(tmp_path / "a", b"a")
    for name in ("listxattr", "getxattr"):
        monkeypatch.setattr(os, name, failing(errno.EIO))
        with pytest.raises(OSError, match="Input/output error"):
            DISK.looks(str(path))
        monkeypatch.undo()


def test_a_folder_that_is_ours_alone_is_nobody_elses_from_the_first(tmp_path: Path) -> None:
    DISK.make_folder(str(tmp_path / "private"), 0o700)
    assert (tmp_path / "private").stat().st_mode & 0o7777 == 0o700
    with pytest.raises(FileExistsError):
        DISK.make_folder(str(tmp_path / "private"))


def test_a_system_that_reads_one_file_in_two_pieces_sees_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share may give less than it was asked for, of the one file and not of the other."""
    from model_manager.operations import disk

    monkeypatch.setattr(disk, "PIECE", 1000)
    data, told = os.urandom(4500), list[int]()
    one, other = put(tmp_path / "a", data), put(tmp_path / "b", data)
    real = disk.open_quietly

    class Slow(io.FileIO):
        def read(self, size: int = -1) -> bytes:  # type: ignore[override]
            return super().read(min(size, 300))

    monkeypatch.setattr(disk, "open_quietly", lambda path: Slow(path) if path == str(one) else real(path))
    assert DISK.same_bytes(str(one), str(other), told.append)
    assert told == [1000, 1000, 1000, 1000, 500]


def test_blocks_are_shared_with_a_file_that_is_open_for_writing_and_no_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels refuse it to a reader; and what a link leads to is another file than the one that was planned."""
    import fcntl

    keeper, copy = put(tmp_path / "keeper", b"a" * 10), put(tmp_path / "copy", b"a" * 10)
    modes: list[int] = []

    def ioctl(number: int, request: int, buffer: bytearray) -> int:
        (copys,) = struct.unpack_from("=q", buffer, 24)
        modes.append(fcntl.fcntl(copys, fcntl.F_GETFL) & os.O_ACCMODE)
        struct.pack_into("=Qi", buffer, 40, 10, 0)
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    DISK.share_extents(str(keeper), str(copy), lambda size: None)
    assert modes == [os.O_RDWR]
    (tmp_path / "link").symlink_to("copy")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        DISK.share_extents(str(keeper), str(tmp_path / "link"), lambda size: None)


@pytest.mark.parametrize("asked", ["listxattr", "getxattr"])
def test_a_link_to_nowhere_has_looks_of_its_own(asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of what it leads to is asked."""
    os.symlink("nowhere", tmp_path / "link")
    if asked == "getxattr":
        monkeypatch.setattr(os, "listxattr", lambda path, follow_symlinks=True: ["user.note"])
    assert DISK.looks(str(tmp_path / "link")).xattrs == {}
