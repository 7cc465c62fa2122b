"""File systems by a lasting name.

`st_dev` changes with a reboot or a replug, so it is mapped to a volume when first met and
never stored. `volume_names` says how a file system is known again.
"""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path

from model_manager.base.volume_names import block_number, held_by, lasting_name

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre",
                     "gpfs", "beegfs", "fuse.glusterfs", "fuse.ceph",
                     "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.davfs", "davfs", "fuse.gvfsd-fuse"})  # fmt: skip
# Inode numbers of these are made up at mount time or per lookup, and mean nothing later.
_FAT = frozenset({"vfat", "msdos", "exfat"})
_UNLASTING = _FAT | frozenset({"cifs", "smb3", "smbfs", "9p", "davfs"})
# libfuse gives numbers out in the order of look-ups unless a file system has its own (`use_ino`): only these are known
# to keep theirs over a remount. ntfs-3g's are the numbers of the master file table.
_LASTING_FUSE = frozenset({"fuse.ntfs-3g", "fuse.ntfs", "fuse.fuse2fs", "fuse.ceph", "fuse.glusterfs", "fuse.juicefs",
                           "fuse.mfs", "fuse.gocryptfs"})  # fmt: skip
_LASTING_BLOCK = frozenset({"ntfs", "ext2", "ext3", "ext4"})
"""What a `fuseblk` must hold."""
_PSEUDO = frozenset({"proc", "sysfs", "devpts", "devtmpfs", "cgroup", "cgroup2", "securityfs", "pstore",
                     "debugfs", "tracefs", "configfs", "bpf", "mqueue", "hugetlbfs", "autofs", "rpc_pipefs",
                     "fusectl", "binfmt_misc", "efivarfs", "nsfs", "fuse.portal", "squashfs", "ramfs"})  # fmt: skip
KERNELS_OWN = _PSEUDO - {"squashfs", "ramfs", "autofs", "fuse.portal"}
"""What these show are no files of anybody's: processes, devices, settings of the kernel."""
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Volume:
    """One mounted file system. `lasting`: its inode numbers stay over remounts. `source`: the device or place behind.

    `true_ctime`: its change times are kept on the disk; FAT and exFAT have none, theirs are made up when it is mounted.
    """

    name: str
    kind: str
    mount: str
    network: bool = False
    lasting: bool = True
    read_only: bool = False
    source: str = ""
    true_ctime: bool = True


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo: what is mounted where."""

    device: int
    point: str
    kind: str
    source: str
    read_only: bool
    access_times: bool = True
    """Whether reading is noted at all: not with `noatime`."""
    root: str = "/"
    """What of the file system is mounted: a folder of it in a bind mount, a subvolume of btrfs."""
    options: str = ""
    """The file system's own, as it tells them."""


def read_mounts(path: str = "/proc/self/mountinfo") -> list[Mount]:
    """The mounts of this system; empty where there is no mountinfo."""
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    mounts = []
    for line in lines:
        left, _, right = line.partition(" - ")
        fields, tail = left.split(" "), right.split(" ")
        if len(fields) < 6 or len(tail) < 2:
            continue
        major, _, minor = fields[2].partition(":")
        options = fields[5].split(",")
        mounts.append(Mount(os.makedev(int(major), int(minor)), _unescape(fields[4]), tail[0],
                            _unescape(tail[1]), "ro" in options, "noatime" not in options, _unescape(fields[3]),
                            _unescape(" ".join(tail[2:]))))  # fmt: skip
    return mounts


def _unescape(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


class Volumes:
    """Maps what `stat` says to volumes; asks the system once per device. Any thread may ask."""

    def __init__(self) -> None:
        self._mounts: list[Mount] | None = None
        self._known: dict[int, Volume] = {}
        self._lock = threading.Lock()

    def of(self, path: str, device: int) -> Volume:
        """The volume that holds `path`, whose `st_dev` is `device`."""
        known = self._known.get(device)
        if known is not None:
            return known
        with self._lock:
            volume = self._known[device] = self._look(path, device)
        return volume

    def mounted(self) -> list[Mount]:
        """Mounts that may hold a person's files, without the kernel's own."""
        return [mount for mount in self._all() if mount.kind not in _PSEUDO]

    def mount_of(self, path: str) -> Mount | None:
        """The mount whose point is the longest prefix of `path` (by name, without touching it)."""
        best: Mount | None = None
        for mount in self._all():
            point = mount.point.rstrip("/") + "/"
            inside = path == mount.point or path.startswith(point)
            if inside and (best is None or len(mount.point) >= len(best.point)):
                best = mount
        return best

    def forget(self) -> None:
        """Looks again at the next question: drives come and go. Call before each scan."""
        with self._lock:
            self._mounts = None
            self._known.clear()

    def _all(self) -> list[Mount]:
        if self._mounts is None:
            self._mounts = read_mounts()
        return self._mounts

    def _look(self, path: str, device: int) -> Volume:
        mount = next((m for m in reversed(self._all()) if m.device == device), None)
        # btrfs gives every subvolume a device of its own that mountinfo does not list.
        mount = mount or self.mount_of(os.path.realpath(path))
        if mount is None:
            return _without_mountinfo(path, device)
        lasting = _is_lasting(mount.kind, device, mount.source) and not _is_layered(mount, device)
        return Volume(
            name=self._name(mount, device, path),
            kind=mount.kind,
            mount=mount.point,
            network=mount.kind in NETWORK,
            lasting=lasting,
            read_only=mount.read_only,
            source=mount.source,
            true_ctime=not _is_fat(mount.kind, lasting),
        )

    def _name(self, mount: Mount, device: int, path: str) -> str:
        """Its lasting name, or one of its own where a copy of a whole drive, made block by block, is mounted beside it.

        The one that was mounted first keeps the name: that is the drive of this computer, not its copy.
        """
        name = lasting_name(mount.kind, mount.source, mount.point, device, path)
        if not block_number(mount.source) or mount.kind == "btrfs":  # of btrfs the kernel mounts no second copy
            return name
        for other in self._all():
            if other.device == device:
                break
            if other.kind == mount.kind and block_number(other.source) not in (0, block_number(mount.source)):
                if lasting_name(other.kind, other.source, other.point, other.device, other.point) == name:
                    return f"{name}:{mount.source}"
        return name


def _is_layered(mount: Mount, device: int) -> bool:
    """Whether a file keeps the number that it has in some layer below: of another layer another file may have the same.

    An overlay of several file systems shows the device numbers of its layers, one of its own where they are one.
    """
    return mount.kind == "overlay" and mount.device != device


def _is_lasting(kind: str, device: int, source: str) -> bool:
    """Whether a file's inode number is the same after a remount. What nobody knows is not."""
    if kind == "fuseblk" or kind.startswith("fuseblk."):
        return held_by(device, source).kind in _LASTING_BLOCK
    if kind == "fuse" or kind.startswith("fuse."):
        return kind in _LASTING_FUSE
    return kind not in _UNLASTING


def _is_fat(kind: str, lasting: bool) -> bool:
    """FAT or exFAT, by the kernel or by FUSE; of what a `fuseblk` may hold only these have no lasting inode numbers."""
    return kind in _FAT or "exfat" in kind or (kind.startswith("fuseblk") and not lasting)


def may_hang(kind: str) -> bool:
    """Whether what is mounted is served by another computer or program, which may not answer."""
    return kind in NETWORK or kind.startswith("fuse")


def is_removable(volume: Volume, system: str = "/sys") -> bool:
    """Whether a person can unplug it: a stick, a card, a drive at USB, or what is mounted where such drives are.

    `system` is where the kernel tells of devices. Network drives are told by `Volume.network`, not here.
    """
    mount = volume.mount
    if mount.startswith(("/media/", "/run/media/", "/Volumes/")):
        return True
    if mount.startswith("/mnt/") and "usb" in mount.lower():
        return True
    device = block_number(volume.source)
    return bool(device) and _can_be_unplugged(f"{system}/dev/block/{os.major(device)}:{os.minor(device)}")


def _can_be_unplugged(place: str, depth: int = 4) -> bool:
    """Asks a block device as /sys shows it, or what an encrypted or joined one is made of."""
    real = os.path.realpath(place)
    if os.path.exists(os.path.join(real, "partition")):
        real = os.path.dirname(real)
    if _first_line(os.path.join(real, "removable")) == "1" or re.search(r"/(usb\d+|fw\d+)/", real):
        return True
    if _first_line(os.path.join(real, "device", "type")) == "SD":  # a card reader calls its cards fixed
        return True
    try:
        below = os.listdir(os.path.join(real, "slaves")) if depth else []
    except OSError:
        return False
    return any(_can_be_unplugged(os.path.join(real, "slaves", name), depth - 1) for name in below)


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.readline(64).strip()
    except OSError:
        return ""


def mount_point(path: str) -> str:
    """Where the file system is mounted that holds `path`, whether it exists or not."""
    point = os.path.realpath(path)
    while not os.path.ismount(point) and os.path.dirname(point) != point:
        point = os.path.dirname(point)
    return point


def _without_mountinfo(path: str, device: int) -> Volume:
    """Elsewhere than on Linux: Windows' `st_dev` is the volume's serial number; macOS' is not."""
    if os.name == "nt":
        return Volume(f"serial:{device:x}", "unknown", os.path.splitdrive(path)[0] + os.sep)
    point = mount_point(path)
    return Volume(f"mount:{point}", "unknown", point)
