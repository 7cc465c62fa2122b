"""The folder in which what comes in is gathered until it is whole: on the mount of the place it is meant for.

From there one rename brings it to its name. So it lies on the same mount, never behind a bind mount or in another btrfs
subvolume, and outside the folders of the tools where there is such a place: some remove what they do not know.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Collection, Iterator

from model_manager.base import reach
from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.messages import said
from model_manager.base.ownership import not_ours_alone
from model_manager.base.real_paths import is_below
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.operations.disk import Disk
from model_manager.operations.plan_builder import is_read_only
from model_manager.operations.trash_folders import reachable

INCOMING = ".model-manager-incoming"
"""Its name on every volume; a scan never enters it."""
_TAKE_IN = later("take in")
_WITHOUT_RIGHTS = frozenset({"vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "cifs", "smb3", "smbfs", "9p"})
"""File systems that keep no owner and no mode of a file: who may do what is said when they are mounted."""


def incoming_for(path: str, volumes: Volumes, disk: Disk, avoid: Collection[str] = ()) -> str:
    """The incoming folder for what shall lie at `path`; it is made where there is none.

    One that is there is taken before a new one is made, so that what was begun is found again. Of several places the
    highest is taken, those within the folders of `avoid` only where there is no other. Raises ModelManagerError.
    """
    folder, _target = really(path)
    places = list(_by_worth(folder, volumes, avoid))
    refused = []
    for place in places:
        if os.path.lexists(place):
            if not (why := why_not_private(place, volumes, disk)):
                return place
            refused.append(why)
    for place in places:
        above = os.path.dirname(place)
        if not os.path.lexists(place) and os.access(above, os.W_OK | os.X_OK):
            return _made(place, volumes, disk)
    if is_read_only(folder):
        hint = said("switch off its write protection, or mount it anew")
        raise ModelManagerError(_TAKE_IN, path, said("the volume is read-only"), hint)
    why = said("you may write to no folder on the volume of {0} in which it could be gathered", folder)
    raise ModelManagerError(_TAKE_IN, path, refused[0] if refused else why)


def why_not_private(place: str, volumes: Volumes, disk: Disk) -> str:
    """Why an incoming folder is not used, in words with the repair, or nothing: it is no link, ours, and closed to others."""
    try:
        found = disk.lstat(place)
    except OSError as error:
        return said("{0}: {1}", place, reason_of(error))
    if not stat.S_ISDIR(found.st_mode):
        return said("{0} is no folder of this program's: move it away", place)
    if os.name == "nt" or _has_no_rights(volumes.of(place, found.st_dev).kind):
        return ""
    if why := not_ours_alone(found, place):
        return why
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return said("others may look into {0}: `chmod 700 {1}` closes it", place, shlex.quote(place))
    return ""


def must_be_private(place: str, volumes: Volumes, disk: Disk) -> None:
    """Raises ModelManagerError, in words, for a folder that is not used."""
    if why := why_not_private(place, volumes, disk):
        raise ModelManagerError(_TAKE_IN, place, why)


def really(path: str) -> tuple[str, str]:
    """The real folder that is there above `path`, the nearest one, and the path below it. ModelManagerError for no path."""
    path = os.path.normpath(path) if ".." not in path.split(os.sep) and os.path.basename(path) else ""
    if not os.path.isabs(path) or "\0" in path:
        raise ModelManagerError(_TAKE_IN, path, said("this is no path that a file could have"))
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise ModelManagerError(_TAKE_IN, path, said("the name cannot be written on this system")) from None
    there = os.path.dirname(path)
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    try:
        folder = reach.realpath(there)
        is_folder = stat.S_ISDIR(reach.lstat(folder).st_mode)
    except OSError as error:
        raise ModelManagerError(_TAKE_IN, path, reason_of(error)) from error
    if not is_folder:
        raise ModelManagerError(_TAKE_IN, path, said("{0} is not a folder", folder))
    return folder, os.path.join(folder, os.path.relpath(path, there))


def _by_worth(folder: str, volumes: Volumes, avoid: Collection[str]) -> Iterator[str]:
    """Where the incoming folder for `folder` may lie, the best place first."""
    roots = [reach.realpath(root) for root in avoid]
    within: list[str] = []
    outside: list[str] = []
    for place in reachable(folder, volumes):
        is_within = any(place == root or is_below(place, root) for root in roots)
        (within if is_within else outside).append(os.path.join(place, INCOMING))
    yield from reversed(outside)
    yield from reversed(within)


def _made(place: str, volumes: Volumes, disk: Disk) -> str:
    try:
        disk.make_folder(place, 0o700)
    except FileExistsError:  # another process made one in this moment
        pass
    except OSError as error:
        raise ModelManagerError(_TAKE_IN, place, reason_of(error)) from error
    must_be_private(place, volumes, disk)
    return place


def _has_no_rights(kind: str) -> bool:
    return kind in _WITHOUT_RIGHTS or kind.startswith(("fuse.", "fuseblk"))
