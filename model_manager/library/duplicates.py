"""The same bytes more than once: flagged by what is cheap to know, proved by reading every byte.

By size, then inode, then the hashes that lie on disk, then pieces of the files at several offsets; what is
still alike is flagged. A hash that a tool wrote down (a blob's name, an index, a sidecar) only flags: it
counts as the file's once we have read the file.

Which files take part: see `copies`. Where all the weights of one model have twins in the same other model, the
models are one group with a part for each file. Weights below 1 MiB are shown only when the whole model is there
twice: a model of many files has small ones that are the same everywhere.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from model_manager.base.text import shown
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database
from model_manager.catalog.hashes import Known
from model_manager.jobs import Progress
from model_manager.library import wrappings
from model_manager.library.copies import FLOOR, Candidate, Copy, Identity, Library, Name, is_inside, read_library
from model_manager.library.extents import Extents, common, length, shared_extents, union
from model_manager.library.hashing import Hashing, Unreadable
from model_manager.library.wrappings import Unit

Kind = Literal["identical", "same-weights", "same-model"]

# Where the tool cannot be pointed elsewhere, or finds its files by their names, the payload stays.
_STAYS = {"docker-model-runner": 5, "invokeai": 5, "ollama": 4, "huggingface": 4, "gpt4all": 3, "jan": 3,
          "lm-studio": 2, "store": 2, "folder": 0}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """Copies of the same bytes. `copies[keeper]` is the one that stays by default; sizes in bytes.

    `same-weights`: other bytes around the same tensors (see `wrappings`), never to be linked; `size` is the largest.

    Of models of several files each copy is a model (its path is the place's), and `parts` has a group for each file
    with the same copies in the same order. `sha256` is that of one file, None for several and for what is only flagged.
    """

    id: str
    kind: Kind
    proved: bool
    size: int
    copies: tuple[Copy, ...]
    keeper: int
    sha256: str | None = None
    parts: tuple[Group, ...] = ()

    @property
    def files(self) -> tuple[Group, ...]:
        """One group for each file: itself, or its parts."""
        return self.parts or (self,)

    @property
    def reclaimable(self) -> int:
        """What really comes back when only the keeper stays."""
        return sum(self.frees(number) for number in range(len(self.copies)) if number != self.keeper)

    def frees(self, number: int, keeper: int | None = None) -> int:
        """What comes back when this copy goes or shares, and those before it have.

        `keeper`: another one than the default stays.
        """
        keeper = self.keeper if keeper is None else keeper
        if self.parts:
            return sum(part.frees(number, keeper) for part in self.parts)
        copy = self.copies[number]
        if copy.stays or copy.identity in {self.copies[n].identity for n in (keeper, *range(number))}:
            return 0
        # Shared blocks come back with the last of those that share them; who shares them outside is not known.
        others = [(n, other) for n, other in enumerate(self.copies) if n != number and other.extents]
        staying = union(e for n, other in others if n >= number or n == keeper or other.stays for e in other.extents)
        gone = common(copy.extents, union(e for n, other in others if n < number for e in other.extents))
        return max(0, copy.bytes - length(copy.extents)) + length(gone) - length(common(gone, staying))


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
    return _flag(database, volumes, progress, reference, recall=False)


def flag_and_recall(
    database: Database, volumes: Volumes, progress: Progress | None = None, reference: Sequence[str] = ()
) -> Duplicates:
    """Flags, and marks as proved the groups of which every copy was read before and did not change since."""
    return _flag(database, volumes, progress, reference, recall=True)


def _flag(
    database: Database, volumes: Volumes, progress: Progress | None, reference: Sequence[str], recall: bool
) -> Duplicates:
    hashing = Hashing(database, volumes, progress)
    library = read_library(database, hashing, reference)
    alike = [one for _size, candidates in library.by_size for one in _alike(candidates, hashing)]
    read = _read_before(alike, hashing) if recall else {}
    suspects = wrappings.flagged(database, library, hashing)
    sure = [group for group in suspects if recall and wrappings.is_read(group, hashing)]
    unsure = [group for group in suspects if group not in sure]
    groups = [
        *_identical(alike, library, read, reference),
        *_rewrapped(wrappings.proved(sure, hashing), library, reference, True),
        *_rewrapped(unsure, library, reference, False),
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
    library = read_library(database, hashing, reference)
    told = {
        one.copy.path: one.told for _size, candidates in library.by_size for one in candidates if believe and one.told
    }
    # These first: one reading gives the hash of the file and that of its tensors.
    rewrapped = [] if believe else wrappings.proved(wrappings.flagged(database, library, hashing), hashing)
    suspects = [one for _size, candidates in library.by_size for one in _suspects(candidates, hashing, told)]
    read = hashing.compare(suspects, told)
    alike = []
    for _size, candidates in library.by_size:
        by_hash: dict[str, list[Candidate]] = {}
        for one in candidates:
            sha256 = read.get(one.copy.path) or hashing.known(one.mark).sha256 or told.get(one.copy.path)
            if sha256:
                by_hash.setdefault(sha256, []).append(one)
        alike += [same for same in by_hash.values() if len(same) > 1]
    read_before = _read_before(alike, hashing)
    groups = [
        *_identical(alike, library, read_before, reference), *_rewrapped(rewrapped, library, reference, True)
    ]  # fmt: skip
    return _ordered(groups, hashing)


def _read_before(alike: Sequence[Sequence[Candidate]], hashing: Hashing) -> dict[Identity, str]:
    known = {one.copy.identity: hashing.known(one.mark).sha256 for same in alike for one in same}
    return {identity: sha256 for identity, sha256 in known.items() if sha256}


def keeper_of(copies: Sequence[Copy], reference: Sequence[str] = ()) -> int:
    """Which copy stays: one that may not be changed, then where a tool cannot be pointed elsewhere, then a pinned one,
    then the one with most names, then the first by path.

    May not be changed: a reference folder, a folder that we may not write to, a file of somebody else. A pinned copy
    in a plain folder gives way to a content-addressed store, where it can only become a link: nothing of it is lost.
    """

    def weight(copy: Copy) -> tuple[bool, bool, bool, int, bool, int, str]:
        rank = max(_STAYS.get(name.tool, 1) for name in copy.names)
        return (
            not is_reference(copy, reference), copy.writable, copy.owned, -rank, not copy.pinned, -len(copy.names),
            copy.path,
        )  # fmt: skip

    return min(range(len(copies)), key=lambda number: weight(copies[number]))


def is_reference(copy: Copy, reference: Sequence[str]) -> bool:
    """Whether a copy lies in a folder that is never touched."""
    return copy.reference or any(is_inside(name.real, folder) for name in copy.names for folder in reference)


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
        "path": shown(name.path), "volume": copy.volume, "inode": copy.inode,
    }  # fmt: skip


def _alike(candidates: Sequence[Candidate], hashing: Hashing) -> Iterator[list[Candidate]]:
    """Splits files of one size: by what we read of them, by what is told of them, by pieces where neither is known.

    One of each hash stands for all of it. Where pieces fit two hashes, only reading can tell.
    """
    by_hash: dict[str, list[Candidate]] = {}
    unknown: list[Candidate] = []
    for one in candidates:
        sha256 = hashing.known(one.mark).sha256 or one.told
        if sha256:
            by_hash.setdefault(sha256, []).append(one)
        else:
            unknown.append(one)
    if unknown:
        samples = hashing.samples(one.copy.path for one in [*(same[0] for same in by_hash.values()), *unknown])
        by_sample: dict[str, str] = {}
        for sha256, same in by_hash.items():
            by_sample.setdefault(samples.get(same[0].copy.path, ""), sha256)
        for one in unknown:
            sample = samples.get(one.copy.path)
            if sample:
                by_hash.setdefault(by_sample.setdefault(sample, f"pieces {sample}"), []).append(one)
    for same in by_hash.values():
        yield from (part for part in _apart(same, hashing, unknown) if len(part) > 1)


def _apart(same: Sequence[Candidate], hashing: Hashing, unknown: Sequence[Candidate]) -> list[list[Candidate]]:
    """Takes apart again what an earlier comparison knows to differ."""
    if len(same) < 2 or not any(one in same for one in unknown):
        return [list(same)]
    known = {one.copy.identity: hashing.known(one.mark) for one in same}
    parts: list[list[Candidate]] = []
    for one in same:
        for part in parts:
            if not any(_differ(known[one.copy.identity], known[other.copy.identity]) for other in part):
                part.append(one)
                break
        else:
            parts.append([one])
    return parts


def _differ(one: Known, other: Known) -> bool:
    """Whether two files are known to differ."""
    if one.sha256 and other.sha256:
        return one.sha256 != other.sha256
    if not one.apart or not other.apart or one.apart == other.apart:
        return False
    return one.apart.split(":")[0] == other.apart.split(":")[0]


def _suspects(
    candidates: Sequence[Candidate], hashing: Hashing, told: Mapping[str, str]
) -> Iterator[list[str]]:  # fmt: skip
    """Files of one size whose pieces are the same, where it is not known yet of every two whether they are."""
    known = {one.copy.path: hashing.known(one.mark) for one in candidates}
    known = {
        path: replace(found, sha256=found.sha256 or told.get(path)) for path, found in known.items()
    }  # fmt: skip
    if all(found.sha256 for found in known.values()):
        return
    by_sample: dict[str, list[str]] = {}
    for path, sample in hashing.samples(known).items():
        by_sample.setdefault(sample, []).append(path)
    for alike in by_sample.values():
        unread = [path for path in alike if not known[path].sha256]
        if any(path != other and not _differ(known[path], known[other]) for path in unread for other in alike):
            yield alike


def _identical(
    alike: Sequence[Sequence[Candidate]], library: Library, read: Mapping[Identity, str], reference: Sequence[str]
) -> Iterator[Group]:
    groups = [
        _group([_with_extents(one.copy) for one in same], same[0].mark.size, reference, read) for same in alike
    ]  # fmt: skip
    return _by_model(groups, library, reference)


def _rewrapped(
    suspects: Sequence[Sequence[Sequence[Unit]]], library: Library, reference: Sequence[str], proved: bool
) -> Iterator[Group]:
    """The same weights under other bytes. Of units with the same bytes one stands for all."""
    for group in suspects:
        wholes = [[_unit(unit, library) for unit in same] for same in group]
        copies = [same[keeper_of(same, reference)] for same in wholes]
        keeper = keeper_of(copies, reference)
        first = min(identity for same in group for unit in same for identity in unit.identities)
        size = max(unit.size for same in group for unit in same)
        yield Group(_id("same-weights", first), "same-weights", proved, size, tuple(copies), keeper)


def _unit(unit: Unit, library: Library) -> Copy:
    return unit.files[0] if len(unit.files) == 1 else _whole(unit.model, unit.files, library)


def _ordered(groups: Sequence[Group], hashing: Hashing) -> Duplicates:
    ordered = sorted(groups, key=lambda group: (-group.reclaimable, -group.size, group.id))
    return Duplicates(tuple(ordered), hashing.read_bytes, tuple(hashing.problems))


def _with_extents(copy: Copy) -> Copy:
    extents: Extents = shared_extents(copy.path)
    return replace(copy, extents=extents) if extents else copy


def _group(
    copies: Sequence[Copy], size: int, reference: Sequence[str], read: Mapping[Identity, str], keeper: int | None = None
) -> Group:
    """Its id is that of its first file by volume and inode: the same when flagged, when proved and at the next run."""
    hashes = {read.get(copy.identity) for copy in copies}
    sha256 = hashes.pop() if len(hashes) == 1 else None
    return Group(
        _id("identical", min(copy.identity for copy in copies)), "identical", sha256 is not None, size, tuple(copies),
        keeper_of(copies, reference) if keeper is None else keeper, sha256,
    )  # fmt: skip


def _id(kind: str, first: Identity) -> str:
    return "g" + hashlib.sha256(f"{kind}\n{first[0]}\n{first[1]}".encode()).hexdigest()[:12]


def _by_model(groups: Sequence[Group], library: Library, reference: Sequence[str]) -> Iterator[Group]:
    """Joins the groups of files that are all the weights of the same models."""
    of_file = {copy.identity: number for number, group in enumerate(groups) for copy in group.copies}
    alike: dict[tuple[int, ...], list[int]] = {}
    for model, rows in library.weights.items():
        numbers = sorted(of_file.get(library.rows[row], -1) if row in library.rows else -1 for row in rows)
        if len(rows) > 1 and numbers[0] >= 0:
            alike.setdefault(tuple(numbers), []).append(model)
    covered: dict[int, set[Identity]] = {}
    kept: dict[int, dict[Identity, Copy]] = {}
    for numbers_, found in alike.items():
        if len(found) > 1 and len(set(numbers_)) == len(numbers_):
            whole = _of_models([groups[number] for number in numbers_], found, library, reference)
            yield whole
            for number, part in zip(numbers_, whole.parts, strict=True):
                covered.setdefault(number, set()).update(copy.identity for copy in part.copies)
                kept.setdefault(number, {})[part.copies[part.keeper].identity] = part.copies[part.keeper]
    alone = {next(iter(rows)) for rows in library.weights.values() if len(rows) == 1}
    whole_models = {library.rows[row] for row in alone if row in library.rows}
    for number, group in enumerate(groups):
        if number in covered:
            # What the models keep stands for them here, and stays: their own plan leads to it.
            rest = [copy for copy in group.copies if copy.identity not in covered[number]]
            group = replace(group, copies=(*kept[number].values(), *rest), keeper=0)
        matters = group.size >= FLOOR or sum(copy.identity in whole_models for copy in group.copies) > 1
        if len(group.copies) > 1 and matters:
            yield group


def _of_models(
    groups: Sequence[Group], found: Sequence[int], library: Library, reference: Sequence[str]
) -> Group:  # fmt: skip
    wholes, files = [], []
    for model in found:
        mine = {library.rows[row] for row in library.weights[model]}
        own = [next(copy for copy in group.copies if copy.identity in mine) for group in groups]
        wholes.append(_whole(model, own, library))
        files.append(own)
    keeper = keeper_of(wholes, reference)
    parts = tuple(
        replace(group, copies=tuple(own[number] for own in files), keeper=keeper) for number, group in enumerate(groups)
    )
    first = min(copy.identity for own in files for copy in own)
    return Group(
        _id("models", first), "identical", all(part.proved for part in parts), sum(part.size for part in parts),
        tuple(wholes), keeper, None, parts,
    )  # fmt: skip


def _whole(model: int, own: Sequence[Copy], library: Library) -> Copy:
    """A model of several files as one copy: its names are its places, its identity that of the first place."""
    names = tuple(
        Name(model, library.titles.get(model, ""), place.id, place.tool, place.path, os.path.realpath(place.path))
        for place in library.places[model]
    )
    try:
        inode = os.stat(names[0].path).st_ino
    except OSError:
        inode = own[0].inode
    return Copy(
        own[0].volume, inode, sum({copy.identity: copy.bytes for copy in own}.values()),
        1 if all(copy.alone for copy in own) else len(names) + 1,
        all(copy.writable for copy in own), names, f"i{inode}", any(copy.reference for copy in own),
        all(copy.owned for copy in own), any(copy.pinned for copy in own),
    )  # fmt: skip
