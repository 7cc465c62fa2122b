"""Folders as the last finished scan left them: what has not changed is neither listed nor grouped again.

A folder's times change whenever a name in it comes, goes or changes. What a file holds does not move them, so each
file that may be a model's is asked for its size and times again: 2 µs a file, where listing and grouping a folder
cost 25 and reading nothing at all would miss what was written in place.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from model_manager.base.sixty_four_bits import folded
from model_manager.catalog.listings import Listing

KINDS = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "bcachefs", "zfs", "tmpfs"})
"""File systems whose folders change their times with every name: elsewhere nothing is believed."""
SETTLED_NS = 2_000_000_000
"""A folder that changed so shortly before it was listed may have changed once more within the same tick."""
_MARK = 16
_WHOLE = "\0"
"""Behind the path of what was read as one: it may be a folder too, and be walked as one by the same adapter."""
_STAT = struct.Struct("<QQqq")


@dataclass(slots=True)
class FolderMemory:
    """What one root's last scan remembers, and what this one will.

    `mark`: everything but the disk that decides what is found in a folder. `places`: the fingerprints stored now:
    a folder is believed only while all that was found in it is still known.
    """

    mark: bytes
    device: int
    before: Mapping[str, Listing]
    places: frozenset[bytes]
    same: set[str] = field(default_factory=set)
    fresh: dict[str, Listing] = field(default_factory=dict)
    found: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Folder newly listed -> (path, name) of the models in it, in the order found."""

    def unchanged(self, path: str, rules: bytes) -> list[str] | None:
        """The names of a folder's subfolders, when it and its files are as they were; None when it has to be listed."""
        known = self.before.get(path)
        if known is None:
            return None
        below, _, files = known.names.partition("\0")
        try:
            seen = [self.mark, rules, self._packed(os.stat(path))]
            seen += [self._packed(os.stat(path + os.sep + name)) for name in files.split("/") if name]
        except OSError:
            return None
        if b"".join(seen) != known.stats or not self.places.issuperset(_marks(known.places)):
            return None
        self.same.add(path)
        return below.split("/") if below else []

    def settled(self, path: str) -> os.stat_result | None:
        """A folder before it is listed; None when what is listed now may not be believed later."""
        try:
            stat = os.stat(path)
        except OSError:
            return None
        return stat if self.is_settled(stat) else None

    def is_settled(self, stat: os.stat_result) -> bool:
        """Whether what was last changed then has been quiet long enough, on the file system whose times are believed."""
        quiet = time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) > SETTLED_NS
        return quiet and stat.st_dev == self.device

    def keep(
        self,
        path: str,
        rules: bytes,
        stat: os.stat_result,
        below: Iterable[str],
        files: Mapping[str, os.stat_result],
        found: Iterable[tuple[str, str]],
    ) -> None:
        """Remembers a listed folder: its subfolders, the files that were looked at and the models among them."""
        seen = [self.mark, rules, self._packed(stat), *(self._packed(one) for one in files.values())]
        self.fresh[path] = Listing("/".join(below) + "\0" + "/".join(files), b"".join(seen), b"")
        self.found[path] = tuple(found)

    def unchanged_whole(self, path: str, base: str, rules: bytes) -> list[str] | None:
        """What was looked at of something that is read as one (a repository, a manifest with its blobs), by paths below
        `base`, when all of it is as it was; None when it has to be read.

        Allowed because everything that decided what was found was looked at and is asked again here, for inode, size,
        time of writing and change time: each folder that was listed (a name that came, went or now leads elsewhere
        changes it), each file that was read, each file of its models. All of it had been quiet for `SETTLED_NS` before it
        was read, and all models found in it are still in the catalogue. See `Whole` for what is never remembered.
        """
        known = self.before.get(path + _WHOLE)
        if known is None or not self.places.issuperset(_marks(known.places)):
            return None
        names = known.names.split("\0")
        try:
            seen = [self._packed(os.stat(base + os.sep + name)) for name in names]
        except OSError:
            return None
        if b"".join([self.mark, rules, *seen]) != known.stats:
            return None
        self.same.add(path + _WHOLE)
        return names

    def keep_whole(
        self, path: str, rules: bytes, looked_at: Mapping[str, os.stat_result], found: Iterable[tuple[str, str]]
    ) -> None:
        seen = [self.mark, rules, *(self._packed(one) for one in looked_at.values())]
        self.fresh[path + _WHOLE] = Listing("\0".join(looked_at), b"".join(seen), b"")
        self.found[path + _WHOLE] = tuple(found)

    def seen(self) -> set[bytes]:
        """The fingerprints of what lies in the folders that are as they were."""
        return {mark for path in self.same for mark in _marks(self.before[path].places)}

    def after(self, marks: Mapping[tuple[str, str], bytes]) -> tuple[dict[str, Listing], set[str]]:
        """(folders to store, folders to forget), given the fingerprints by (path, name) that this scan took.

        A folder whose models were passed on otherwise than they were found here is not remembered.
        """
        fresh = {}
        for path, one in self.fresh.items():
            places = [marks.get(key) for key in self.found[path]]
            if None not in places:
                fresh[path] = one._replace(places=b"".join(filter(None, places)))
        return fresh, self.before.keys() - self.same - fresh.keys()

    def _packed(self, stat: os.stat_result) -> bytes:
        return _STAT.pack(stat.st_ino, stat.st_size, folded(stat.st_mtime_ns), folded(stat.st_ctime_ns))


class Whole:
    """Gathers what is looked at while something is read as one, and remembers it if nothing speaks against that.

    Each path has to be given before it is listed or read: a change after that is then seen the next time. `base`: the
    folder below which all of it lies.
    """

    def __init__(self, memory: FolderMemory | None, path: str, base: str, rules: bytes) -> None:
        self._memory, self._path, self._base, self._rules = memory, path, base, rules
        self._looked_at: dict[str, os.stat_result] = {}
        self._steady = memory is not None

    def unchanged(self) -> list[str] | None:
        """As `FolderMemory.unchanged_whole`; None where nothing is remembered."""
        return self._memory.unchanged_whole(self._path, self._base, self._rules) if self._memory else None

    def look(self, path: str) -> None:
        """A folder about to be listed or a file about to be read, which has to be there."""
        if not self._steady:
            return
        try:
            self.add(path, os.stat(path))
        except OSError:
            self._steady = False

    def add(self, path: str, stat: os.stat_result) -> None:
        """A path that was asked already."""
        if self._memory is None or not path.startswith(self._base + os.sep) or not self._memory.is_settled(stat):
            self._steady = False
        else:
            self._looked_at.setdefault(path[len(self._base) + 1 :], stat)

    def keep(self, found: Iterable[tuple[str, str]]) -> None:
        """Remembers it, with (path, name) of all models in it; to be called only where nothing of it was in doubt."""
        if self._memory is not None and self._steady:
            self._memory.keep_whole(self._path, self._rules, self._looked_at, found)


def _marks(places: bytes) -> list[bytes]:
    return [places[start : start + _MARK] for start in range(0, len(places), _MARK)]


def digest(*parts: object) -> bytes:
    """Eight bytes that stand for values whose repr is theirs alone."""
    import xxhash

    return bytes(xxhash.xxh3_64_digest(repr(parts).encode("utf-8", "surrogateescape")))
