"""The models and leftovers among the files of one folder that was listed."""

from __future__ import annotations

import operator
import os
from collections.abc import Collection, Iterator, Mapping

from model_manager.base.facts import Claim, Health, worst
from model_manager.base.messages import said
from model_manager.formats.folders import FOLDER_FORMATS
from model_manager.formats.numpy_archive import OBJECTS
from model_manager.stores.discovered import FoundFile, FoundModel, Leftover, on_disk
from model_manager.stores.grouping.file_names import (
    AMBIGUOUS,
    ARRAY,
    LARGEST_NOTE,
    data_of,
    is_models_partial,
    is_partial,
    is_training,
    is_weights,
    suffix_of,
)
from model_manager.stores.grouping.grouping import FileGroup, each_alone, group, is_pipeline, missing_health
from model_manager.stores.walk.plain import Plain, PlainFolder
from model_manager.stores.walk.running_downloads import Locks
from model_manager.stores.walk.sidecars import read_sidecar
from model_manager.stores.walk.store_reader import StoreReader

_MEMBER = operator.attrgetter("name")
_MOST_ARRAYS = 64
"""Arrays of one folder that are looked into: more are somebody's data."""


def models_in(
    folder: PlainFolder,
    files: Mapping[str, os.DirEntry[str]],
    mattering: list[str],
    reader: StoreReader,
    plain: Plain,
    whole: bool,
    package: bool = False,
) -> Iterator[FoundModel | Leftover]:
    """The models of one folder, or with `package` of all below it. `mattering`: the names that may matter."""
    pipeline = "model_index.json" in files
    if not mattering and not whole and not pipeline:
        return
    bundle = folder.relative.endswith((".mlmodelc", ".mlpackage"))
    vosk = "am/final.mdl" in files or "final.mdl" in files
    whole = whole or bundle or vosk
    alone = None if whole or package else each_alone(mattering, files)
    if alone is not None:
        yield from _each(folder, alone, files, reader, plain)
        return
    mattering.sort()
    partial = {name for name in mattering if is_partial(name)}
    notes = notes_among(partial, files, reader) if partial else {}
    yield from _rests(mattering, partial, notes, files, reader, plain)
    arrays = {name for name in mattering if suffix_of(name) == ARRAY}
    if whole or pipeline or any(is_weights(name) for name in mattering):
        for one in group([name for name in files if name not in partial], whole):
            found = model_of(folder, one, files, reader, plain)
            if found:
                arrays.difference_update(file.name for file in found.files)
                yield unfinished(found, notes) if notes else found
    if len(arrays) <= _MOST_ARRAYS:
        yield from _of_objects(folder, sorted(arrays), files, reader, plain)


def _rests(
    mattering: list[str], partial: Collection[str], notes: Mapping[str, Collection[str]],
    files: Mapping[str, os.DirEntry[str]], reader: StoreReader, plain: Plain,
) -> Iterator[Leftover]:  # fmt: skip
    """Unfinished downloads, and what a training left beside its weights.

    A note beside a file that is there at full length is no rest: it goes where the model goes (`unfinished`).
    """
    for name in mattering:
        if name in partial:
            if name not in notes.get(data_of(name), ()) and is_models_partial(name, plain.believed):
                yield from _leftover(name, files[name], reader)
        elif is_training(name) and any(other != name and is_weights(other) for other in mattering):
            stat = reader.stat(files[name].path)
            if stat:
                where = os.path.dirname(files[name].path)
                yield Leftover("training-leftover", files[name].path, stat.st_size, on_disk(stat), where)


def _of_objects(
    folder: PlainFolder, names: list[str], files: Mapping[str, os.DirEntry[str]], reader: StoreReader, plain: Plain
) -> Iterator[FoundModel]:
    """Arrays that nothing else has and that are pickles: weights kept as a table, or anything."""
    pickled = []
    for name in names:
        stat = reader.stat(files[name].path)
        if stat is not None and OBJECTS in reader.facts(files[name].path, stat).metadata:
            pickled.append((name, list[str]()))
    yield from _each(folder, pickled, files, reader, plain)


def unfinished(found: FoundModel, notes: Mapping[str, Mapping[str, FoundFile]]) -> FoundModel:
    """A model beside whose files notes of their downloads lie: the data is there at full length, and not whole.

    The notes go where the file goes: without them its download can only begin anew, and nothing says that it is not
    whole.
    """
    beside = [note for file in found.files for note in notes.get(file.name, {}).values()]
    if not beside:
        return found
    under_way = Health("incomplete", said("{0} lies beside it: its download has not ended", beside[0].name))
    files = sorted((*found.files, *beside), key=_MEMBER)
    return found._replace(files=tuple(files), health=worst([under_way, found.health] if found.health else [under_way]))


def notes_among(
    partial: Collection[str], files: Mapping[str, os.DirEntry[str]], reader: StoreReader
) -> dict[str, dict[str, FoundFile]]:
    """File -> the notes beside it that say that its download has not ended."""
    found: dict[str, dict[str, FoundFile]] = {}
    for name in sorted(partial):
        data = data_of(name)
        stat = reader.stat(files[name].path) if data in files and is_weights(data) else None
        if stat is not None and stat.st_size < LARGEST_NOTE:
            found.setdefault(data, {})[name] = FoundFile(files[name].path, stat, "other", name)
    return found


def _each(
    folder: PlainFolder,
    alone: list[tuple[str, list[str]]],
    files: Mapping[str, os.DirEntry[str]],
    reader: StoreReader,
    plain: Plain,
) -> Iterator[FoundModel]:
    """Models of one file each, with what follows them by name: what `model_of` makes of such groups, without the groups."""
    common = (*plain.claims, folder.claim) if folder.claim else plain.claims
    prefix = folder.relative + "/" if folder.relative else ""
    for name, beside in alone:
        path = files[name].path
        stat = reader.stat(path)
        if stat is None:
            continue
        members = [FoundFile(path, stat, "weights", name)]
        claims = common
        if beside:
            for other in beside:
                stat = reader.stat(files[other].path)
                if stat is not None:
                    members.append(FoundFile(files[other].path, stat, "sidecar", other))
            members.sort(key=_MEMBER)
            told = list(common)
            members, claims = _with_records(members, told, reader), tuple(told)
        title = name[: name.rfind(".")]
        yield FoundModel(prefix + title, path, tuple(members), title, claims)


def _leftover(name: str, entry: os.DirEntry[str], reader: StoreReader) -> Iterator[Leftover]:
    found = reader.stat(entry.path)
    if found and not Locks().on(entry.path):
        stem = name[: name.rfind(".")] if not name.startswith("incomplete-") else name[len("incomplete-") :]
        yield Leftover("partial", entry.path, found.st_size, on_disk(found), stem)


def model_of(
    folder: PlainFolder, one: FileGroup, files: Mapping[str, os.DirEntry[str]], reader: StoreReader, plain: Plain
) -> FoundModel | None:
    members: list[FoundFile] = []
    weights = 0
    for name, role in one.files:
        stat = reader.stat(files[name].path)
        if stat is None:
            continue
        members.append(FoundFile(files[name].path, stat, role, name))
        weights += role in ("weights", "adapter", "projector")
    if (not weights and not is_pipeline(one)) or not _recognised(one, members, reader, plain):
        return None
    claims = [*plain.claims, *([folder.claim] if folder.claim else [])]
    members = _with_records(members, claims, reader)
    relative = "/".join(part for part in (folder.relative, one.label) if part)
    whole = one.whole and not one.label
    first = next((member.path for member in members if member.role in ("weights", "adapter", "projector")), folder.path)
    return FoundModel(
        name=relative or os.path.basename(folder.path.rstrip(os.sep)),
        path=folder.path if whole else first,
        title=(relative or os.path.basename(folder.path.rstrip(os.sep))).rsplit("/", 1)[-1],
        files=tuple(members),
        claims=tuple(claims),
        health=missing_health(one),
        is_folder=one.whole,
    )


def _recognised(one: FileGroup, members: list[FoundFile], reader: StoreReader, plain: Plain) -> bool:
    """Ambiguous names (`x.bin`) are models only when their content says so."""
    weights = [member for member in members if member.role in ("weights", "adapter")]
    if one.whole and any(format_.matches({name: 0 for name, _role in one.files}) for format_ in FOLDER_FORMATS):
        return True
    if not weights or any(suffix_of(member.name) not in AMBIGUOUS for member in weights):
        return True
    facts = [reader.facts(member.path, member.stat) for member in weights]
    if all(fact.format == "unknown" for fact in facts):
        return plain.believed and one.whole
    # A web page, an error or an LFS pointer under such a name is a download that failed; an empty file may be anything.
    return plain.believed or any(
        fact.health.verdict != "not-a-model" or fact.shares or member.stat.st_size
        for fact, member in zip(facts, weights, strict=True)
    )


def _with_records(members: list[FoundFile], claims: list[Claim], reader: StoreReader) -> list[FoundFile]:
    """Adds what sidecars say to `claims` and their hash to the weights."""
    weights = next((member for member in members if member.role in ("weights", "adapter")), None)
    sha256 = None
    for member in members:
        if weights is not None and member.role == "sidecar" and member.name.endswith((".json", ".info")):
            recorded = read_sidecar(member.path, weights.stat.st_size, reader)
            claims.extend(recorded.claims)
            sha256 = sha256 or recorded.sha256
    if sha256 is None or weights is None:
        return members
    hashed = FoundFile(weights.path, weights.stat, weights.role, weights.name, sha256, "sidecar")
    return [hashed if member is weights else member for member in members]
