"""File systems by a lasting name.

`st_dev` changes with a reboot or a replug, so it is mapped to a volume when first met and
never stored. The name is the file system's UUID where the system tells it, else what is
mounted, of which type and where.
"""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre",
                     "gpfs", "beegfs", "fuse.glusterfs", "fuse.ceph",
                     "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.davfs", "davfs", "fuse.gvfsd-fuse"})  # fmt: skip
# Inode numbers of these are made up at mount time or per lookup, and mean nothing later.
_UNLASTING = frozenset({"vfat", "msdos", "exfat", "fuse.exfat", "cifs", "smb3", "smbfs", "9p",
                        "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "davfs", "fuse.davfs",
                        "fuse.gvfsd-fuse", "fuse.mergerfs", "fuse.unionfs"})  # fmt: skip
_PSEUDO = frozenset({"proc", "sysfs", "devpts", "devtmpfs", "cgroup", "cgroup2", "securityfs", "pstore",
                     "debugfs", "tracefs", "configfs", "bpf", "mqueue", "hugetlbfs", "autofs", "rpc_pipefs",
                     "fusectl", "binfmt_misc", "efivarfs", "nsfs", "fuse.portal", "squashfs", "ramfs"})  # fmt: skip
_FS_IOC_GETFSUUID = 0x80111500
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Volume:
    """One mounted file system. `lasting`: its inode numbers stay over remounts."""

    name: str
    kind: str
    mount: str
    network: bool = False
    lasting: bool = True
    read_only: bool = False


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
                            _unescape(tail[1]), "ro" in options, "noatime" not in options))  # fmt: skip
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
        return Volume(
            name=_lasting_name(mount, device, path),
            kind=mount.kind,
            mount=mount.point,
            network=mount.kind in NETWORK,
            lasting=mount.kind not in _UNLASTING,
            read_only=mount.read_only,
        )


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


def _lasting_name(mount: Mount, device: int, path: str) -> str:
    uuid = _uuid_by_device(device) or _uuid_by_ioctl(mount.point)
    if mount.kind == "btrfs" and uuid:
        return f"uuid:{uuid}:{_fsid(path):x}"  # f_fsid folds in the subvolume
    if uuid:
        return f"uuid:{uuid}"
    if mount.kind in ("ext2", "ext3", "ext4") and _fsid(mount.point):
        return f"fsid:{_fsid(mount.point):x}"  # ext computes it from its UUID
    return f"{mount.kind}:{mount.source}:{mount.point}"


def _uuid_by_device(device: int) -> str:
    folder = "/dev/disk/by-uuid"
    try:
        names = os.listdir(folder)
    except OSError:
        return ""
    for name in names:
        try:
            if os.stat(os.path.join(folder, name)).st_rdev == device:
                return name.lower()
        except OSError:
            continue
    return ""


def _uuid_by_ioctl(point: str) -> str:
    """The UUID by FS_IOC_GETFSUUID (Linux 6.9 and later: ext4, xfs, btrfs, f2fs, bcachefs)."""
    try:
        import fcntl
    except ImportError:
        return ""
    buffer = bytearray(17)
    try:
        number = os.open(point, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        fcntl.ioctl(number, _FS_IOC_GETFSUUID, buffer)
    except OSError:
        return ""
    finally:
        os.close(number)
    length = min(buffer[0], 16)
    return bytes(buffer[1 : 1 + length]).hex() if any(buffer[1 : 1 + length]) else ""


def _fsid(path: str) -> int:
    try:
        return os.statvfs(path).f_fsid
    except OSError:
        return 0
