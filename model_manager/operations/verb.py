"""What a verb of `verbs/` offers, and what it is given to work with."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from model_manager.base.messages import said
from model_manager.base.set_aside import aside_name
from model_manager.base.volumes import Volumes
from model_manager.operations.disk import Disk
from model_manager.operations.identity import Identity, identity_from_record, identity_of, whole_tree
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.refusal import Refused

Note = Callable[[Facts], None]
"""Makes facts durable before the next change; raises when it cannot."""

Stamped = Callable[[str, os.stat_result, os.stat_result], None]
"""Told a file, and its stat before and after a change of ours that left its content alone: only its ctime is new."""

Side = Literal["done", "undone"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a verb works: the disk, the operation's id (for names aside), what was made so far.

    `worked` is told the bytes that were copied or compared, and may raise Cancelled. `ctimes` are the
    change times that our own links left on files, by path: nothing else has touched those. `steps` are all of the
    plan's.
    """

    disk: Disk
    volumes: Volumes
    operation: str
    made: dict[str, Identity] = field(default_factory=dict)
    ctimes: dict[str, int] = field(default_factory=dict)
    worked: Callable[[int], None] = lambda size: None
    stamped: Stamped = lambda path, before, after: None
    steps: tuple[Step, ...] = ()

    def look(self, path: str) -> os.stat_result | None:
        """What lies at `path`, without following it; None when nothing does."""
        try:
            return self.disk.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def identity(self, path: str) -> Identity | None:
        """The identity of what lies at `path`; None when nothing does."""
        details = self.look(path)
        return None if details is None else identity_of(path, details, self.volumes)

    def connected(self, path: str, volume: str) -> bool:
        """Whether `path` still leads to `volume`: under an empty mount point nothing is *gone*."""
        while True:
            identity = self.identity(path)
            parent = os.path.dirname(path)
            if identity is not None or parent == path:
                return identity is not None and identity.volume == volume
            path = parent

    def must_be_connected(self, path: str, volume: object) -> None:
        """OSError unless `path` lies on `volume` now: nothing can be said of a drive that is not there."""
        if not isinstance(volume, str) or not self.connected(os.path.dirname(path), volume):
            raise OSError(errno.ENODEV, said("the volume of {0} is not connected", os.path.dirname(path)))

    def aside(self, path: str, step: Step) -> str:
        """A name beside `path`, short (its own may have 255 bytes), and nobody else's."""
        return os.path.join(os.path.dirname(path), aside_name(self.operation, step.n))

    def rename(self, path: str, target: str) -> None:
        """As the disk's, and tells of the new change time of a file: what was read of it still holds."""
        before = self.look(path)
        self.disk.rename(path, target)
        self.tell(target, before)

    def tell(self, path: str, before: os.stat_result | None) -> None:
        """Tells of a file that has a new change time by us alone."""
        after = self.look(path) if before is not None else None
        if before is None or after is None or not stat.S_ISREG(after.st_mode):
            return
        same = (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns)
        if same:
            self.stamped(path, before, after)

    def clear(self, path: str) -> bool:
        """Removes a file or link of ours that was left aside; whether there was one."""
        if self.look(path) is None:
            return False
        self.disk.remove(path)
        return True

    def sync_parent(self, path: str) -> None:
        """A rename or removal there may have been interrupted before it was durable."""
        if self.look(os.path.dirname(path)) is not None:
            self.disk.sync_folder(os.path.dirname(path))


class Verb(Protocol):
    """One kind of change. Each method may raise OSError; the engine then asks `recover` what is true.

    `facts` are what `check` returned and `do` noted. All of them but `check` must be safe to repeat,
    since a kill may come after the change and before its record.
    """

    def check(self, site: Site, step: Step) -> Facts:
        """Looks again just before acting: the facts that undo and recovery need. Raises Refused."""

    def do(self, site: Site, step: Step, facts: Facts, note: Note) -> None:
        """Makes the change. Raises Refused when the world changed in the last moment."""

    def undo(self, site: Site, step: Step, facts: Facts) -> None:
        """Puts back. Raises Refused, having changed nothing, when what is there must stay."""

    def recover(self, site: Site, step: Step, facts: Facts) -> Side:
        """Settles a change that was interrupted, doing or undoing: clears what lies aside, tells the side."""


class Finishing(Verb, Protocol):
    """A verb with something that may happen only once its whole unit is done: what cannot be taken back."""

    def finish(self, site: Site, step: Step, facts: Facts) -> None:
        """The last act. Repeated after a kill until it comes to its end. Refused: the rest stays, in words.

        MustGoBack: the step is undone instead.
        """


class Settling(Verb, Protocol):
    """A verb with something to do once its whole unit was put back."""

    def settle(self, site: Site, step: Step, facts: Facts) -> None:
        """The last act of undo, repeated after a kill."""


def planned(site: Site, step: Step) -> Identity:
    """Looks again: `step.path` is a real path and what lies there is what was seen when planned."""
    must_be_real(site, step.path)
    found = site.look(step.path)
    if found is None:
        raise Refused(said("it is not there any more"))
    return must_be(site, step.path, found, step.identity)


def must_be(site: Site, path: str, found: os.stat_result, wanted: Identity | None) -> Identity:
    """Refuses anything but what was seen when planned; gives its identity."""
    identity = identity_of(path, found, site.volumes)
    if stat.S_ISDIR(found.st_mode) and wanted is not None and wanted.tree is not None:
        identity = whole_tree(path, identity)
    if identity != wanted:
        raise Refused(said("it changed since this was planned: look again and make a new plan"))
    return identity


def still_is(site: Site, path: str, wanted: Identity | None) -> bool:
    """Whether what lies at `path`, with all that it holds, is what was seen. Raises OSError."""
    found = site.look(path)
    try:
        return found is not None and must_be(site, path, found, wanted) == wanted
    except Refused:
        return False


def swap_in(site: Site, coming: str, path: str, was: Callable[[str], bool]) -> None:
    """`coming` gets the name `path` from what `was` there, and from nothing else: that goes, anything else stays.

    The two are swapped where the system can, and what had the name is looked at once it cannot be replaced any more.
    Where it cannot (NFS, some FUSE), a thing that comes to the name in that very moment could be replaced.
    """
    if not was(path):
        raise Refused(said("it changed in the last moment, it stays"))
    if not site.disk.exchange(coming, path):
        site.disk.replace(coming, path)
        return
    if not was(coming):
        site.disk.exchange(coming, path)
        raise Refused(said("it changed in the last moment, it stays"))
    site.disk.remove(coming)


def has_again(site: Site, seen: Identity | None) -> Callable[[str], bool]:
    """Whether a path has what was `seen`: the very file, or one that undo made, with its size and time."""

    def has(path: str) -> bool:
        there = site.identity(path)
        return seen is not None and there is not None and replace(there, inode=seen.inode) == seen

    return has


def bring_in(site: Site, coming: str, path: str, was: Callable[[str], bool]) -> None:
    """The same for something that was made for this: it goes when it may not come in."""
    try:
        swap_in(site, coming, path, was)
    except Refused:
        site.clear(coming)
        raise


def settle_swap(site: Site, coming: str, path: str, was: Callable[[str], bool], came: Callable[[str], bool]) -> None:
    """After a kill within `swap_in`: what lies at `coming` goes, but a stranger that was swapped to there goes back first.

    `came` tells what had been at `coming` when it was whole: so nothing may be written under that name.
    """
    if site.look(coming) is None:
        return
    if came(path) and not was(coming) and not came(coming) and not site.disk.exchange(coming, path):
        raise Refused(said("something else came to its name in the last moment; it is kept as {0}", coming))
    site.clear(coming)


def must_be_real(site: Site, path: str) -> None:
    """Refuses a path that is not absolute, or whose parent leads elsewhere than when planned."""
    if not os.path.isabs(path) or "\0" in path or os.path.basename(path) in ("", ".", ".."):
        raise Refused(said("this is no path that could be changed"))
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise Refused(said("the name cannot be written on this system")) from None
    if site.disk.resolve(path) != path:
        raise Refused(said("a folder on the way to it leads elsewhere now"))


def text_in(facts: Facts, name: str) -> str:
    """A text that the verb itself noted. OSError when the journal does not have it."""
    value = facts.get(name)
    if not isinstance(value, str):
        raise OSError(errno.EINVAL, said("the journal does not say {0}", repr(name)))
    return value


def identity_in(facts: Facts, name: str) -> Identity | None:
    """An identity that the verb noted; None when it had not come to it."""
    try:
        return identity_from_record(facts.get(name))
    except ValueError:
        return None


def make_parents(site: Site, path: str) -> None:
    """Makes the folders above `path` that went since; the caller knows that its volume is connected."""
    parent = os.path.dirname(path)
    if site.look(parent) is None:
        make_parents(site, parent)
        site.disk.make_folder(parent)
