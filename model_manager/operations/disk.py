"""The one door to the user's disk. Everything that changes it goes through `Disk`.

Each change is durable when its method returns: the folder that names the thing is synced. Tests
subclass it to fail, or to be killed, at any call.
"""

from __future__ import annotations

import errno
import os
import sys

_SYNCLESS = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})
_NO_SUCH_CALL = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})
_AT_FDCWD, _RENAME_NOREPLACE = -100, 1  # linux/fcntl.h, linux/fs.h
_RENAME_EXCL = 4  # sys/stdio.h of macOS


class Disk:
    """The real disk. Every method raises OSError and follows no link at the last component."""

    def lstat(self, path: str) -> os.stat_result:
        return os.lstat(path)

    def resolve(self, path: str) -> str:
        """`path` with its parent resolved; the last component stays, so a link is met as a link."""
        parent, name = os.path.split(path)
        return os.path.join(os.path.realpath(parent), name)

    def entries(self, path: str) -> int:
        """How many names a folder holds."""
        return len(os.listdir(path))

    def make_folder(self, path: str) -> None:
        """Makes one folder; its parent exists. FileExistsError when anything is there. Killed: made or not."""
        os.mkdir(path)
        self.sync_folder(os.path.dirname(path))

    def remove_folder(self, path: str) -> None:
        """Removes one *empty* folder; OSError ENOTEMPTY otherwise. Killed: removed or not."""
        os.rmdir(path)
        self.sync_folder(os.path.dirname(path))

    def rename_folder(self, path: str, target: str) -> None:
        """Gives a folder a new name in the same parent. FileExistsError when anything has it already.

        Killed: one name or the other. A plain rename would silently replace an empty folder, so the
        kernel is asked not to; where it cannot (NFS, some FUSE), the name is looked at first: what a
        rename could still replace in that moment is a folder without contents.
        """
        if not _rename_exclusively(path, target):
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
            os.rename(path, target)
        self.sync_folder(os.path.dirname(target))

    def sync_folder(self, path: str) -> None:
        """Makes names in a folder durable. Nothing where the system has no such thing (Windows, some FUSE)."""
        if os.name == "nt":
            return
        number = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(number)
        except OSError as error:
            if error.errno not in _SYNCLESS:
                raise
        finally:
            os.close(number)


def _rename_exclusively(path: str, target: str) -> bool:
    """Renames unless the target exists (FileExistsError); False where the system has no such call."""
    if os.name == "nt":
        os.rename(path, target)  # never replaces there
        return True
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    old, new = os.fsencode(path), os.fsencode(target)
    if sys.platform == "darwin":
        call, arguments = "renamex_np", (old, new, _RENAME_EXCL)
    else:
        call, arguments = "renameat2", (_AT_FDCWD, old, _AT_FDCWD, new, _RENAME_NOREPLACE)
    function = getattr(libc, call, None)
    if function is None:
        return False
    if function(*arguments) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_SUCH_CALL:
        return False
    raise OSError(number, os.strerror(number), target)
