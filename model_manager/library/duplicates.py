"""The same bytes more than once: flagged by what is cheap to know, proved by reading every byte.

By size, then inode, then the hashes that lie on disk, then pieces of the files at several offsets; what is
still alike is flagged. A hash that a tool wrote down (a blob's name, an index, a sidecar) only flags: it
counts as the file's once we have read the file. Weights of any size take part, other files from 1 MiB on:
nobody gains by sharing tokenizers. What lies in a trash or is still being downloaded is never a copy.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from model_manager.base.text import shown
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, models
from model_manager.catalog.models import FileView
from model_manager.jobs import Progress
from model_manager.library.extents import overlap, shared_extents
from model_manager.library.hashing import Hashing, Unreadable

Kind = Literal["identical", "same-weights"]
_WEIGHTS = ("weights", "adapter", "projector")
_FLOOR = 1 << 20

# Where the tool cannot be pointed elsewhere, or finds its files by their names, the payload stays.
_STAYS = {"docker-model-runner": 5, "invokeai": 5, "ollama": 4, "huggingface": 4, "gpt4all": 3, "jan": 3,
          "lm-studio": 2, "store": 2, "folder": 0}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a copy: which model has it there, in which place."""

    model: int
    model_name: str
    place: int
    tool: str
    path: str
    real: str
    """The file itself, where `path` leads to it by links."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One file with all the names we know. `links` counts all it has; `writable`: its folder may be changed."""

    volume: str
    inode: int
    bytes: int
    links: int
    writable: bool
    names: tuple[Name, ...]
    shared: int = 0
    """Bytes of it that share their blocks with the keeper already."""

    @property
    def path(self) -> str:
        return self.names[0].real

    @property
    def alone(self) -> bool:
        """Whether every name it has is known here: else sharing or removing those frees nothing."""
        return len({name.real for name in self.names}) >= self.links


@dataclass(frozen=True, slots=True)
class Group:
    """Copies of the same bytes. `copies[keeper]` is the one that stays by default; sizes in bytes."""

    id: str
    kind: Kind
    proved: bool
    size: int
    copies: tuple[Copy, ...]
    keeper: int
    sha256: str | None = None

    @property
    def reclaimable(self) -> int:
        """What really comes back when only the keeper stays."""
        return sum(self.frees(number) for number in range(len(self.copies)) if number != self.keeper)

    def frees(self, number: int) -> int:
        """What comes back when this copy goes or shares."""
        copy = self.copies[number]
        return max(0, copy.bytes - copy.shared) if copy.alone else 0


@dataclass(frozen=True, slots=True)
class Duplicates:
    """`read_bytes` were read from the disk to know it."""

    groups: tuple[Group, ...]
    read_bytes: int
    problems: tuple[Unreadable, ...] = ()

    @property
    def reclaimable(self) -> int:
        return sum(group.reclaimable for group in self.groups)


def flag(
    database: Database, volumes: Volumes, progress: Progress | None = None, reference: Sequence[str] = ()
) -> Duplicates:
    """What looks the same, without reading more than pieces. `reference`: folders that are never touched."""
    return _look(database, Hashing(database, volumes, progress), reference, believe=True)


def prove(
    database: Database, volumes: Volumes, progress: Progress | None = None, reference: Sequence[str] = ()
) -> Duplicates:
    """What is the same to the byte: every file that may be a copy is read once, and never again while it stays.

    Believes no name: a blob may hold something else than its name says, in either direction.
    """
    hashing = Hashing(database, volumes, progress)
    flagged = _look(database, hashing, reference, believe=False).groups
    read = hashing.sha256s(copy.path for group in flagged for copy in group.copies)
    found = []
    for group in flagged:
        by_hash: dict[str, list[Copy]] = {}
        for copy in group.copies:
            if copy.path in read:
                by_hash.setdefault(read[copy.path], []).append(copy)
        for sha256, copies in by_hash.items():
            proved = _group(copies, group.size, reference, sha256)
            if proved:
                found.append(proved)
    return Duplicates(_ordered(found), hashing.read_bytes, tuple(hashing.problems))


def flag_and_recall(
    database: Database, volumes: Volumes, progress: Progress | None = None, reference: Sequence[str] = ()
) -> Duplicates:
    """Flags, and marks as proved the groups of which every copy was read before and did not change since."""
    found = flag(database, volumes, progress, reference)
    hashing = Hashing(database, volumes, progress)
    groups = []
    for group in found.groups:
        marks = [hashing.mark(copy.path) for copy in group.copies]
        read = {hashing.known(mark).sha256 if mark else None for mark in marks}
        (sha256,) = read if len(read) == 1 else (None,)
        groups.append(replace(group, proved=sha256 is not None, sha256=sha256))
    return replace(found, groups=tuple(groups))


def _look(database: Database, hashing: Hashing, reference: Sequence[str], believe: bool) -> Duplicates:
    groups = [
        group
        for size, candidates in _by_size(database)
        for alike in _alike(candidates, hashing, believe)
        if (group := _group(alike, size, reference))
    ]
    return Duplicates(_ordered(groups), hashing.read_bytes, tuple(hashing.problems))


def keeper_of(copies: Sequence[Copy], reference: Sequence[str] = ()) -> int:
    """Which copy stays: one that may not be changed, then where a tool cannot be pointed elsewhere, then the oldest name."""

    def weight(copy: Copy) -> tuple[int, int, int, str]:
        fixed = any(_inside(name.real, folder) for name in copy.names for folder in reference)
        rank = max(_STAYS.get(name.tool, 1) for name in copy.names)
        return (-(2 * fixed + (not copy.writable)), -rank, -len(copy.names), copy.path)

    return min(range(len(copies)), key=lambda number: weight(copies[number]))


def is_reference(copy: Copy, reference: Sequence[str]) -> bool:
    """Whether a copy lies in a folder that is never touched."""
    return any(_inside(name.real, folder) for name in copy.names for folder in reference)


def as_json(found: Duplicates) -> dict[str, Any]:
    """The answer of `duplicates --json`."""
    return {
        "groups": [
            {
                "id": group.id, "kind": group.kind, "proved": group.proved, "size_each": group.size,
                "copies": [
                    {"model": f"m{name.model}", "place": f"p{name.place}", "path": shown(name.path),
                     "volume": copy.volume, "inode": copy.inode}
                    for copy in group.copies for name in copy.names
                ],
                "reclaimable": group.reclaimable,
            }
            for group in found.groups
        ],
        "reclaimable": found.reclaimable,
        "read_bytes": found.read_bytes,
    }  # fmt: skip


@dataclass(slots=True)
class _Candidate:
    copy: Copy
    told: str | None
    """A hash that lies on disk."""


def _by_size(database: Database) -> Iterator[tuple[int, list[_Candidate]]]:
    """Files that another one of the same size stands beside, by size."""
    with database.read() as tx:
        titles = models.titles(tx)
        tools = {place.id: place.tool for place in models.places(tx) if place.state == "online"}
        files: dict[int, list[FileView]] = {}
        sizes: dict[int, set[int]] = {}
        for file in models.files(tx):
            if file.place in tools and file.size and (file.role in _WEIGHTS or file.size >= _FLOOR):
                files.setdefault(file.file, []).append(file)
                sizes.setdefault(file.size, set()).add(file.file)
    for size, ids in sorted(sizes.items(), reverse=True):
        if len(ids) > 1:
            candidates = [found for id_ in sorted(ids) if (found := _candidate(files[id_], titles, tools))]
            if len(candidates) > 1:
                yield size, candidates


def _candidate(names: list[FileView], titles: dict[int, str], tools: dict[int, str]) -> _Candidate | None:
    """One inode with its names; None when it is not there any more as it was."""
    known: dict[tuple[str, int], Name] = {}
    for file in names:
        real = os.path.realpath(file.path)
        known.setdefault((file.path, file.place), Name(
            file.model, titles.get(file.model, ""), file.place, tools[file.place], file.path, real))  # fmt: skip
    first = names[0]
    try:
        now = os.lstat(next(iter(known.values())).real)
    except OSError:
        return None
    if now.st_size != first.size or now.st_mtime_ns != first.mtime_ns:
        return None
    folders = {os.path.dirname(name.real) for name in known.values()}
    writable = all(os.access(folder, os.W_OK) for folder in folders)
    copy = Copy(first.volume, now.st_ino, first.bytes, now.st_nlink, writable, tuple(known.values()))
    return _Candidate(copy, first.sha256)


def _alike(candidates: list[_Candidate], hashing: Hashing, believe: bool) -> Iterator[list[Copy]]:
    """Splits files of one size: by what we read of them, by what is told of them, by pieces where neither is known."""
    by_hash: dict[str, list[Copy]] = {}
    unknown: list[Copy] = []
    for candidate in candidates:
        mark = hashing.mark(candidate.copy.path)
        known = (hashing.known(mark).sha256 if mark else None) or (candidate.told if believe else None)
        if known:
            by_hash.setdefault(known, []).append(candidate.copy)
        else:
            unknown.append(candidate.copy)
    if unknown:
        _join_by_pieces(by_hash, unknown, hashing)
    yield from (copies for copies in by_hash.values() if len(copies) > 1)


def _join_by_pieces(by_hash: dict[str, list[Copy]], unknown: list[Copy], hashing: Hashing) -> None:
    """Puts files of which nothing is known to those whose pieces are the same, else to groups of their own.

    One of each hash stands for all of it. Where pieces fit two hashes, only reading can tell.
    """
    samples = hashing.samples(copy.path for copy in [*(group[0] for group in by_hash.values()), *unknown])
    by_sample: dict[str, str] = {}
    for sha256, group in by_hash.items():
        by_sample.setdefault(samples.get(group[0].path, ""), sha256)
    for copy in unknown:
        sample = samples.get(copy.path)
        if sample:
            by_hash.setdefault(by_sample.setdefault(sample, f"pieces {sample}"), []).append(copy)


def _group(copies: Sequence[Copy], size: int, reference: Sequence[str], sha256: str | None = None) -> Group | None:
    if len(copies) < 2:
        return None
    keeper = keeper_of(copies, reference)
    blocks = shared_extents(copies[keeper].path)
    seen = [
        copy if number == keeper or not blocks or copy.volume != copies[keeper].volume
        else replace(copy, shared=overlap(blocks, shared_extents(copy.path)))
        for number, copy in enumerate(copies)
    ]  # fmt: skip
    names = "\n".join(sorted(f"{copy.volume}:{copy.inode}" for copy in copies))
    id_ = "g" + hashlib.sha256(f"{size}\n{names}".encode()).hexdigest()[:12]
    return Group(id_, "identical", sha256 is not None, size, tuple(seen), keeper, sha256)


def _ordered(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(sorted(groups, key=lambda group: (-group.reclaimable, -group.size, group.id)))


def _inside(path: str, folder: str) -> bool:
    return path.startswith(os.path.realpath(folder).rstrip(os.sep) + os.sep)
