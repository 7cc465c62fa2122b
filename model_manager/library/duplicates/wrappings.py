"""The same weights in another wrapping: a file with edited metadata, one file beside its shards.

Flagged by format, types and bytes of all tensors together (from the headers that the scan read) and the heads of some
of them; proved by reading all. Never to be linked: the bytes differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from model_manager.catalog import Database, files
from model_manager.formats.tensors import merge
from model_manager.library.duplicates.candidates import KnownFiles
from model_manager.library.duplicates.copies import Copy, Identity, PossibleCopy
from model_manager.library.duplicates.hashing import Hashing
from model_manager.library.duplicates.tensor_bytes import FORMATS, add


@dataclass(frozen=True, slots=True)
class TensorSet:
    """A model with the files of its weights, as they are now."""

    model: int
    files: tuple[Copy, ...]
    format: str

    @property
    def identities(self) -> frozenset[Identity]:
        return frozenset(copy.identity for copy in self.files)

    @property
    def size(self) -> int:
        return sum(copy.size for copy in self.files)


def flagged(database: Database, library: KnownFiles, hashing: Hashing) -> list[list[list[TensorSet]]]:
    """Groups of models that may be the same weights, each split into those that look the same to the byte.

    Reads headers and heads of tensors, each once while they stay.
    """
    with database.read() as tx:
        histograms = files.histograms(tx, FORMATS)
    alike: dict[object, list[tuple[int, str]]] = {}
    for model, rows in library.bodies.items():
        found = [histograms[row] for row in rows if row in histograms]
        formats = {format_ for format_, _shares in found}
        if len(found) == len(rows) and len(formats) == 1:
            (format_,) = formats
            shares = merge(shares for _format, shares in found)
            if sum(share.bytes for share in shares):
                alike.setdefault((format_, shares), []).append((model, format_))
    units = [
        [unit for model, format_ in models if (unit := _unit(model, format_, library))]
        for models in alike.values()
        if len(models) > 1
    ]
    by_path = {one.copy.path: one for _size, candidates in library.by_size for one in candidates}
    units = [group for group in units if _several(group) and not _same_bytes(group, by_path, hashing)]
    samples = hashing.tensor_samples(
        {copy.path: unit.format for group in units for unit in group for copy in unit.files}
    )
    return [part for group in units for part in _in_several([group], _comparable(group, samples), hashing)]


def _comparable(group: Sequence[TensorSet], samples: Mapping[str, str]) -> dict[str, str]:
    """Of the two sums of each file the one over all tensors, where every file of these units has it."""
    found = {copy.path: samples.get(copy.path, ":") for unit in group for copy in unit.files}
    which = int(all(sums == ":" or sums.partition(":")[2] for sums in found.values()))
    return {path: sums.split(":")[which] for path, sums in found.items()}


def proved(suspects: Sequence[Sequence[Sequence[TensorSet]]], hashing: Hashing) -> list[list[list[TensorSet]]]:
    """Those that are the same to the last tensor. Reads each file once, for its own hash too."""
    units = [[unit for same in group for unit in same] for group in suspects]
    sums = hashing.tensors({copy.path: unit.format for group in units for unit in group for copy in unit.files})
    return _in_several(units, sums, hashing)


def is_read(group: Sequence[Sequence[TensorSet]], hashing: Hashing) -> bool:
    """Whether all tensors of all of them were read before, and nothing changed since."""
    ids = [hashing.id(copy.path) for same in group for unit in same for copy in unit.files]
    return all(id_ is not None and hashing.known(id_).tensors for id_ in ids)


def still_alike(group: Sequence[Sequence[TensorSet]], hashing: Hashing) -> list[list[list[TensorSet]]]:
    """Splits a group by what was read of it. What was not read stands with the first that it may be.

    Those that look the same to the byte have one answer: what one of them was read to be.
    """
    read: dict[str, list[list[TensorSet]]] = {}
    unread: list[list[TensorSet]] = []
    for same in group:
        known = next((sums for unit in same if (sums := _known_sum(unit, hashing))), "")
        if known:
            read.setdefault(known, []).append(list(same))
        else:
            unread.append(list(same))
    parts = list(read.values()) or [[]]
    parts[0] = parts[0] + unread
    return [part for part in parts if len(part) > 1]


def _known_sum(unit: TensorSet, hashing: Hashing) -> str:
    """The sum over all tensors of a model, empty where not all of it was read."""
    ids = [hashing.id(copy.path) for copy in unit.files]
    sums = [hashing.known(id_).tensors if id_ is not None else None for id_ in ids]
    return add([one for one in sums if one]) if all(sums) else ""


def _in_several(
    groups: Sequence[Sequence[TensorSet]], sums: dict[str, str], hashing: Hashing
) -> list[list[list[TensorSet]]]:
    """Units with the same sum, those that look alike to the byte together; alone they are told elsewhere.

    Looks and not hashes say that: the answer is the same whatever was read before.
    """
    alike = [part for group in groups for part in _split(group, sums)]
    looks = hashing.samples(copy.path for part in alike for unit in part for copy in unit.files)
    found = []
    for part in alike:
        by_looks: dict[tuple[tuple[int, str], ...], list[TensorSet]] = {}
        met: set[Identity] = set()
        for unit in part:
            look = tuple(sorted((copy.size, looks.get(copy.path, copy.path)) for copy in unit.files))
            if look in by_looks or not met & unit.identities:
                by_looks.setdefault(look, []).append(unit)
                met |= unit.identities
        if len(by_looks) > 1:
            found.append(list(by_looks.values()))
    return found


def _unit(model: int, format_: str, library: KnownFiles) -> TensorSet | None:
    found = [library.find(row) for row in sorted(library.bodies[model])]
    copies = tuple(one.copy for one in found if one is not None)
    return TensorSet(model, copies, format_) if len(copies) == len(found) else None


def _several(group: Sequence[TensorSet]) -> bool:
    return len({unit.identities for unit in group}) > 1


def _same_bytes(group: Sequence[TensorSet], by_path: Mapping[str, PossibleCopy], hashing: Hashing) -> bool:
    """Whether all are told, or look, identical: then there is no other wrapping, and no header need be read."""
    if len({tuple(sorted(copy.size for copy in unit.files)) for unit in group}) > 1:
        return False
    paths = {copy.path for unit in group for copy in unit.files}
    candidates = [by_path[path] for path in paths if path in by_path]
    hashes = {one.copy.path: hashing.known(one.id).sha256 or one.told for one in candidates}
    seen = {path: sha256 for path, sha256 in hashes.items() if sha256}
    if len(seen) < len(paths):
        seen = hashing.samples(paths)
    return len({tuple(sorted(seen.get(copy.path, copy.path) for copy in unit.files)) for unit in group}) == 1


def _split(group: Sequence[TensorSet], sums: dict[str, str]) -> Iterator[list[TensorSet]]:
    by_sum: dict[str, list[TensorSet]] = {}
    for unit in group:
        total = add([sums.get(copy.path, "") for copy in unit.files])
        if total:
            by_sum.setdefault(total, []).append(unit)
    yield from (part for part in by_sum.values() if _several(part))
