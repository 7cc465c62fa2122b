"""From what an adapter found to the catalogue: fingerprints, headers, places, models."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from model_manager.base.facts import Facts, worst
from model_manager.base.identity import FileId, file_id
from model_manager.base.reading import read_small
from model_manager.base.text import shown
from model_manager.base.volumes import Volumes
from model_manager.catalog import Tx, files, hashes, merged_models, models, new_models, places, roots
from model_manager.catalog.codec import claim_rows, dump, dump_health
from model_manager.catalog.record import READER
from model_manager.formats.folders import facts_of_folder
from model_manager.library.scan.derive import derive, derived
from model_manager.library.scan.headers import Headers
from model_manager.library.scan.understand import READ, WEIGHTS, is_read
from model_manager.stores.discovered import FoundFile, FoundModel, on_disk


class Pending(NamedTuple):
    """One found model whose headers were read, ready to be stored."""

    found: FoundModel
    fingerprint: bytes
    facts: dict[str, Facts]
    folder: Facts | None
    heavy: tuple[int, ...]
    """Which of its files are the weights that it is known by."""
    likeness: str


class SnapshotFolder:
    """A model's files as a folder format sees them."""

    def __init__(self, found: FoundModel) -> None:
        self.name = found.title or found.name
        self._paths = {file.name: file.path for file in found.files}
        self.sizes = {file.name: file.stat.st_size for file in found.files}

    def read(self, name: str, limit: int = 4 << 20) -> bytes:
        if name not in self._paths:
            raise FileNotFoundError(name)
        return read_small(self._paths[name], limit)


_MOST_ARRAYS = 64
"""Arrays beside a model's weights that are looked into: they may be pickles."""
_POINTING = (".onnx", ".xml", ".param")
"""Files that may need others beside them: what those are like is part of how a place looks."""


def beside(found: FoundModel, headers: Headers) -> list[tuple[object, ...]]:
    """The files that headers name beside themselves, as they are now; most models have none."""
    seen: list[tuple[object, ...]] = []
    for file in found.files:
        if file.role in READ and file.path.lower().endswith(_POINTING):
            for companion in headers.facts(file.path, file.stat).companions:
                path = headers.beside(file.path, companion.name)
                stat = headers.stat(path) if path else None
                seen.append((companion.name, stat and (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)))
    return seen


def fingerprint(found: FoundModel, volumes: Volumes, others: Iterable[object] = ()) -> bytes:
    """What a place looked like: when it is the same at the next scan, nothing of it is read or written."""
    import xxhash

    seen = [
        READER,
        found.name,
        found.title,
        found.path,
        found.claims,
        found.source,
        found.health,
        sorted(found.details.items()),
        *others,
    ]
    for file in found.files:
        stat = file.stat
        volume = volumes.of(file.path, stat.st_dev).name
        seen.append(
            (
                file.path,
                file.role,
                file.name,
                file.sha256,
                volume,
                stat.st_ino,
                stat.st_size,
                stat.st_mtime_ns,
                stat.st_ctime_ns,
            )
        )
    return bytes(xxhash.xxh3_128_digest(repr(seen).encode("utf-8", "surrogateescape")))


def prepare(found: FoundModel, mark: bytes, headers: Headers) -> Pending:
    """Reads the headers that are needed, and the folder's configuration when it is one."""
    arrays = [file for file in found.files if file.role not in READ and is_read(file.role, file.name)]
    read = [*(file for file in found.files if file.role in READ), *arrays[:_MOST_ARRAYS]]
    facts = {file.path: headers.facts(file.path, file.stat) for file in read}
    folder = facts_of_folder(SnapshotFolder(found)) if found.is_folder else None
    found = with_companions(found, facts, headers)
    lacks = [headers.lack(file.path, file.stat) for file in found.files if file.role in READ and file.path not in facts]
    if sick := [one for one in lacks if one.verdict not in ("good", "unknown")]:
        found = found._replace(health=worst([*sick, found.health] if found.health else sick))
    heavy = _heavy(found.files)
    return Pending(found, mark, facts, folder, heavy, _likeness([found.files[at] for at in heavy]))


def _heavy(files_: Sequence[FoundFile]) -> tuple[int, ...]:
    """Where the weights stand among the files; the projectors of a model without weights, else all of them."""
    weights = [at for at, file in enumerate(files_) if file.role in WEIGHTS]
    return tuple(weights or [at for at, file in enumerate(files_) if file.role == "projector"] or range(len(files_)))


def with_companions(found: FoundModel, facts: dict[str, Facts], headers: Headers) -> FoundModel:
    """Adds the files that headers name beside themselves (ONNX external data): they are weights too."""
    if not any(one.companions for one in facts.values()):
        return found
    known = {file.path for file in found.files}
    added: list[FoundFile] = []
    for file in found.files:
        for companion in facts[file.path].companions if file.path in facts else ():
            path = headers.beside(file.path, companion.name)
            stat = headers.stat(path) if path else None
            if path and stat is not None and path not in known:
                known.add(path)
                prefix = file.name.rpartition("/")[0]
                added.append(FoundFile(path, stat, "weights", f"{prefix}/{companion.name}".lstrip("/")))
    return found._replace(files=(*found.files, *added)) if added else found


_Known = tuple[Pending, list[FileId]]


class Register:
    """Writes what one scan found; knows the volumes' rows and the headers' read times."""

    def __init__(self, volumes: Volumes, headers: Headers) -> None:
        self._volumes, self._headers = volumes, headers
        self._volume_ids: dict[str, int] = {}
        self._read: dict[int, Facts] = {}
        """Facts of the batch by file, so that what was just written need not be read again."""
        self._records: dict[str, dict[str, object]] = {}
        """What the batch stores of its places, by its JSON: the same."""

    def store(self, tx: Tx, root: roots.RootRow, batch: list[Pending]) -> set[int]:
        """Stores places and brings their models up to date; answers the models touched."""
        never_met, others = self.sorted_out(tx, root, batch)
        added = self._add(tx, root, never_met)
        touched: set[int] = set()
        for pending, ids in others:
            found, facts = pending.found, pending.facts
            new: set[int] = set()
            rows = [
                self._file(tx, file, id_, facts.get(file.path), new) for file, id_ in zip(found.files, ids, strict=True)
            ]
            touched |= places.put(tx, self._entry(root, pending, rows, new))
        derive(tx, touched | hashes.verdicts(tx, added).keys(), self._read, self._records)
        self._read.clear()
        self._records.clear()
        return touched | added

    def sorted_out(self, tx: Tx, root: roots.RootRow, batch: list[Pending]) -> tuple[list[_Known], list[_Known]]:
        """(places of models that nothing is known of, the others), each with the identities of its files."""
        known = [(pending, [self._id(file) for file in pending.found.files]) for pending in batch]
        met = new_models.known_files(tx, (id_ for _, ids in known for id_ in ids))
        paths = new_models.known_places(tx, root.id, [pending.found.path for pending in batch])
        paths |= merged_models.earlier_paths(tx, root.id, [pending.found.path for pending in batch])
        gone = new_models.gone_likenesses(tx, [pending.likeness for pending in batch])
        never_met: list[_Known] = []
        others: list[_Known] = []
        for one in known:
            pending, ids = one
            keys = [id_.file for id_ in ids]
            path, apart = pending.found.path, len({*keys}) == len(keys) > 0
            if apart and met.isdisjoint(keys) and path not in paths and pending.likeness not in gone:
                never_met.append(one)
            else:
                others.append(one)
            met.update(keys)
            paths.add(path)
        return never_met, others

    def _add(self, tx: Tx, root: roots.RootRow, batch: list[_Known]) -> set[int]:
        """Stores models that nothing is known of with what they are, derived from what is at hand.

        Asking the catalogue for what was just put there took as long as putting it there (0.25 s of 5,000 models).
        """
        file, model, place = new_models.following(tx)
        ready: list[new_models.NewModels] = []
        for pending, ids in batch:
            rows = [*range(file, file + len(ids))]
            entry = self._entry(root, pending, rows, set(rows))
            stored, members = [], []
            for row, id_, one in zip(rows, ids, pending.found.files, strict=True):
                bytes_, read_at = on_disk(one.stat), self._headers.read_at.get(one.path)
                facts = pending.facts.get(one.path)
                volume = self._volume_row(tx, one)
                record = files.record(volume, id_, one.stat, bytes_, facts, read_at, one.sha256, one.sha256_source)
                stored.append((row, record))
                members.append(models.FileView(
                    model, place, row, one.path, one.role, shown(one.name), "", one.stat.st_ino, one.stat.st_size, bytes_,
                    one.stat.st_nlink, one.stat.st_atime_ns, one.stat.st_mtime_ns, read_at, one.sha256, one.sha256_source,
                ))  # fmt: skip
            members.sort(key=_by_path)
            seen = models.PlaceView(
                place, model, root.id, root.path, root.state, root.tool, entry.name, entry.title, entry.path,
                self._records.get(entry.found) or json.loads(entry.found),
            )  # fmt: skip
            ready.append(
                new_models.NewModels(model, place, entry, stored, derived(tx, None, [seen], members, self._read))
            )
            file, model, place = file + len(ids), model + 1, place + 1
        new_models.put(tx, ready)
        return {one.model for one in ready}

    def _entry(self, root: roots.RootRow, pending: Pending, rows: list[int], new: set[int]) -> places.PlaceEntry:
        """`rows`: of the files, in their order; `new`: those never stored before."""
        found = pending.found
        for row, file in zip(rows, found.files, strict=True):
            if file.path in pending.facts:
                self._read[row] = pending.facts[file.path]
        heavy = {rows[at]: found.files[at].stat.st_size for at in pending.heavy}
        record = _found_record(pending)
        text = dump(record)
        if pending.folder is None and not found.details:  # only then is it what parsing its JSON gives
            self._records[text] = record
        name = shown(found.name)
        return places.PlaceEntry(
            root=root.id,
            tool=root.tool,
            name=name,
            title=shown(found.title or found.name),
            path=found.path,
            fingerprint=pending.fingerprint,
            found=text,
            weights=",".join(map(str, sorted(heavy))) or f"{root.tool}:{name}",
            likeness=pending.likeness,
            size=sum(heavy.values()),
            members=tuple(
                [(row, file.path, file.role, shown(file.name)) for row, file in zip(rows, found.files, strict=True)]
            ),
            fresh=bool(heavy) and heavy.keys() <= new,
        )

    def _id(self, file: FoundFile) -> FileId:
        return file_id(file.path, file.stat, self._volumes.of(file.path, file.stat.st_dev))

    def _volume_row(self, tx: Tx, file: FoundFile) -> int:
        volume = self._volumes.of(file.path, file.stat.st_dev)
        if volume.name not in self._volume_ids:
            self._volume_ids[volume.name] = roots.volume_id(tx, volume.name, volume.kind, volume.mount)
        return self._volume_ids[volume.name]

    def _file(self, tx: Tx, file: FoundFile, id_: FileId, facts: Facts | None, new: set[int]) -> int:
        """The file's row; one that was never stored before is put into `new` too."""
        read_at = self._headers.read_at.get(file.path)
        volume = self._volume_row(tx, file)
        rest = (file.stat, on_disk(file.stat), facts, read_at, file.sha256, file.sha256_source)
        row = files.add(tx, volume, id_, *rest)
        if row is None:
            return files.put(tx, volume, id_, file.path, *rest)
        new.add(row)
        return row


def _by_path(file: models.FileView) -> bytes:
    return os.fsencode(file.path)


def _found_record(pending: Pending) -> dict[str, object]:
    found, folder = pending.found, pending.folder
    claims = (*found.claims, *(folder.claims if folder else ()))
    health = found.health
    if folder and folder.health.verdict != "good":
        health = folder.health if health is None or health.verdict == "good" else worst([health, folder.health])
    return {
        "claims": claim_rows(claims),
        "health": dump_health(health),
        "format": folder.format if folder else "",
        "details": dict(found.details),
        "source": [found.source.hub, found.source.repo, found.source.revision, found.source.file]
        if found.source
        else None,
        "metadata": dict(folder.metadata) if folder else {},
        "code": list(folder.code) if folder else [],
    }


def _likeness(weights: list[FoundFile]) -> str:
    """What these weights would be known by under other inodes: their hashes, else names, sizes and times."""
    if not weights:
        return ""
    if all(file.sha256 for file in weights):
        return "sha256:" + ",".join(sorted(str(file.sha256) for file in weights))
    seen = sorted(f"{file.name.rsplit('/', 1)[-1]}|{file.stat.st_size}|{file.stat.st_mtime_ns}" for file in weights)
    return shown("seen:" + ",".join(seen))
