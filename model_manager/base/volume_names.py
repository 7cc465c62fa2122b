"""By what a file system is known again: its UUID where anyone tells it, else its label, else what is mounted where."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

_FS_IOC_GETFSUUID, _UUID_AT = 0x80111500, 1
_BTRFS_IOC_FS_INFO, _FSID_AT = 0x8400941F, 16
"""linux/btrfs.h: 1,024 bytes, the UUID behind two numbers; anybody who may open a folder of it may ask."""
_BEHIND = ("fuse.exfat", "fuse.exfat-fuse", "fuse.ntfs", "fuse.ntfs-3g")
"""Mounted by a person: the device is behind one that FUSE made up."""
_UDEV = "/run/udev/data"
_TOLD_BY_UDEV = {"ID_FS_TYPE": "kind", "ID_FS_UUID": "uuid", "ID_FS_LABEL": "label"}


class Held(NamedTuple):
    """What a block device holds: its file system and the name that was given to it when it was made."""

    kind: str = ""
    uuid: str = ""
    label: str = ""


def lasting_name(kind: str, source: str, point: str, device: int, path: str) -> str:
    """The name of what is mounted from `source` at `point`, whose `st_dev` is `device` at `path`."""
    if kind in _BEHIND:
        device = block_number(source) or device
    if kind == "btrfs":
        # Its device numbers are made up, so by-uuid knows none of them; f_fsid folds in the subvolume, and inode numbers
        # begin anew in each: the first file of any subvolume is 257.
        uuid = _uuid_of_btrfs(point)
        return f"uuid:{uuid}:{_fsid(path):x}" if uuid else f"{kind}:{source}:{point}:{_fsid(path):x}"
    uuid = _by_device("/dev/disk/by-uuid", device).lower() or _uuid_by_ioctl(point)
    if uuid:
        return f"uuid:{uuid}"
    if kind in ("ext2", "ext3", "ext4") and _fsid(point):
        return f"fsid:{_fsid(point):x}"  # ext computes it from its UUID
    if block_number(source) == device:  # else anybody may have named it so
        held = held_by(device, source)
        if held.uuid:
            return f"uuid:{held.uuid}"
        if label := held.label or _by_device("/dev/disk/by-label", device):
            return f"label:{kind}:{label}"
    return f"{kind}:{source}:{point}"


def block_number(source: str) -> int:
    """The number of a block device, 0 for anything else."""
    try:
        found = os.stat(source) if source.startswith("/dev/") else None
    except OSError:
        return 0
    return found.st_rdev if found and stat.S_ISBLK(found.st_mode) else 0


def held_by(device: int, source: str) -> Held:
    """What lies on a device, as udev noted it, else as its first sector says (which an administrator may read)."""
    told = _told_by_udev(device)
    return told if told.kind else _first_sector(source)


def _told_by_udev(device: int) -> Held:
    try:
        with open(f"{_UDEV}/b{os.major(device)}:{os.minor(device)}", encoding="utf-8", errors="replace") as file:
            lines = file.read(64 << 10).splitlines()
    except OSError:
        return Held()
    found = {}
    for line in lines:
        key, _, value = line.removeprefix("E:").partition("=")
        if line.startswith("E:") and key in _TOLD_BY_UDEV:
            found[_TOLD_BY_UDEV[key]] = value
    return Held(found.get("kind", ""), found.get("uuid", "").lower(), found.get("label", ""))


def _first_sector(source: str) -> Held:
    """Kind and serial number of exFAT, NTFS and FAT, written as /dev/disk/by-uuid writes them."""
    try:
        number = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return Held()
    try:
        sector = os.pread(number, 512, 0)
    except OSError:
        return Held()
    finally:
        os.close(number)
    if sector[3:11] == b"EXFAT   ":
        return Held("exfat", _as_fat(sector[100:104]))
    if sector[3:11] == b"NTFS    ":
        return Held("ntfs", f"{int.from_bytes(sector[72:80], 'little'):016x}")
    if sector[82:87] == b"FAT32":
        return Held("vfat", _as_fat(sector[67:71]))
    if sector[54:57] == b"FAT":
        return Held("vfat", _as_fat(sector[39:43]))
    return Held()


def _as_fat(serial: bytes) -> str:
    low, high = int.from_bytes(serial[:2], "little"), int.from_bytes(serial[2:], "little")
    return f"{high:04x}-{low:04x}" if low or high else ""


def _by_device(folder: str, device: int) -> str:
    """The name that a folder of links has for a device."""
    try:
        names = os.listdir(folder)
    except OSError:
        return ""
    for name in names:
        try:
            if os.stat(os.path.join(folder, name)).st_rdev == device:
                return name
        except OSError:
            continue
    return ""


def _uuid_by_ioctl(point: str) -> str:
    """The UUID by FS_IOC_GETFSUUID (Linux 6.9 and later: ext4, xfs, f2fs, bcachefs)."""
    buffer = _asked(point, _FS_IOC_GETFSUUID, 17)
    uuid = buffer[_UUID_AT : _UUID_AT + min(buffer[0], 16)] if buffer else b""
    return uuid.hex() if any(uuid) else ""


def _uuid_of_btrfs(point: str) -> str:
    buffer = _asked(point, _BTRFS_IOC_FS_INFO, 1024)
    text = buffer[_FSID_AT : _FSID_AT + 16].hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}" if text.strip("0") else ""


def _asked(point: str, request: int, size: int) -> bytes:
    """What the file system at a mount point answers; empty where it does not know the question."""
    try:
        import fcntl
    except ImportError:
        return b""
    buffer = bytearray(size)
    try:
        number = os.open(point, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        fcntl.ioctl(number, request, buffer)
    except OSError:
        return b""
    finally:
        os.close(number)
    return bytes(buffer)


def _fsid(path: str) -> int:
    try:
        return os.statvfs(path).f_fsid
    except OSError:
        return 0
