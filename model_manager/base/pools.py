"""Mounts that show a part of a folder in another place, or join it with others (mergerfs, overlayfs, bindfs, bind mounts).

What lies in such a folder may be named from there: what it looks like alone does not tell that nobody needs a file of it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from model_manager.base import reach
from model_manager.base.behind import folders_behind
from model_manager.base.volumes import Mount, Volumes

_MOST_MOUNTS = 8
"""Mounts that show a mount that shows a mount …"""


class TrueFile:
    """The file that a path of a mount shows which stands on other folders, as the mounts tell it. Opens nothing, and asks
    no mount that does not answer."""

    def __init__(self, volumes: Volumes) -> None:
        self._volumes = volumes
        self._folders: dict[str, list[str]] = {}

    def of(self, real: str) -> tuple[str, os.stat_result] | None:
        """The path of the very file at a path without links, as far down as the mounts tell, and what it is there.

        None where no mount on the way to it shows another folder, or what lies behind cannot be seen from here.
        """
        found = None
        for _ in range(_MOST_MOUNTS):
            mount = self._volumes.mount_of(real)
            below = self._below(mount, real) if mount is not None else None
            if below is None:
                break
            real, found = below[0], below
        return found

    def _below(self, mount: Mount, real: str) -> tuple[str, os.stat_result] | None:
        """The first folder that a mount shows wins, as it does in the mount."""
        for folder in self._shows(mount):
            path = os.path.join(folder, os.path.relpath(real, mount.point))
            with contextlib.suppress(OSError):
                return path, reach.lstat(path)
        return None

    def _shows(self, mount: Mount) -> list[str]:
        known = self._folders.get(mount.point)
        if known is None:
            found = _joined(mount) or list(_shown(mount, self._volumes.mounted()))
            known = self._folders[mount.point] = [folder for folder in found if os.path.isdir(folder)]
        return known


def shown_in(folder: str, volumes: Volumes) -> str:
    """Where a mount joins this folder with others, or shows only a part of it; empty where none does.

    A mount that shows it whole (a container's, a second path) names nothing that the folder does not name itself.
    """
    inside = folder.rstrip(os.sep) + os.sep
    mounts = volumes.mounted()
    for mount in mounts:
        joins = _joined(mount)
        for source in joins or _shown(mount, mounts):
            below = source.rstrip(os.sep) + os.sep
            is_part = below.startswith(inside) and below != inside
            if is_part or (joins and inside.startswith(below)):
                return mount.point
    return ""


def _joined(mount: Mount) -> list[str]:
    """The folders that a mount shows as one, where it is of those that join several."""
    if mount.kind != "overlay" and ("mergerfs" not in mount.kind or reach.on_silent(mount.point)):
        return []
    return folders_behind(mount) or []


def _shown(mount: Mount, mounts: list[Mount]) -> Iterator[str]:
    """The folder that a mount shows in its place: of bindfs, or of the kernel's own bind mounts."""
    if mount.kind.startswith("fuse") and "mergerfs" not in mount.kind:
        yield from folders_behind(mount) or []
    if mount.root in ("", "/"):
        return
    for other in mounts:
        if other.device == mount.device and other.point != mount.point:
            top = other.root.rstrip("/")
            if mount.root == other.root or mount.root.startswith(top + "/"):
                yield os.path.join(other.point, mount.root[len(top) :].lstrip("/")).rstrip("/") or "/"
