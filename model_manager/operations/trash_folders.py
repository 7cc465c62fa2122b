"""Where a thing goes that is cleared away: the trash of its own volume, or a folder of ours there.

The rules of the freedesktop trash specification 1.0: the home trash for what shares its mount, else
`.Trash/$uid` below the mount point if an administrator made it (sticky, no link), else `.Trash-$uid`.
Nothing is ever copied: a bind mount or a btrfs subvolume of the same disk counts as another volume,
because a rename does not cross it.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from model_manager.base import reach
from model_manager.base.home import home
from model_manager.base.volumes import Volumes

ASIDE = ".model-manager-aside"
"""Our folder on a volume that can have no trash; a scan never enters it."""


@dataclass(frozen=True, slots=True)
class Bin:
    """`folder` has files/ and info/; None is the system's own trash, which does not say where things go."""

    kind: Literal["trash", "aside", "system"]
    folder: str | None


def home_trash() -> str:
    """The user's own trash: `$XDG_DATA_HOME/Trash`."""
    data = os.environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(data):
        data = os.path.join(home(), ".local", "share")
    return os.path.join(reach.realpath(data), "Trash")


def trash_for(path: str, volumes: Volumes) -> Bin | None:
    """The trash that `path` (its parent resolved) can be renamed into; None where there can be none."""
    if sys.platform in ("win32", "darwin"):
        return Bin("system", None)
    own = home_trash()
    parent = os.path.dirname(path)
    if renames(parent, own, volumes):
        return Bin("trash", own)
    mount = volumes.mount_of(parent)
    if mount is None or not renames(parent, mount.point, volumes):
        return None
    shared = os.path.join(mount.point, ".Trash")
    if _is_shared_trash(shared):
        own = os.path.join(shared, str(os.getuid()))
        if _is_own(own) or (not os.path.lexists(own) and os.access(shared, os.W_OK | os.X_OK)):
            return Bin("trash", own)
    own = os.path.join(mount.point, f".Trash-{os.getuid()}")
    if _is_own(own) or (not os.path.lexists(own) and os.access(mount.point, os.W_OK | os.X_OK)):
        return Bin("trash", own)
    return None


def aside_for(path: str, volumes: Volumes, avoid: Collection[str] = ()) -> Bin | None:
    """Our folder in the highest place of the same mount that we may write, outside the folders of `avoid`.

    Tools remove what they do not know (Ollama from blobs/, InvokeAI from its models folder), so it never
    lies inside a root; but for a btrfs subvolume that is a root from its top on: a rename does not leave it, and at
    its top there is room.
    """
    found = within = None
    top = os.path.dirname(path)
    for folder in reachable(top, volumes):
        top = folder
        inside = any(folder == root or folder.startswith(root.rstrip(os.sep) + os.sep) for root in avoid)
        own = os.path.join(folder, ASIDE)
        if _is_own(own) or (not os.path.lexists(own) and os.access(folder, os.W_OK | os.X_OK)):
            found, within = (found, own) if inside else (own, within)
    if found is None and within == os.path.join(top, ASIDE) and _is_subvolume(top, volumes):
        found = within
    return Bin("aside", found) if found else None


def reachable(folder: str, volumes: Volumes) -> Iterator[str]:
    """A real folder and those above it that a rename from it reaches, upwards."""
    above = folder
    while renames(folder, above, volumes):
        yield above
        if os.path.dirname(above) == above:
            return
        above = os.path.dirname(above)


def _is_subvolume(folder: str, volumes: Volumes) -> bool:
    """Whether a folder is the top of a part of its file system that has a device number of its own, and no mount."""
    mount = volumes.mount_of(folder)
    return mount is not None and mount.kind == "btrfs" and mount.point != folder


def renames(path: str, place: str, volumes: Volumes) -> bool:
    """Whether a rename can go from a folder to a place that may not be there yet: one device and one mount."""
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    try:
        if os.stat(path).st_dev != os.stat(place).st_dev:
            return False
    except OSError:
        return False
    here, there = volumes.mount_of(reach.realpath(path)), volumes.mount_of(reach.realpath(place))
    return (here and here.point) == (there and there.point)


def _is_shared_trash(path: str) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and bool(found.st_mode & stat.S_ISVTX)


def _is_own(path: str) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
