"""What lies behind a file that a mount shows from other folders: mergerfs, bindfs, overlayfs and their like.

Nothing that is asked through such a mount tells who writes to the file behind it, or that a pool has a file of this name
in a second branch. So what is behind is looked for: the pool is asked, then the list of mounts, then the words with which
the pool was started. Where all of them are silent it is not known, and nothing may be concluded.
"""

from __future__ import annotations

import contextlib
import glob
import itertools
import os
import stat

from model_manager.base import reach
from model_manager.base.volumes import NETWORK, Mount, Volumes

OWN_FILES = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "reiserfs", "bcachefs", "zfs", "tmpfs",
                       "ramfs", "vfat", "msdos", "exfat", "ntfs", "ntfs3", "hfs", "hfsplus", "udf", "iso9660",
                       "squashfs", "erofs", "nilfs2", "fuseblk"})  # fmt: skip
"""File systems of a device or of memory: each file is theirs alone. `fuseblk` has a block device to itself."""
_NOTHING_BEHIND = NETWORK | {"ecryptfs", "virtiofs", "fuse.virtiofs", "vboxsf", "prl_fs", "fuse.vmhgfs-fuse", "fuse.ntfs-3g",
                             "fuse.ntfs", "fuse.fuse2fs", "fuse.fuse-ext2", "fuse.exfat", "fuse.exfat-fuse", "fuse.apfs-fuse",
                             "fuse.squashfuse", "fuse.gocryptfs", "fuse.encfs", "fuse.cryfs", "fuse.securefs",
                             "fuse.juicefs", "fuse.mfs", "fuse.jmtpfs", "fuse.simple-mtpfs", "fuse.curlftpfs",
                             "fuse.google-drive-ocamlfuse", "fuse.onedriver", "fuse.veracrypt"}  # fmt: skip
"""These keep files of their own, of another computer, or enciphered: no other path of this computer shows their bytes."""
_DEEPEST = 4


def keeps_its_own(kind: str) -> bool:
    """Whether inode numbers tell the files of this kind of file system apart: none of them shows another one's."""
    # Where the system tells nothing of its mounts (macOS, Windows), numbers are all there is to go by.
    return kind in OWN_FILES or kind == "unknown"


class Behind:
    """What lies behind paths, for one question: each mount is asked once."""

    def __init__(self, volumes: Volumes) -> None:
        self._volumes = volumes
        self._folders: dict[str, list[str] | None] = {}

    def of(self, path: str, depth: int = 0) -> list[str] | None:
        """The files or folders of other file systems that are shown at a real path; none where it is one of its own.

        None where that cannot be known. Of a pool each that has the name, also those that it hides.
        """
        try:
            found = reach.lstat(path)
            volume = self._volumes.of(path, found.st_dev)
        except OSError:
            return []  # whoever takes it says better what is wrong
        if keeps_its_own(volume.kind) or volume.kind in _NOTHING_BEHIND:
            return []
        mount = self._volumes.mount_of(path)
        shown = None if mount is None or depth > _DEEPEST else self._shown(path, found, mount)
        if shown is None:
            return None
        deepest: list[str] = []
        for one in shown:
            deeper = self.of(one, depth + 1)
            if deeper is None:
                return None
            deepest += deeper or [one]
        return list(dict.fromkeys(deepest))

    def _shown(self, path: str, found: os.stat_result, mount: Mount) -> list[str] | None:
        told = _told_paths(path, mount)
        if told:
            return [reach.realpath(one) for one in told]
        folders = self._behind(mount)
        if not folders:  # none of them is to be seen from here, as in a container: then nobody here comes to them
            return folders
        inside = os.path.join(mount.root.lstrip("/"), os.path.relpath(path, mount.point))
        names = [reach.real_parent(os.path.normpath(os.path.join(folder, inside))) for folder in folders]
        there = [name for name in names if _is_the_like(name, found)]
        if mount.kind == "overlay":
            there = there[:1]
        return there if any(_has_size(name, found) for name in there) else None

    def _behind(self, mount: Mount) -> list[str] | None:
        if mount.point not in self._folders:
            self._folders[mount.point] = folders_behind(mount)
        return self._folders[mount.point]


def folders_behind(mount: Mount) -> list[str] | None:
    """The folders that a mount shows, the first one on top; None where it does not tell.

    Of an overlay whose folders are not to be seen from here (a container's): none.
    """
    if mount.kind == "overlay":
        folders = _of_overlay(mount.options)
        return folders if any(os.path.isdir(one) for one in folders if not reach.silent_mount(one)) else []
    if not mount.kind.startswith(("fuse", "aufs")) or mount.point == "/":
        return None if mount.kind.startswith("aufs") else []
    if "mergerfs" in mount.kind:
        words = _told_branches(mount.point) or _started_with(mount.point) or mount.source
        folders = [one for word in words.split(":") for one in _branch(word)]
    else:
        folders = [mount.source]
    folders = [one for one in folders if os.path.isabs(one) and not one.startswith("/dev/")]
    return [reach.realpath(one) for one in folders] or None


def _of_overlay(options: str) -> list[str]:
    named: dict[str, list[str]] = {"upperdir": [], "lowerdir": []}
    for part in options.split(","):
        name, _, value = part.partition("=")
        if name.rstrip("+") in named:
            named[name.rstrip("+")] += [one for one in value.split(":") if one]
    return [os.path.abspath(one) for one in (*named["upperdir"], *named["lowerdir"])]


def _told_paths(path: str, mount: Mount) -> list[str]:
    """Every file of this name, by mergerfs itself; none where it is another file system, or answers no attributes."""
    if "mergerfs" not in mount.kind:
        return []
    try:
        told = os.getxattr(path, "user.mergerfs.allpaths", follow_symlinks=False)
    except (OSError, AttributeError):
        return []
    return [os.fsdecode(one) for one in told.split(b"\0") if one]


def _told_branches(point: str) -> str:
    """Its branches by mergerfs itself. Its control file answers also where `xattr=noattr` keeps the others silent."""
    for name in ("user.mergerfs.branches", "user.mergerfs.srcmounts"):
        with contextlib.suppress(OSError, AttributeError):
            return os.fsdecode(os.getxattr(os.path.join(point, ".mergerfs"), name))
    return ""


def _started_with(point: str) -> str:
    """The branches in the words with which the pool at this place was started; empty where no such program is seen."""
    try:
        pids = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return ""
    for pid in pids:
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = os.fsdecode(file.read(1 << 16)).rstrip("\0").split("\0")
        except OSError:
            continue
        if "mergerfs" not in os.path.basename(words[0]):
            continue
        for branches, place in itertools.pairwise(words):
            if os.path.isabs(place) and os.path.normpath(place) == point and os.path.isabs(branches):
                return branches
    return ""


def _branch(word: str) -> list[str]:
    """The folders of one branch: `/mnt/d*=RW,50G` stands for all that match."""
    pattern = word.partition("=")[0]
    if glob.has_magic(pattern) and not os.path.lexists(pattern):
        return sorted(glob.glob(pattern))
    return [pattern] if pattern else []


def _is_the_like(name: str, found: os.stat_result) -> bool:
    """Whether something of the same kind lies there."""
    try:
        return stat.S_IFMT(reach.lstat(name).st_mode) == stat.S_IFMT(found.st_mode)
    except OSError:
        return False


def _has_size(name: str, found: os.stat_result) -> bool:
    """Whether it may be what is shown: a folder, or of the same size."""
    try:
        return stat.S_ISDIR(found.st_mode) or reach.lstat(name).st_size == found.st_size
    except OSError:
        return False
