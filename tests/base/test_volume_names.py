"""By what a file system is known again, from what a device, udev and the kernel tell. Real drives: `test_volumes.py`."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

import pytest

from model_manager.base import volume_names
from model_manager.base.volume_names import Held, block_number, held_by, lasting_name

DEVICE = os.makedev(8, 17)


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system of which nothing is known: no udev, no links by UUID, no answers of the kernel."""
    monkeypatch.setattr(volume_names, "_UDEV", str(tmp_path))
    monkeypatch.setattr(volume_names, "_by_device", lambda folder, device: "")
    monkeypatch.setattr(volume_names, "_asked", lambda point, request, size: b"")
    monkeypatch.setattr(volume_names, "_fsid", lambda path: 0)
    return tmp_path


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """`/dev/sdb1` is a block device."""
    monkeypatch.setattr(volume_names, "block_number", lambda source: DEVICE if source == "/dev/sdb1" else 0)


def sector(**at: bytes) -> bytes:
    raw = bytearray(512)
    for place, data in at.items():
        start = int(place.removeprefix("at_"))
        raw[start : start + len(data)] = data
    return bytes(raw)


@pytest.mark.parametrize(
    ("first", "held"),
    [
        (sector(at_3=b"EXFAT   ", at_100=bytes.fromhex("c6e1cd6b")), Held("exfat", "6bcd-e1c6")),
        (sector(at_3=b"NTFS    ", at_72=struct.pack("<Q", 0x1122334455667788)), Held("ntfs", "1122334455667788")),
        (sector(at_3=b"NTFS    ", at_72=struct.pack("<Q", 0x22)), Held("ntfs", "0000000000000022")),
        (sector(at_82=b"FAT32   ", at_67=bytes.fromhex("01020304")), Held("vfat", "0403-0201")),
        (sector(at_54=b"FAT16   ", at_39=bytes.fromhex("ffee0000")), Held("vfat", "0000-eeff")),
        (sector(at_54=b"FAT12   "), Held("vfat", "")), (sector(at_3=b"MSDOS5.0"), Held()), (bytes(512), Held()), (b"", Held()),
        (b"\xeb\x52\x90NTFS", Held()),
    ],
)  # fmt: skip
def test_what_the_first_sector_says(tmp_path: Path, first: bytes, held: Held) -> None:
    (tmp_path / "disk").write_bytes(first)
    assert held_by(DEVICE, str(tmp_path / "disk")) == held


def test_a_device_that_may_not_be_read_tells_nothing(tmp_path: Path) -> None:
    assert held_by(DEVICE, str(tmp_path / "gone")) == Held()
    assert held_by(DEVICE, str(tmp_path)) == Held(), "a folder"


def test_what_udev_noted_comes_first(tmp_path: Path) -> None:
    (tmp_path / "b8:17").write_text(
        "S:x\nE:ID_FS_TYPE=ext4\nE:ID_FS_UUID=AB=CD\nX:ID_FS_LABEL=no\nE:ID_FS_LABEL=Öl\nE:OTHER=1\n"
    )
    (tmp_path / "disk").write_bytes(sector(at_54=b"FAT16"))
    assert held_by(DEVICE, str(tmp_path / "disk")) == Held("ext4", "ab=cd", "Öl")
    assert held_by(os.makedev(8, 18), str(tmp_path / "disk")) == Held("vfat")
    (tmp_path / "b8:17").write_text("E:ID_FS_UUID=1\n")
    assert held_by(DEVICE, str(tmp_path / "disk")) == Held("vfat"), "without a kind it is no word of a file system"


def test_only_a_block_device_has_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        block_number(str(tmp_path))
        == block_number("/dev/null")
        == block_number("/dev/not-there")
        == block_number("")
        == 0
    )
    block = os.stat_result((stat.S_IFBLK | 0o600, *(0,) * 9), {"st_rdev": DEVICE})
    monkeypatch.setattr(os, "stat", lambda path: block)
    assert block_number("/dev/sdb1") == DEVICE and block_number("server:/share") == 0


def test_a_uuid_is_the_best_name_and_is_written_in_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        volume_names,
        "_by_device",
        lambda folder, device: "6BCD-E1C6" if (folder, device) == ("/dev/disk/by-uuid", DEVICE) else "",
    )
    assert lasting_name("vfat", "/dev/sdb1", "/m", DEVICE, "/m") == "uuid:6bcd-e1c6"
    assert lasting_name("vfat", "/dev/sdb1", "/m", 5, "/m") == "vfat:/dev/sdb1:/m"


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (bytes([16]) + bytes(range(16)), "uuid:000102030405060708090a0b0c0d0e0f"), (bytes([2, 0xAB, 0xCD]) + bytes(14), "uuid:abcd"),
        (bytes(17), "xfs:/dev/x:/m"), (bytes([200]) + bytes(16), "xfs:/dev/x:/m"),
    ],
)  # fmt: skip
def test_the_kernels_own_answer_is_as_good(monkeypatch: pytest.MonkeyPatch, answer: bytes, name: str) -> None:
    monkeypatch.setattr(
        volume_names, "_asked", lambda point, request, size: answer if (request, size) == (0x80111500, 17) else b""
    )
    assert lasting_name("xfs", "/dev/x", "/m", 1, "/m") == name


def test_of_btrfs_each_subvolume_has_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inode numbers begin anew in each."""
    raw = bytes(16) + bytes(range(16)) + bytes(992)
    monkeypatch.setattr(
        volume_names, "_asked", lambda point, request, size: raw if (request, size) == (0x8400941F, 1024) else b""
    )
    monkeypatch.setattr(volume_names, "_fsid", lambda path: {"/m/a": 0xABC, "/m/b": 0xDEF}[path])
    uuid = "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert [lasting_name("btrfs", "/dev/x", "/m", 1, path) for path in ("/m/a", "/m/b")] == [
        f"uuid:{uuid}:abc",
        f"uuid:{uuid}:def",
    ]
    monkeypatch.setattr(volume_names, "_asked", lambda *_: bytes(1024))
    assert lasting_name("btrfs", "/dev/x", "/m", 1, "/m/a") == "btrfs:/dev/x:/m:abc"


@pytest.mark.parametrize(
    ("kind", "name"), [("ext4", "fsid:1f"), ("ext2", "fsid:1f"), ("ext3", "fsid:1f"), ("xfs", "xfs:/dev/x:/m")]
)
def test_ext_computes_its_number_from_its_uuid(monkeypatch: pytest.MonkeyPatch, kind: str, name: str) -> None:
    monkeypatch.setattr(volume_names, "_fsid", lambda path: 0x1F)
    assert lasting_name(kind, "/dev/x", "/m", 1, "/m") == name


def test_a_label_is_better_than_a_place(tmp_path: Path, disk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b8:17").write_text("E:ID_FS_TYPE=udf\nE:ID_FS_LABEL=STICK\n")
    assert lasting_name("udf", "/dev/sdb1", "/m", DEVICE, "/m") == "label:udf:STICK"
    (tmp_path / "b8:17").write_text("E:ID_FS_TYPE=udf\nE:ID_FS_UUID=77\nE:ID_FS_LABEL=STICK\n")
    assert lasting_name("udf", "/dev/sdb1", "/m", DEVICE, "/m") == "uuid:77"
    (tmp_path / "b8:17").unlink()
    monkeypatch.setattr(
        volume_names, "_by_device", lambda folder, device: "OTHER" if folder.endswith("by-label") else ""
    )
    assert lasting_name("udf", "/dev/sdb1", "/m", DEVICE, "/m") == "label:udf:OTHER"


def test_a_source_that_only_says_so_is_not_believed(tmp_path: Path, disk: None) -> None:
    (tmp_path / "b8:17").write_text("E:ID_FS_TYPE=exfat\nE:ID_FS_UUID=77\n")
    assert lasting_name("fuse.hello", "/dev/sdb1", "/m", os.makedev(0, 99), "/m") == "fuse.hello:/dev/sdb1:/m"
    assert lasting_name("fuse.exfat-fuse", "/dev/sdb1", "/m", os.makedev(0, 99), "/m") == "uuid:77", (
        "its driver makes one up"
    )
    assert lasting_name("nfs4", "server:/a", "/m", 5, "/m") == "nfs4:server:/a:/m"


def test_the_name_that_a_folder_of_links_has_for_a_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    (tmp_path / "by").mkdir()
    (tmp_path / "by/dangling").symlink_to("nowhere")
    (tmp_path / "by/NULL-1").symlink_to("/dev/null")
    assert volume_names._by_device(str(tmp_path / "by"), os.stat("/dev/null").st_rdev) == "NULL-1"
    assert (
        volume_names._by_device(str(tmp_path / "by"), 12345) == volume_names._by_device(str(tmp_path / "gone"), 1) == ""
    )


def test_a_place_that_cannot_be_asked_answers_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert volume_names._asked(str(tmp_path / "gone"), 0x80111500, 17) == b""
    assert volume_names._asked("/proc", 0x80111500, 17) == b"" and volume_names._fsid(str(tmp_path / "gone")) == 0
    assert volume_names._fsid("/") == os.statvfs("/").f_fsid
