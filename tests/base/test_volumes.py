"""File systems by a lasting name: what is known again after a replug, and what may be unplugged."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model_manager.base import volume_names
from model_manager.base.volume_names import Held, held_by, lasting_name
from model_manager.base.volumes import Volume, Volumes, is_removable, read_mounts


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{words[0]} does not work here: {done.stderr.strip()[:100]}")
    return done.stdout.strip()


@pytest.fixture
def plugged(tmp_path: Path) -> Iterator[Callable[[Path, str], str]]:
    """Puts an image behind a loop device; all are taken away in the end."""
    if os.geteuid():
        pytest.skip("loop devices take root")
    devices: list[str] = []

    def plug(image: Path) -> str:
        devices.append(run("losetup", "-f", "--show", str(image)))
        return devices[-1]

    yield plug
    for device in devices:
        subprocess.run(["losetup", "-d", device], check=False, capture_output=True)


def image_of(path: Path, *made_by: str) -> Path:
    if not shutil.which(made_by[0]):
        pytest.skip(f"needs {made_by[0]}")
    with open(path, "wb") as file:
        file.truncate(64 << 20)
    run(*made_by, str(path))
    return path


def test_exfat_by_fuse_is_known_again_and_its_inode_numbers_are_not_believed(tmp_path: Path, plugged) -> None:  # type: ignore[no-untyped-def]
    """The driver of FUSE gives numbers in the order of look-ups: a kind `fuseblk` alone tells nothing."""
    if not shutil.which("mount.exfat-fuse"):
        pytest.skip("needs exfat-fuse")
    image = image_of(tmp_path / "stick", "mkfs.exfat")
    point = tmp_path / "usb"
    point.mkdir()
    seen = []
    for _again in range(2):
        device = plugged(image)  # the second time the first is still there: another number
        run("mount.exfat-fuse", device, str(point))
        try:
            found = os.stat(point)
            seen.append((Volumes().of(str(point), found.st_dev), found.st_dev))
        finally:
            subprocess.run(["umount", str(point)], check=True)
    (one, first), (other, second) = seen
    assert first != second and one.name == other.name and one.name.startswith("uuid:")
    assert not one.lasting and one.kind.startswith("fuse")


def test_an_exfat_has_the_same_name_by_either_driver(tmp_path: Path, plugged) -> None:  # type: ignore[no-untyped-def]
    image = image_of(tmp_path / "stick", "mkfs.exfat", "-L", "STICK")
    device = plugged(image)
    number = os.stat(device).st_rdev
    names = {lasting_name(kind, device, "/media/x", number, "/media/x") for kind in ("exfat", "fuseblk")}
    names |= {lasting_name("fuse.exfat-fuse", device, "/media/y", os.makedev(0, 99), "/media/y")}
    assert len(names) == 1 and next(iter(names)).startswith("uuid:")


@pytest.mark.parametrize(
    ("kind", "lasting"),
    [
        ("ext4", True), ("fuse.bindfs", False), ("fuse.mergerfs", False), ("fuse.sshfs", False), ("fuse", False),
        ("fuse.something-new", False), ("fuse.exfat", False), ("fuse.exfat-fuse", False), ("fuse.ntfs-3g", True),
        ("vfat", False), ("btrfs", True), ("fuseblk", False), ("fuse.glusterfs", True),
    ],
)  # fmt: skip
def test_which_inode_numbers_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, lasting: bool) -> None:
    """Of FUSE only what is known to: a number that another file has after a remount would be believed."""
    table = tmp_path / "mountinfo"
    table.write_text(f"30 1 0:77 / {tmp_path} rw - {kind} somewhere rw\n")
    mounts = read_mounts(str(table))
    monkeypatch.setattr("model_manager.base.volumes.read_mounts", lambda: mounts)
    assert Volumes().of(str(tmp_path), os.makedev(0, 77)).lasting is lasting


def test_ntfs_by_fuse_keeps_its_numbers_and_its_name(tmp_path: Path, plugged) -> None:  # type: ignore[no-untyped-def]
    image = tmp_path / "disk"
    sector = b"\xeb\x52\x90NTFS    " + bytes(61) + bytes.fromhex("8877665544332211") + bytes(440)
    image.write_bytes(sector + bytes(1 << 20))
    device = plugged(image)
    number = os.stat(device).st_rdev
    assert held_by(number, device) == Held("ntfs", "1122334455667788")
    assert lasting_name("fuseblk", device, "/media/x", number, "/") == "uuid:1122334455667788"


def test_what_udev_noted_is_enough_where_the_device_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b8:17").write_text(
        "S:disk/by-label/x\nE:ID_FS_TYPE=exfat\nE:ID_FS_UUID=6BCD-E1C6\nE:ID_FS_LABEL=STICK\n"
    )
    monkeypatch.setattr(volume_names, "_UDEV", str(tmp_path))
    assert held_by(os.makedev(8, 17), "/dev/not-there") == Held("exfat", "6bcd-e1c6", "STICK")


def test_a_mount_that_only_says_that_it_comes_from_a_disk_is_not_that_disk(tmp_path: Path, plugged) -> None:  # type: ignore[no-untyped-def]
    """Whoever mounts by FUSE may write any source."""
    device = plugged(image_of(tmp_path / "stick", "mkfs.exfat"))
    name = lasting_name("fuse.hello", device, "/home/x/hello", os.makedev(0, 99), "/home/x/hello")
    assert name == f"fuse.hello:{device}:/home/x/hello"


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """What /sys tells of a few drives, behind the numbers of whatever is in /dev here."""
    top = tmp_path / "sys"
    for place, files in {
        "devices/pci0/usb2/2-1/host6/block/sdb": {"removable": "0"},
        "devices/pci0/usb2/2-1/host6/block/sdb/sdb1": {"partition": "1"},
        "devices/pci0/ata1/block/sda": {"removable": "0"},
        "devices/pci0/ata1/block/sda/sda2": {"partition": "2"},
        "devices/pci0/ata2/block/sr0": {"removable": "1"},
        "devices/pci0/mmc0/block/mmcblk0": {"removable": "0", "device/type": "SD"},
        "devices/virtual/block/dm-0": {"removable": "0"},
        "devices/virtual/block/dm-1": {"removable": "0"},
    }.items():
        for name, text in files.items():
            path = top / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
    for crypt, below in (
        ("dm-0", "../../../../pci0/usb2/2-1/host6/block/sdb/sdb1"),
        ("dm-1", "../../../../pci0/ata1/block/sda"),
    ):
        slaves = top / "devices/virtual/block" / crypt / "slaves"
        slaves.mkdir()
        (slaves / os.path.basename(below)).symlink_to(f"../{below}")
    return top


@pytest.mark.parametrize(
    ("drive", "removable"),
    [
        ("pci0/usb2/2-1/host6/block/sdb/sdb1", True), ("pci0/ata1/block/sda/sda2", False), ("pci0/ata2/block/sr0", True),
        ("pci0/mmc0/block/mmcblk0", True), ("virtual/block/dm-0", True), ("virtual/block/dm-1", False),
    ],
)  # fmt: skip
def test_what_may_be_unplugged(system: Path, monkeypatch: pytest.MonkeyPatch, drive: str, removable: bool) -> None:
    """USB and card readers call many drives fixed; an encrypted one is what it is made of."""
    (system / "dev" / "block").mkdir(parents=True)
    (system / "dev" / "block" / "8:1").symlink_to(system / "devices" / drive)
    monkeypatch.setattr("model_manager.base.volumes.block_number", lambda _source: os.makedev(8, 1))
    assert is_removable(Volume("uuid:x", "ext4", "/data", source="/dev/x"), str(system)) is removable


@pytest.mark.parametrize(
    ("mount", "removable"),
    [("/run/media/anna/STICK", True), ("/media/anna/disk", True), ("/mnt/usb-old", True), ("/mnt/data", False), ("/", False)],
)  # fmt: skip
def test_where_such_drives_are_mounted(mount: str, removable: bool) -> None:
    assert is_removable(Volume("x", "ext4", mount)) is removable


def test_mountinfo_is_read_with_its_escapes(tmp_path: Path) -> None:
    file = tmp_path / "mountinfo"
    file.write_text("36 35 8:1 / /mnt/my\\040disk rw,noatime shared:1 - ext4 /dev/sda1 rw\nbroken line\n")
    (mount,) = read_mounts(str(file))
    assert (mount.point, mount.kind, mount.device) == ("/mnt/my disk", "ext4", os.makedev(8, 1))


def test_a_volume_has_a_name_that_is_no_device_number(tmp_path: Path) -> None:
    volume = Volumes().of(str(tmp_path), os.stat(tmp_path).st_dev)
    assert volume.name and str(os.stat(tmp_path).st_dev) not in volume.name


@pytest.mark.skipif(os.getuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize("kind", ["ext4"])
def test_a_replugged_drive_keeps_its_name(tmp_path: Path, kind: str) -> None:
    """One image, mounted twice under other device numbers: the same volume."""
    image, other = tmp_path / "a.img", tmp_path / "b.img"
    point = tmp_path / "drive"
    point.mkdir()
    for path in (image, other):
        with open(path, "wb") as file:
            file.truncate(8 << 20)
        subprocess.run(["mkfs.ext4", "-q", str(path)], check=True)
    names, devices = [], []
    for number in range(2):
        if number == 1:  # another drive takes the first loop device meanwhile
            (tmp_path / "between").mkdir()
            if subprocess.run(["mount", "-o", "loop", str(other), str(tmp_path / "between")]).returncode:
                pytest.skip("no loop devices here")
        if subprocess.run(["mount", "-o", "loop", str(image), str(point)]).returncode:
            pytest.skip("no loop devices here")
        found = os.stat(point)
        names.append(Volumes().of(str(point), found.st_dev).name)
        devices.append(found.st_dev)
        subprocess.run(["umount", str(point)], check=True)
    subprocess.run(["umount", str(tmp_path / "between")], check=True)
    assert names[0] == names[1] and devices[0] != devices[1]
