"""The same bytes more than once: flagged by what is cheap to know, proved by reading every byte.

By size, then inode, then the hashes that lie on disk, then pieces of the files at several offsets; what is
still alike is flagged. A hash that a tool wrote down (a blob's name, an index, a sidecar) only flags: it
counts as the file's once we have read the file.

Which files take part: see `copies`. What becomes of those that are the same: see `groups`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model_manager.base.once import each_once
from model_manager.base.text import written
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database
from model_manager.catalog.copies import all_differ, same_bytes
from model_manager.jobs import Progress
from model_manager.library.duplicates import wrappings
from model_manager.library.duplicates.candidates import KnownFiles
from model_manager.library.duplicates.copies import Copy, Identity, PossibleCopy
from model_manager.library.duplicates.groups import CopyGroup, identical, rewrapped
from model_manager.library.duplicates.hashing import Hashing, Unreadable
from model_manager.library.duplicates.same_file import each_file_once


@dataclass(frozen=True, slots=True)
class Duplicates:
    """`read_bytes` were read from the disk to know it."""

    groups: tuple[CopyGroup, ...]
    read_bytes: int
    problems: tuple[Unreadable, ...] = ()

    @property
    def reclaimable(self) -> int:
        return sum(group.reclaimable for group in self.groups)


def flag(
    database: Database, volumes: Volumes, progress: Progress | None = None, reference: Sequence[str] = ()
) -> Duplicates:
    """What looks the same, without reading more than pieces. `reference`: folders that are never touched."""
    return _flag(database, Hashing(database, volumes, progress), volumes, reference, recall=False)


def flag_and_recall(
    database: Database, volumes: Volumes, progress: Progress | None = None, reference: Sequence[str] = ()
) -> Duplicates:
    """Flags, and marks as proved the groups of which every copy was read before and did not change since."""
    return _flag(database, Hashing(database, volumes, progress), volumes, reference, recall=True)


@each_once()
def _flag(database: Database, hashing: Hashing, volumes: Volumes, reference: Sequence[str], recall: bool) -> Duplicates:
    with hashing.recalling():
        return _flagged(database, hashing, volumes, reference, recall)


def _flagged(
    database: Database, hashing: Hashing, volumes: Volumes, reference: Sequence[str], recall: bool
) -> Duplicates:
    library = KnownFiles(database, hashing, reference)
    flagged = [one for _size, candidates in library.by_size for one in _alike(candidates, hashing)]
    alike = each_file_once(flagged, volumes, hashing.problems)
    read = _read_before(alike, hashing) if recall else {}
    suspects = wrappings.flagged(database, library, hashing)
    if recall:
        suspects = [part for group in suspects for part in wrappings.still_alike(group, hashing)]
    sure: list[list[list[wrappings.TensorSet]]] = []
    unsure: list[list[list[wrappings.TensorSet]]] = []
    for group in suspects:
        (sure if recall and wrappings.is_read(group, hashing) else unsure).append(group)
    groups = [
        *identical(alike, library, read, reference),
        *rewrapped(wrappings.proved(sure, hashing), library, reference, True),
        *rewrapped(unsure, library, reference, False),
    ]
    return _ordered(groups, hashing)


def prove(
    database: Database, volumes: Volumes, progress: Progress | None = None, reference: Sequence[str] = (),
    believe: bool = False,
) -> Duplicates:  # fmt: skip
    """What is the same to the byte: every file that may be a copy is read once, and never again while it stays.

    Believes no name: a blob may hold something else than its name says, in either direction. With `believe`, files
    whose hash lies on disk are not read, and their groups stay flagged.
    """
    hashing = Hashing(database, volumes, progress)
    library = KnownFiles(database, hashing, reference)
    told = {
        one.copy.path: one.told for _size, candidates in library.by_size for one in candidates if believe and one.told
    }
    # These first: one reading gives the hash of the file and that of its tensors.
    wrapped = [] if believe else wrappings.proved(wrappings.flagged(database, library, hashing), hashing)
    suspects = [one for _size, candidates in library.by_size for one in _suspects(candidates, hashing, told)]
    read = hashing.compare(suspects, told)
    alike: list[list[PossibleCopy]] = []
    for _size, candidates in library.by_size:
        by_hash: dict[str, list[PossibleCopy]] = {}
        for one in candidates:
            sha256 = read.get(one.copy.path) or hashing.known(one.id).sha256 or told.get(one.copy.path)
            if sha256:
                by_hash.setdefault(sha256, []).append(one)
        alike += [same for same in by_hash.values() if len(same) > 1]
    alike = each_file_once(alike, volumes, hashing.problems)
    read_before = _read_before(alike, hashing)
    groups = [
        *identical(alike, library, read_before, reference), *rewrapped(wrapped, library, reference, True)
    ]  # fmt: skip
    return _ordered(groups, hashing)


def _read_before(alike: Sequence[Sequence[PossibleCopy]], hashing: Hashing) -> dict[Identity, str]:
    known = {one.copy.identity: hashing.known(one.id).sha256 for same in alike for one in same}
    return {identity: sha256 for identity, sha256 in known.items() if sha256}


def as_json(found: Duplicates) -> dict[str, Any]:
    """The answer of `duplicates --json`. A copy is one file (or one model of several), whatever its names."""
    return {
        "groups": [
            {
                "id": group.id, "kind": group.kind, "proved": group.proved, "size_each": group.size,
                "copies": [_copy_json(copy) for copy in group.copies], "reclaimable": group.reclaimable,
            }
            for group in found.groups
        ],
        "reclaimable": found.reclaimable,
        "read_bytes": found.read_bytes,
    }  # fmt: skip


def _copy_json(copy: Copy) -> dict[str, Any]:
    name = copy.names[0]
    return {
        "model": None if name.model is None else f"m{name.model}",
        "place": None if name.place is None else f"p{name.place}",
        "path": written(name.path), "volume": copy.volume, "inode": copy.inode,
    }  # fmt: skip


def _alike(candidates: Sequence[PossibleCopy], hashing: Hashing) -> Iterator[list[PossibleCopy]]:
    """Splits files of one size as `catalog/copies` says. Reads pieces where a hash of one of them is not known."""
    known = {one.copy.identity: hashing.known(one.id) for one in candidates}
    hashes = {one.copy.identity: known[one.copy.identity].sha256 or one.told for one in candidates}
    unknown = [one for one in candidates if not hashes[one.copy.identity]]
    if unknown:
        first = {sha256: one for one in reversed(candidates) if (sha256 := hashes[one.copy.identity])}
        samples = hashing.samples(one.copy.path for one in [*first.values(), *unknown])
        for one in candidates:
            before = known[one.copy.identity]
            known[one.copy.identity] = replace(before, sample=samples.get(one.copy.path, before.sample))
    yield from same_bytes(candidates, lambda one: known[one.copy.identity], lambda one: one.told)


def _suspects(
    candidates: Sequence[PossibleCopy], hashing: Hashing, told: Mapping[str, str]
) -> Iterator[list[str]]:  # fmt: skip
    """Files of one size whose pieces are the same, where it is not known yet of every two whether they are."""
    known = {one.copy.path: hashing.known(one.id) for one in candidates}
    known = {
        path: replace(found, sha256=found.sha256 or told.get(path)) for path, found in known.items()
    }  # fmt: skip
    if all(found.sha256 for found in known.values()):
        return
    by_sample: dict[str, list[str]] = {}
    for path, sample in hashing.samples(known).items():
        by_sample.setdefault(sample, []).append(path)
    for alike in by_sample.values():
        if not all_differ([known[path] for path in alike]):
            yield alike


def _ordered(groups: Sequence[CopyGroup], hashing: Hashing) -> Duplicates:
    ordered = sorted(groups, key=lambda group: (-group.reclaimable, -group.size, group.id))
    return Duplicates(tuple(ordered), hashing.read_bytes, tuple(hashing.problems))
