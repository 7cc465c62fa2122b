"""Who can read a file, and whether everybody who can read a copy could read the file that it would lead to.

A hard link has the owner, mode and access list of the file that is kept; a symbolic one leads through its folders too.
Asked of owners, groups and access lists alone, for everybody whom these name and for all others: which programs there
are, and as whom they run, is not asked.
"""

from __future__ import annotations

import itertools
import os
import stat
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from model_manager.base import reach
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.operations.refusal import Refused

_READ, _ENTER = 4, 1
_LIST = "system.posix_acl_access"
_UNREAD_LISTS = ("system.nfs4_acl", "system.richacl")
"""Access lists that are not understood here: those of copy and keeper have to be the same."""
_USER_OF_IT, _USER, _GROUP_OF_IT, _GROUP, _MASK = 1, 2, 4, 8, 16  # linux/posix_acl.h
_ENTRY = struct.Struct("<HHI")
_MOST_GROUPS = 5
"""Groups of which every combination is asked; of more each alone and all together."""


class Somebody(NamedTuple):
    """A user, None for any that nothing names, and the groups they are in of those that something names."""

    uid: int | None
    groups: frozenset[int]


@dataclass(frozen=True, slots=True)
class Rights:
    """What a file or folder lets whom do. `users` and `groups`: of its access list, `mask` bounds all but the owner."""

    path: str
    owner: int
    group: int
    mode: int
    users: dict[int, int] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)

    def let(self, one: Somebody, bit: int) -> bool:
        """As the kernel asks: the owner, then users by name, then all groups, then the others."""
        if one.uid == 0:
            return True
        if one.uid == self.owner:
            return bool(self.mode >> 6 & bit)
        if one.uid in self.users:
            return bool(self.users[one.uid] & bit)
        theirs = [allowed for group, allowed in self.groups.items() if group in one.groups]
        return any(allowed & bit for allowed in theirs) if theirs else bool(self.mode & bit)


def must_stay_readable(kind: str, path: str, keeper: str) -> None:
    """Refuses where somebody who can read the copy at `path` could not read `keeper` through a link of this `kind`.

    Raises OSError.
    """
    if kind == "reflink" or os.name == "nt":
        return
    copy, kept = rights_of(path), rights_of(keeper)
    if any(_attribute(path, name) != _attribute(keeper, name) for name in _UNREAD_LISTS):
        raise Refused(said("this copy and the file that is kept have different access lists: give them the same one"))
    if one := _who_loses([copy, kept], lambda one: copy.let(one, _READ), lambda one: kept.let(one, _READ)):
        raise Refused(
            said(
                "{0} can read this copy and could not read the file that is kept: keep this one instead, "
                "or give both the same owner, mode and access list",
                _named(one),
            )
        )
    if kind != "symbolic":
        return
    here, there = list(_above(path)), list(_above(keeper))
    for folder in there:
        one = _who_loses(
            [copy, *here, folder],
            lambda one: copy.let(one, _READ) and all(above.let(one, _ENTER) for above in here),
            lambda one, folder=folder: folder.let(one, _ENTER),  # type: ignore[misc]
        )
        if one:
            raise Refused(
                said(
                    "{0} can read this copy and could not enter {1}, where the file that is kept lies: keep "
                    "this one instead, or use hard links",
                    _named(one),
                    folder.path,
                )
            )


def rights_of(path: str) -> Rights:
    """Of what lies at a path, without following a link. Raises OSError."""
    found = reach.lstat(path)
    mode = stat.S_IMODE(found.st_mode)
    entries = _entries(_attribute(path, _LIST))
    mask = next((allowed for tag, allowed, _id in entries if tag == _MASK), 7)
    groups = {found.st_gid: mode >> 3 & 7}
    for tag, allowed, _id in entries:
        if tag == _GROUP_OF_IT:
            groups[found.st_gid] = allowed & mask
    for tag, allowed, id_ in entries:
        if tag == _GROUP:
            groups[id_] = groups[id_] | (allowed & mask) if id_ in groups else allowed & mask
    users = {id_: allowed & mask for tag, allowed, id_ in entries if tag == _USER}
    return Rights(path, found.st_uid, found.st_gid, mode, users, groups)


def _entries(raw: bytes) -> list[tuple[int, int, int]]:
    """(tag, what is allowed, whom) of an access list as the kernel gives it: a version, then entries of eight bytes."""
    if len(raw) < 4 or (len(raw) - 4) % _ENTRY.size:
        return []
    return list(_ENTRY.iter_unpack(raw[4:]))


def _attribute(path: str, name: str) -> bytes:
    if not hasattr(os, "getxattr"):  # macOS keeps its lists elsewhere
        return b""
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError:
        return b""


def _above(path: str) -> Iterator[Rights]:
    """Every folder that is gone through, the innermost first."""
    folder = reach.realpath(os.path.dirname(path))
    while True:
        yield rights_of(folder)
        if folder == os.path.dirname(folder):
            return
        folder = os.path.dirname(folder)


def _who_loses(
    asked: Iterable[Rights], before: Callable[[Somebody], bool], after: Callable[[Somebody], bool]
) -> Somebody | None:
    """Somebody who could before and could not after; those of whom most is said at once come first."""
    return next((one for one in _everybody(list(asked)) if before(one) and not after(one)), None)


def _everybody(asked: list[Rights]) -> Iterator[Somebody]:
    """All whom these rights may tell apart."""
    uids = {uid for one in asked for uid in (one.owner, *one.users)}
    gids = {gid for one in asked for gid in one.groups}
    alone = {gid: uid for gid in gids if (uid := _only_member(gid)) is not None}
    shared = sorted(gids - alone.keys())
    counts = range(len(shared) + 1) if len(shared) <= _MOST_GROUPS else (0, 1, len(shared))
    for uid in (None, *sorted(uids | set(alone.values()))):
        own = {gid for gid, member in alone.items() if member == uid}
        for count in counts:
            for some in itertools.combinations(shared, count):
                yield Somebody(uid, frozenset(own.union(some)))


def _only_member(gid: int) -> int | None:
    """The user of a group that has no other member: one that was made with them and has their name."""
    import grp
    import pwd

    try:
        group = grp.getgrgid(gid)
        user = pwd.getpwnam(group.gr_name)
    except KeyError:
        return None
    return user.pw_uid if user.pw_gid == gid and not set(group.gr_mem) - {user.pw_name} else None


def _named(one: Somebody) -> str:
    import grp
    import pwd

    if one.uid is None and not one.groups:
        return later("every other user of this computer")
    try:
        if one.uid is not None:
            return said("the user {0}", pwd.getpwuid(one.uid).pw_name)
        return said("the group {0}", grp.getgrgid(min(one.groups)).gr_name)
    except KeyError:
        return said("the user {0}", one.uid) if one.uid is not None else said("the group {0}", min(one.groups))
