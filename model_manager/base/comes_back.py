"""What comes back of a file's bytes when it goes, and why the rest does not."""

from __future__ import annotations

import os
from typing import NamedTuple

from model_manager.base.extents import SHARING, blocks_of
from model_manager.base.volumes import Mount, Volumes


class Back(NamedTuple):
    """In bytes; together they are what the file is said to take on disk."""

    own: int
    shared: int = 0
    """In blocks that other files have too."""
    packed: int = 0
    """Not taken: the file system keeps the file compressed."""
    below: int = 0
    """In a lower layer of an overlay, which no deletion reaches: it only hides the file."""
    unsure: int = 0
    """In one layer or another: that cannot be seen from here."""


def comes_back(path: str, on_disk: int, volumes: Volumes) -> Back:
    """Of a file at a path without links. Asked of the volumes on which it can be less than all, known by the names of
    their mounts: nothing else is touched."""
    mount = volumes.mount_of(path)
    if not on_disk or mount is None or mount.kind not in SHARING:
        return Back(on_disk)
    if mount.kind == "overlay" and (layer := _layer(path, mount)) != "upper":
        return Back(0, below=on_disk) if layer == "lower" else Back(0, unsure=on_disk)
    blocks = blocks_of(path)
    shared = min(blocks.shared, on_disk)
    packed = min(blocks.packed, on_disk - shared)
    return Back(on_disk - shared - packed, shared, packed)


def _layer(path: str, mount: Mount) -> str:
    """`upper`, `lower`, or `unknown` where the layers of an overlay cannot be seen (within a container)."""
    options = dict(part.partition("=")[::2] for part in mount.options.split(","))
    upper = options.get("upperdir", "")
    if not upper or not os.path.isabs(upper) or not os.path.isdir(upper):
        return "unknown"
    try:
        found = os.lstat(os.path.join(upper, os.path.relpath(path, mount.point)))
    except OSError:
        return "lower"
    # With metacopy only the names and modes are in the upper layer.
    return "lower" if found.st_size and not getattr(found, "st_blocks", 1) else "upper"
