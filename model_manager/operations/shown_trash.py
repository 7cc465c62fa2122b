"""Whether a folder is a trash into which a thing was moved: one of those that `bins` names now, or one that shows it.

Another $XDG_DATA_HOME (Snap programs set one) means another trash, and a trash may have been moved with a link in its
place. A journal alone proves nothing, as it may come from anywhere. What does: the folder is laid out as a trash that we
alone can write, and the note in it names the path from which the thing came.
"""

from __future__ import annotations

import os
import re
import stat
import urllib.parse

from model_manager.base import reach
from model_manager.base.reading import read_small
from model_manager.operations.trash_folders import ASIDE, home_trash

_OF_A_VOLUME = re.compile(r"\.Trash-\d+")
_MOST_NOTES = 20_000
_LARGEST_NOTE = 16_384


def is_trash(folder: str) -> bool:
    """Whether a folder is where this program moves things to: see `bins`."""
    parent, name = os.path.split(folder)
    if folder == home_trash() or name == ASIDE or _OF_A_VOLUME.fullmatch(name):
        return True
    return name.isdecimal() and os.path.basename(parent) == ".Trash"


def is_where_it_went(trash: str, path: str, name: str = "") -> bool:
    """Whether a folder is such a trash, or is shown to be where the thing of this path was moved to, under this `name`."""
    return is_trash(trash) or is_trash(real := reach.realpath(trash)) or _shows(real, path, name)


def is_laid_as_in_a_trash(path: str) -> bool:
    """Whether a path is that of a thing, or of the note about it, in a folder that may be a trash."""
    return os.path.basename(os.path.dirname(path)) in ("files", "info")


def _shows(trash: str, path: str, name: str) -> bool:
    folders = (trash, os.path.join(trash, "files"), os.path.join(trash, "info"))
    try:
        return all(map(_is_ours_alone, folders)) and _has_note(folders[2], path, name)
    except OSError:
        return False


def _is_ours_alone(folder: str) -> bool:
    found = reach.lstat(folder)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022


def _has_note(info: str, path: str, name: str) -> bool:
    """Whether the note of this name, or any, names this path; one that lies aside, as it is about to go, counts too."""
    wanted = os.fsencode(path)
    start = f"{name}.trashinfo" if name else os.path.basename(path)[:64]
    with os.scandir(info) as entries:
        for number, entry in enumerate(entries):
            if number == _MOST_NOTES:
                return False
            if entry.name.startswith((start, ".model-manager-")) and _names(entry.path, wanted):
                return True
    return False


def _names(note: str, wanted: bytes) -> bool:
    try:
        lines = read_small(note, _LARGEST_NOTE).splitlines()
    except OSError:
        return False
    told = next((line[len(b"Path=") :] for line in lines if line.startswith(b"Path=")), b"")
    return urllib.parse.unquote_to_bytes(told) == wanted
