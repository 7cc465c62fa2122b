"""What a file or folder was when a plan was made: looked at again just before acting."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace

from model_manager.base.identity import lasting_inode
from model_manager.base.messages import said
from model_manager.base.volumes import Volumes

_BY_CONTENT = re.compile(r"(?:sha256-)?[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True)
class Identity:
    """(volume, inode), and for files size and mtime. `st_dev` is never kept: it changes with a reboot.

    `inode` is 0 where inode numbers do not last (FAT, exFAT, SMB, some FUSE): there only the volume,
    the path and what lies at it can tell. `tree` stands for all that a folder holds, where it goes whole.
    """

    volume: str
    inode: int
    size: int | None = None
    mtime_ns: int | None = None
    tree: str | None = None

    def is_same_thing(self, other: Identity | None) -> bool:
        """Whether `other` has this very number, whatever became of its content: to be believed moments later only.

        A number is given to the next file once this one is gone; see `is_as_left`.
        """
        if other is None or (self.volume, self.inode) != (other.volume, other.inode):
            return False
        return self.inode != 0 or (self.size, self.mtime_ns) == (other.size, other.mtime_ns)


def is_as_left(seen: Identity, path: str, found: Identity, timeless: bool = False) -> bool:
    """Whether what lies at `path`, whose identity now is `found`, is what was left there, with all that it holds.

    `timeless`: its time may have been set since. Raises OSError when a folder cannot be read through.
    """
    if timeless:
        found = replace(found, mtime_ns=seen.mtime_ns)
    if seen.tree is not None and found == replace(seen, tree=None):
        found = whole_tree(path, found)
    return found == seen


def is_named_by_content(path: str) -> bool:
    """Whether a name is the hash of what it holds, so that whatever has it has the same bytes."""
    return _BY_CONTENT.fullmatch(os.path.basename(path)) is not None


def identity_of(path: str, details: os.stat_result, volumes: Volumes) -> Identity:
    """The identity of what `details` (from lstat) says lies at `path`; a folder's has no size or mtime."""
    volume = volumes.of(path, details.st_dev)
    inode = lasting_inode(details, volume)
    if stat.S_ISDIR(details.st_mode):
        return Identity(volume.name, inode)
    return Identity(volume.name, inode, details.st_size, details.st_mtime_ns)


def whole_tree(path: str, identity: Identity) -> Identity:
    """A folder's identity with the mark of everything below it: names, kinds, inodes, sizes and times.

    Raises OSError; one that cannot be read through cannot go whole. Follows no link; bounded by the
    folder alone, which is a model's.
    """
    mark = hashlib.sha256()
    lasting = identity.inode != 0
    _mark_folder(path, "", lasting, mark.update)
    return replace(identity, tree=mark.hexdigest())


def _mark_folder(folder: str, below: str, lasting: bool, add: Callable[[bytes], object]) -> None:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        details = entry.stat(follow_symlinks=False)
        name = f"{below}/{entry.name}"
        inode = details.st_ino if lasting else 0
        if stat.S_ISDIR(details.st_mode):
            line = f"{name}\0folder\0{inode}\n"
        else:
            line = f"{name}\0{stat.S_IFMT(details.st_mode)}\0{inode}\0{details.st_size}\0{details.st_mtime_ns}\n"
        add(os.fsencode(line))
        if stat.S_ISDIR(details.st_mode):
            _mark_folder(entry.path, name, lasting, add)


def identity_to_record(identity: Identity) -> dict[str, object]:
    """For the journal; figures that a folder does not have are left out."""
    record: dict[str, object] = {"volume": identity.volume, "inode": identity.inode}
    if identity.size is not None:
        record |= {"size": identity.size, "mtime_ns": identity.mtime_ns}
    if identity.tree is not None:
        record["tree"] = identity.tree
    return record


def identity_from_record(record: object) -> Identity:
    """The reverse. Raises ValueError for anything else."""
    if not isinstance(record, dict):
        raise ValueError(said("no identity"))
    volume, inode = record.get("volume"), record.get("inode")
    size, mtime_ns, tree = record.get("size"), record.get("mtime_ns"), record.get("tree")
    if not isinstance(volume, str) or not isinstance(inode, int):
        raise ValueError(said("no identity"))
    if not isinstance(size, int | None) or not isinstance(mtime_ns, int | None) or not isinstance(tree, str | None):
        raise ValueError(said("an identity of a strange kind"))
    return Identity(volume, inode, size, mtime_ns, tree)
