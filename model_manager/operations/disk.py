"""The one door to the user's disk. Everything that changes it goes through `Disk`.

Each change is durable when its method returns: what was written and the folders that name it are
synced. Tests subclass it to fail, or to be killed, at any call.
"""

from __future__ import annotations

import base64
import errno
import os
import shutil
import stat
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Literal

from model_manager.base import reach
from model_manager.base.messages import figure, said
from model_manager.base.reading import open_quietly

PIECE = 8 << 20
"""Bytes between two progress calls of a copy or a comparison."""

Step = Callable[[int], None]
"""Told the bytes that were worked on since the last call; may raise Cancelled."""

_SYNCLESS = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})
_NO_SUCH_CALL = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})
_NO_XATTR = frozenset({errno.ENOTSUP, errno.EPERM, errno.EACCES, errno.ENODATA, errno.EINVAL, errno.E2BIG})
_AT_FDCWD, _RENAME_NOREPLACE, _RENAME_EXCHANGE = -100, 1, 2  # linux/fcntl.h, linux/fs.h
_RENAME_SWAP, _RENAME_EXCL = 2, 4  # sys/stdio.h of macOS
_HOLE = bytes(4096)
"""The smallest hole that file systems keep."""
_FIDEDUPERANGE = 0xC0189436  # linux/fs.h, _IOWR(0x94, 54, struct file_dedupe_range)
_DEDUPE_PIECE = 16 << 20  # the kernel takes no more than this at once (btrfs, xfs)
_PART = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_PART |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
Make = Literal["if needed", "new", "never"]
"""Whether a file may be made, must be, or must not."""
_MAKE: Mapping[Make, int] = {"if needed": os.O_CREAT, "new": os.O_CREAT | os.O_EXCL, "never": 0}
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Looks:
    """What a file has besides its content: mode, owner, times in nanoseconds, extended attributes."""

    mode: int
    uid: int
    gid: int
    atime_ns: int
    mtime_ns: int
    xattrs: Mapping[str, bytes]

    def record(self) -> dict[str, object]:
        """For the journal."""
        xattrs = {name: base64.b64encode(value).decode() for name, value in self.xattrs.items()}
        return {"mode": self.mode, "uid": self.uid, "gid": self.gid, "atime_ns": self.atime_ns,
                "mtime_ns": self.mtime_ns, "xattrs": xattrs}  # fmt: skip


def looks_from(record: object) -> Looks:
    """The reverse. OSError for anything else."""
    try:
        if not isinstance(record, dict):
            raise ValueError
        xattrs = {str(name): base64.b64decode(value) for name, value in record["xattrs"].items()}
        mode, uid, gid, atime, mtime = (int(record[f]) for f in ("mode", "uid", "gid", "atime_ns", "mtime_ns"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise OSError(errno.EINVAL, said("the journal does not say how the file looked")) from None
    return Looks(mode, uid, gid, atime, mtime, xattrs)


class Disk:
    """The real disk. Every method raises OSError and follows no link at the last component."""

    def lstat(self, path: str) -> os.stat_result:
        return reach.lstat(path)

    def resolve(self, path: str) -> str:
        """`path` with its parent resolved; the last component stays, so a link is met as a link."""
        parent, name = os.path.split(path)
        return os.path.join(reach.realpath(parent), name)

    def names(self, path: str) -> list[str]:
        """The names in a folder."""
        return os.listdir(path)

    def read(self, path: str, limit: int) -> bytes:
        """A small file whole; EFBIG over `limit` bytes."""
        with open_quietly(path) as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise OSError(errno.EFBIG, said("larger than {0} bytes", figure(limit)), path)
        return data

    def free(self, path: str) -> int:
        """Bytes that its user may still write on the volume of `path`."""
        return shutil.disk_usage(path).free

    def looks(self, path: str) -> Looks:
        """Of a file or link, without following it."""
        found = os.lstat(path)
        names = _xattr_names(path)
        xattrs = {name: value for name in names if (value := _xattr(path, name)) is not None}
        mode = stat.S_IMODE(found.st_mode)
        return Looks(mode, found.st_uid, found.st_gid, found.st_atime_ns, found.st_mtime_ns, xattrs)

    def same_bytes(self, one: str, other: str, step: Step, mark: Callable[[bytes], object] = lambda data: None) -> bool:
        """Whether two regular files have the same content, read to the end; `mark` gets what was read of the first."""
        with open_quietly(one) as first, open_quietly(other) as second:
            while True:
                left, right = _piece(first), _piece(second)
                if left != right:
                    return False
                if not left:
                    return True
                mark(left)
                step(len(left))

    def make_folder(self, path: str, mode: int = 0o777) -> None:
        """Makes one folder; its parent exists. FileExistsError when anything is there. Killed: made or not."""
        os.mkdir(path, mode)
        self.sync_folder(os.path.dirname(path))

    def remove_folder(self, path: str) -> None:
        """Removes one *empty* folder; OSError ENOTEMPTY otherwise. Killed: removed or not."""
        os.rmdir(path)
        self.sync_folder(os.path.dirname(path))

    def remove(self, path: str) -> None:
        """Removes one name of a file, or a link. Killed: removed or not."""
        os.unlink(path)
        self.sync_folder(os.path.dirname(path))

    def remove_tree(self, path: str) -> None:
        """Removes a folder with all it holds, following no link. Killed: some of it is left, to be removed again."""
        shutil.rmtree(path)
        self.sync_folder(os.path.dirname(path))

    def system_trash(self, path: str) -> None:
        """Hands a thing to the trash of macOS or Windows."""
        import send2trash

        send2trash.send2trash(path)

    def rename(self, path: str, target: str) -> None:
        """Gives a thing another name on its volume. FileExistsError when anything has it; EXDEV across volumes.

        Killed: one name or the other. A plain rename would silently replace, so the kernel is asked not
        to; where it cannot (NFS, some FUSE), the name is looked at first: then a thing that comes to the
        name in that very moment could be replaced, if it is a file or an empty folder.
        """
        if not _rename_exclusively(path, target):
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
            os.rename(path, target)
        self._sync_both(path, target)

    def replace(self, path: str, target: str) -> None:
        """Puts the file or link at `path` in the place of the one at `target`. Killed: the old one or the new one."""
        os.replace(path, target)
        self._sync_both(path, target)

    def exchange(self, path: str, target: str) -> bool:
        """Swaps two names in one step; False where the system cannot. Killed: swapped or not."""
        if not _renamed(path, target, _RENAME_EXCHANGE, _RENAME_SWAP):
            return False
        self._sync_both(path, target)
        return True

    def hard_link(self, path: str, target: str) -> None:
        """Gives the file at `path` the further name `target`, which must be free."""
        os.link(path, target, follow_symlinks=False)
        self.sync_folder(os.path.dirname(target))

    def symbolic_link(self, leads_to: str, path: str) -> None:
        """Makes a link at `path`, which must be free."""
        os.symlink(leads_to, path)
        self.sync_folder(os.path.dirname(path))

    def share_extents(self, keeper: str, path: str, step: Step) -> None:
        """Lets `path` share the blocks of `keeper`, where both are the same; the kernel compares them first.

        EINVAL or EOPNOTSUPP where the file system cannot; EILSEQ when the bytes differ. Killed: some of
        it is shared; the content of neither file ever changes.
        """
        import fcntl

        with open_quietly(keeper) as source, open(os.open(path, _write_flags()), "rb+", buffering=0) as copy:
            size, at = os.fstat(source.fileno()).st_size, 0
            while at < size:
                length = min(_DEDUPE_PIECE, size - at)
                request = bytearray(struct.pack("=QQHHIqQQiI", at, length, 1, 0, 0, copy.fileno(), at, 0, 0, 0))
                fcntl.ioctl(source.fileno(), _FIDEDUPERANGE, request)
                done, status = struct.unpack_from("=Qi", request, 40)
                if status < 0:
                    raise OSError(-status, os.strerror(-status), path)
                if status or not done:
                    raise OSError(errno.EILSEQ, said("the bytes are not the same"), path)
                at += done
                step(done)
            os.fsync(copy.fileno())

    def write_new(self, path: str, data: bytes, mode: int = 0o600) -> None:
        """Makes a small file; FileExistsError when anything is there. Killed: nothing, a part, or all of it."""
        number = os.open(path, _NEW, mode)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(number, left) :]
            os.fsync(number)
        finally:
            os.close(number)
        self.sync_folder(os.path.dirname(path))

    def open_part(self, path: str, make: Make = "if needed") -> int:
        """Opens a file that is being gathered, to read and write it; ELOOP for a link. Killed: an empty file or none.

        It may be read as the user's umask says, since it becomes a model: its folder keeps others out until then.
        """
        number = os.open(path, _PART | _MAKE[make], 0o666)
        if stat.S_ISREG(os.fstat(number).st_mode):
            return number
        os.close(number)
        raise OSError(errno.EINVAL, said("not a regular file"), path)

    def write_at(self, number: int, data: memoryview, at: int) -> int:
        """Writes to an open file; how many of the bytes the disk took, at least one."""
        os.lseek(number, at, os.SEEK_SET)
        return os.write(number, data)

    def read_at(self, number: int, at: int) -> bytes:
        """The next piece of an open file, empty at its end."""
        os.lseek(number, at, os.SEEK_SET)
        return os.read(number, PIECE)

    def cut(self, number: int, size: int) -> None:
        """Takes from an open file what lies behind so many bytes."""
        os.ftruncate(number, size)

    def sync_open(self, number: int) -> None:
        """Makes durable what was written to an open file."""
        os.fsync(number)

    def copy(self, path: str, target: str, step: Step, sparse: bool = False) -> None:
        """Copies the content of a file to a new one, which is readable by its owner alone until `dress`.

        `sparse`: zeros become holes, else they are written.
        """
        with open_quietly(path) as source, os.fdopen(os.open(target, _NEW, 0o600), "wb", buffering=0) as copy:
            while data := _piece(source):
                for start, stop in _filled(data) if sparse else ((0, len(data)),):
                    copy.seek(start, os.SEEK_CUR)
                    left = memoryview(data)[start:stop]
                    while left:
                        left = left[copy.write(left) :]
                    copy.seek(-stop, os.SEEK_CUR)
                copy.seek(len(data), os.SEEK_CUR)
                step(len(data))
            copy.truncate()
            os.fsync(copy.fileno())
        self.sync_folder(os.path.dirname(target))

    def dress(self, path: str, looks: Looks) -> None:
        """Gives a file what another had. The owner and attributes where allowed, the times last."""
        if os.name != "nt":  # pragma: no branch - Windows
            try:
                os.chown(path, looks.uid, looks.gid, follow_symlinks=False)
            except PermissionError:
                pass  # only root gives files away; the plan says so where it matters
        for name, value in looks.xattrs.items():
            try:
                os.setxattr(path, name, value, follow_symlinks=False)
            except OSError as error:
                if error.errno not in _NO_XATTR:
                    raise
        os.chmod(path, looks.mode)
        self.set_times(path, looks.atime_ns, looks.mtime_ns)
        self.sync_file(path)

    def set_times(self, path: str, atime_ns: int, mtime_ns: int) -> None:
        follow = os.utime not in os.supports_follow_symlinks
        os.utime(path, ns=(atime_ns, mtime_ns), follow_symlinks=follow)

    def sync_file(self, path: str) -> None:
        """Makes a file's content and looks durable."""
        with open_quietly(path) as file:
            os.fsync(file.fileno())

    def sync_folder(self, path: str) -> None:
        """Makes names in a folder durable. Nothing where the system has no such thing (Windows, some FUSE)."""
        if os.name == "nt":  # pragma: no cover - Windows
            return
        number = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(number)
        except OSError as error:
            if error.errno not in _SYNCLESS:
                raise
        finally:
            os.close(number)

    def _sync_both(self, path: str, target: str) -> None:
        """The new name first: a crash between the two leaves both names rather than none."""
        self.sync_folder(os.path.dirname(target))
        if os.path.dirname(path) != os.path.dirname(target):
            self.sync_folder(os.path.dirname(path))


def _piece(file: BinaryIO) -> bytes:
    """The next 8 MiB, less only at the end: a raw read may give less than it was asked for."""
    data = file.read(PIECE)
    while data and len(data) < PIECE and (more := file.read(PIECE - len(data))):
        data += more
    return data


def _filled(data: bytes) -> Iterator[tuple[int, int]]:
    """The parts of a piece that are not holes, as (start, stop)."""
    start = None
    for at in range(0, len(data), len(_HOLE)):
        is_hole = data[at : at + len(_HOLE)] == _HOLE[: len(data) - at]
        if is_hole and start is not None:
            yield start, at
            start = None
        elif not is_hole and start is None:
            start = at
    if start is not None:
        yield start, len(data)


def _write_flags() -> int:
    return os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def _xattr_names(path: str) -> list[str]:
    if not hasattr(os, "listxattr"):
        return []
    try:
        return [name for name in os.listxattr(path, follow_symlinks=False) if not name.startswith("security.")]
    except OSError as error:
        if error.errno not in _NO_XATTR:
            raise
        return []


def _xattr(path: str, name: str) -> bytes | None:
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_XATTR:
            raise
        return None


def _rename_exclusively(path: str, target: str) -> bool:
    """Renames unless the target exists (FileExistsError); False where the system has no such call."""
    if os.name == "nt":  # pragma: no cover - Windows
        os.rename(path, target)  # never replaces there
        return True
    return _renamed(path, target, _RENAME_NOREPLACE, _RENAME_EXCL)


def _renamed(path: str, target: str, linux: int, macos: int) -> bool:
    """The rename call that takes flags; False where the system or the file system has none."""
    if os.name == "nt":  # pragma: no cover - Windows
        return False
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    old, new = os.fsencode(path), os.fsencode(target)
    if sys.platform == "darwin":
        call, arguments = "renamex_np", (old, new, macos)
    else:
        call, arguments = "renameat2", (_AT_FDCWD, old, _AT_FDCWD, new, linux)
    function = getattr(libc, call, None)
    if function is None:
        return False
    if function(*arguments) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_SUCH_CALL:
        return False
    raise OSError(number, os.strerror(number), target)
