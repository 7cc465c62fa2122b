"""Groups of copies: what is the same, and what comes back when all but one go.

Where all the weights of one model have twins in the same other model, the models are one group with a part for
each file. Weights below 1 MiB are shown only when the whole model is there twice: a model of many files has small
ones that are the same everywhere.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from model_manager.base import reach
from model_manager.base.comes_back import comes_back
from model_manager.base.volumes import Volumes
from model_manager.catalog.copies import FLOOR
from model_manager.library.duplicates.candidates import KnownFiles
from model_manager.library.duplicates.copies import Copy, FileName, Identity, PossibleCopy
from model_manager.library.duplicates.keeper import keeper_of
from model_manager.library.duplicates.wrappings import TensorSet

Kind = Literal["identical", "same-weights"]


@dataclass(frozen=True, slots=True)
class CopyGroup:
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
    parts: tuple[CopyGroup, ...] = ()

    @property
    def files(self) -> tuple[CopyGroup, ...]:
        """One group for each file: itself, or its parts."""
        return self.parts or (self,)

    @property
    def reclaimable(self) -> int:
        """What really comes back when only the keeper stays."""
        return sum(self.frees())

    def frees(self, keeper: int | None = None) -> list[int]:
        """What comes back with each copy when it goes or shares, and those before it have. The keeper frees nothing.

        `keeper`: another one than the default stays. All at once, as a group may have thousands of copies.
        """
        keeper = self.keeper if keeper is None else keeper
        if self.parts:
            return [sum(each) for each in zip(*(part.frees(keeper) for part in self.parts), strict=True)]
        met = {self.copies[keeper].identity}
        found = []
        for copy in self.copies:
            # Who else shares blocks is not known: a snapshot may, and then they come back with nothing that goes here.
            found.append(0 if copy.stays or copy.identity in met else max(0, copy.bytes - copy.shared))
            met.add(copy.identity)
        return found


def identical(
    alike: Sequence[Sequence[PossibleCopy]], library: KnownFiles, read: Mapping[Identity, str], reference: Sequence[str]
) -> Iterator[CopyGroup]:
    volumes = Volumes()
    groups = [
        _group([_with_shared(one.copy, volumes) for one in same], same[0].id.size, reference, read) for same in alike
    ]  # fmt: skip
    return _by_model(groups, library, reference)


def rewrapped(
    suspects: Sequence[Sequence[Sequence[TensorSet]]], library: KnownFiles, reference: Sequence[str], proved: bool
) -> Iterator[CopyGroup]:
    """The same weights under other bytes. Of units with the same bytes one stands for all."""
    volumes = Volumes()
    for group in suspects:
        wholes = [[_unit(unit, library, volumes) for unit in same] for same in group]
        copies = [same[keeper_of(same, reference)] for same in wholes]
        keeper = keeper_of(copies, reference)
        first = min(identity for same in group for unit in same for identity in unit.identities)
        size = max(unit.size for same in group for unit in same)
        yield CopyGroup(_id("same-weights", first), "same-weights", proved, size, tuple(copies), keeper)


def _unit(unit: TensorSet, library: KnownFiles, volumes: Volumes) -> Copy:
    files = [_with_shared(file, volumes) for file in unit.files]
    return files[0] if len(files) == 1 else _whole(unit.model, files, library)


def _with_shared(copy: Copy, volumes: Volumes) -> Copy:
    return replace(copy, shared=copy.bytes - comes_back(copy.path, copy.bytes, volumes).own)


def _group(copies: Sequence[Copy], size: int, reference: Sequence[str], read: Mapping[Identity, str]) -> CopyGroup:
    """Its id is that of its first file by volume and inode: the same when flagged, when proved and at the next run."""
    hashes = {read.get(copy.identity) for copy in copies}
    sha256 = hashes.pop() if len(hashes) == 1 else None
    return CopyGroup(
        _id("identical", min(copy.identity for copy in copies)), "identical", sha256 is not None, size, tuple(copies),
        keeper_of(copies, reference), sha256,
    )  # fmt: skip


def _id(kind: str, first: Identity) -> str:
    return "g" + hashlib.sha256(f"{kind}\n{first[0]}\n{first[1]}".encode()).hexdigest()[:12]


def _by_model(groups: Sequence[CopyGroup], library: KnownFiles, reference: Sequence[str]) -> Iterator[CopyGroup]:
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
    groups: Sequence[CopyGroup], found: Sequence[int], library: KnownFiles, reference: Sequence[str]
) -> CopyGroup:  # fmt: skip
    wholes, files = [], []
    of_group = [{copy.identity: copy for copy in reversed(group.copies)} for group in groups]
    for model in found:
        mine = {library.rows[row] for row in library.weights[model]}
        own = [next(by_file[file] for file in mine if file in by_file) for by_file in of_group]
        wholes.append(_whole(model, own, library))
        files.append(own)
    keeper = keeper_of(wholes, reference)
    parts = tuple(
        replace(group, copies=tuple(own[number] for own in files), keeper=keeper) for number, group in enumerate(groups)
    )
    first = min(copy.identity for own in files for copy in own)
    return CopyGroup(
        _id("models", first), "identical", all(part.proved for part in parts), sum(part.size for part in parts),
        tuple(wholes), keeper, None, parts,
    )  # fmt: skip


def _whole(model: int, own: Sequence[Copy], library: KnownFiles) -> Copy:
    """A model of several files as one copy: its names are its places, its identity that of the first place."""
    names = tuple(
        FileName(
            model,
            library.titles.get(model, ""),
            place.id,
            place.tool,
            place.path,
            reach.realpath(place.path),
            beside=library.beside.get(place.id, ()),
        )
        for place in library.places[model]
    )
    try:
        reach.must_answer(names[0].path)
        inode = os.stat(names[0].path).st_ino
    except OSError:
        inode = own[0].inode
    return Copy(
        own[0].volume, inode, sum({copy.identity: copy.bytes for copy in own}.values()),
        1 if all(copy.alone for copy in own) else len(names) + 1,
        all(copy.writable for copy in own), names, f"i{inode}", any(copy.reference for copy in own),
        all(copy.owned for copy in own), any(copy.pinned for copy in own),
        sum({copy.identity: copy.shared for copy in own}.values()),
    )  # fmt: skip
