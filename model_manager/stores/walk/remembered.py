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
_STAT = struct.Struct("<QQqq")


@dataclass(slots=True)
class Memory:
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
        quiet = time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) > SETTLED_NS
        return stat if quiet and stat.st_dev == self.device else None

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


def _marks(places: bytes) -> list[bytes]:
    return [places[start : start + _MARK] for start in range(0, len(places), _MARK)]


def digest(*parts: object) -> bytes:
    """Eight bytes that stand for values whose repr is theirs alone."""
    import xxhash

    return bytes(xxhash.xxh3_64_digest(repr(parts).encode("utf-8", "surrogateescape")))
