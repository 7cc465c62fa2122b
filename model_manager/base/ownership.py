"""Whether a file or folder of the program's own can have been written by anybody else."""

from __future__ import annotations

import os
import shlex
import stat

from model_manager.base.errors import reason_of
from model_manager.base.messages import said

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def not_ours_alone(details: os.stat_result, path: str) -> str:
    """Why what `details` (from lstat or fstat) describes is not believed, with the repair in the words; or nothing.

    It is ours when we own it, as whoever we run as now (root is somebody else than the person whose home it is), and no
    other may write to it. Windows tells neither.
    """
    if os.name == "nt":  # pragma: no cover - Windows
        return ""
    if stat.S_ISLNK(details.st_mode):
        return said("{0} is a link", path)
    if details.st_uid != os.geteuid():
        return said(
            "{0} belongs to {1}, and this runs as {2}", path, user_name(details.st_uid), user_name(os.geteuid())
        )
    if details.st_mode & _OTHERS:
        return said("others may write to {0}: `chmod go-w {1}` closes it", path, shlex.quote(path))
    return ""


def folder_not_ours(path: str) -> str:
    """The same of a folder, followed where the user made it a link; nothing where there is none yet."""
    real = os.path.realpath(path)
    try:
        return not_ours_alone(os.stat(real), real)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return said("{0}: {1}", real, reason_of(error))


def belongs_to_another(path: str) -> bool:
    """Whether a folder has another owner than the user this runs as: then nothing is written to it."""
    if os.name == "nt":  # pragma: no cover - Windows
        return False
    try:
        return os.stat(path).st_uid != os.geteuid()
    except OSError:
        return False


def user_name(number: int) -> str:
    """A user's name as the system knows it, else the number."""
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return str(number)
