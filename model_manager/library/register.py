"""From what an adapter found to the catalogue: fingerprints, headers, places, models."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from model_manager.base.facts import Claim, Facts, Health, Verdict, worst
from model_manager.base.reading import read_small
from model_manager.base.text import shown
from model_manager.base.volumes import Volumes
from model_manager.catalog import Tx, files, hashes, models, places, roots
from model_manager.catalog.codec import READER, dump, dump_claims, dump_health, load_claims, load_health
from model_manager.formats.folders import facts_of_folder
from model_manager.library.headers import Headers
from model_manager.library.understand import WEIGHTS, Sighting, WeighedFile, understand
from model_manager.stores.found import Found, FoundFile, on_disk

_READ = (*WEIGHTS, "projector")


@dataclass(frozen=True, slots=True)
class Pending:
    """One found model whose headers were read, ready to be stored."""

    found: Found
    fingerprint: bytes
    facts: dict[str, Facts]
    folder: Facts | None


class SnapshotFolder:
    """A model's files as a folder format sees them."""

    def __init__(self, found: Found) -> None:
        self.name = found.title or found.name
        self._paths = {file.name: file.path for file in found.files}
        self.sizes = {file.name: file.stat.st_size for file in found.files}

    def read(self, name: str, limit: int = 4 << 20) -> bytes:
        if name not in self._paths:
            raise FileNotFoundError(name)
        return read_small(self._paths[name], limit)


_POINTING = (".onnx", ".xml", ".param")
"""Files that may need others beside them: what those are like is part of how a place looks."""


def beside(found: Found, headers: Headers) -> list[tuple[object, ...]]:
    """The files that headers name beside themselves, as they are now; most models have none."""
    seen: list[tuple[object, ...]] = []
    for file in found.files:
        if file.role in _READ and file.path.lower().endswith(_POINTING):
            for companion in headers.facts(file.path, file.stat).companions:
                path = headers.beside(file.path, companion.name)
                stat = headers.stat(path) if path else None
                seen.append((companion.name, stat and (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)))
    return seen


def fingerprint(found: Found, volumes: Volumes, others: Iterable[object] = ()) -> bytes:
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


def prepare(found: Found, mark: bytes, headers: Headers) -> Pending:
    """Reads the headers that are needed, and the folder's configuration when it is one."""
    facts = {file.path: headers.facts(file.path, file.stat) for file in found.files if file.role in _READ}
    folder = facts_of_folder(SnapshotFolder(found)) if found.is_folder else None
    return Pending(with_companions(found, facts, headers), mark, facts, folder)


def with_companions(found: Found, facts: dict[str, Facts], headers: Headers) -> Found:
    """Adds the files that headers name beside themselves (ONNX external data): they are weights too."""
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
    return replace(found, files=(*found.files, *added)) if added else found


class Register:
    """Writes what one scan found; knows the volumes' rows and the headers' read times."""

    def __init__(self, volumes: Volumes, headers: Headers) -> None:
        self._volumes, self._headers = volumes, headers
        self._volume_ids: dict[str, int] = {}
        self._read: dict[int, Facts] = {}
        """Facts of the batch by file, so that what was just written need not be read again."""
        self._records: dict[str, dict[str, object]] = {}
        """What the batch stores of its places, by its JSON: the same."""

    def store(self, tx: Tx, root: roots.RootRow, batch: Iterable[Pending]) -> set[int]:
        """Stores places and brings their models up to date; answers the models touched."""
        touched: set[int] = set()
        for pending in batch:
            touched |= places.put(tx, self._entry(tx, root, pending))
        derive(tx, touched, self._read, self._records)
        self._read.clear()
        self._records.clear()
        return touched

    def _entry(self, tx: Tx, root: roots.RootRow, pending: Pending) -> places.Entry:
        found = pending.found
        members = []
        new: set[int] = set()
        for file in found.files:
            facts = pending.facts.get(file.path)
            row = self._file(tx, file, facts, new)
            if facts is not None:
                self._read[row] = facts
            members.append((row, file.path, file.role, shown(file.name)))
        both = list(zip(members, found.files, strict=True))
        heavy = [one for one in both if one[1].role in WEIGHTS] or [one for one in both if one[1].role == "projector"]
        heavy = heavy or both
        rows = {row[0] for row, _ in heavy}
        record = _found_record(pending)
        text = dump(record)
        if pending.folder is None and not found.details:  # only then is it what parsing its JSON gives
            self._records[text] = record
        return places.Entry(
            root=root.id,
            tool=root.tool,
            name=shown(found.name),
            title=shown(found.title or found.name),
            path=found.path,
            fingerprint=pending.fingerprint,
            found=text,
            weights=",".join(map(str, sorted(rows))) or f"{root.tool}:{shown(found.name)}",
            likeness=_likeness([file for _, file in heavy]),
            size=sum({row[0]: file.stat.st_size for row, file in heavy}.values()),
            members=tuple(members),
            fresh=bool(rows) and rows <= new,
        )

    def _file(self, tx: Tx, file: FoundFile, facts: Facts | None, new: set[int]) -> int:
        """The file's row; one that was never stored before is put into `new` too."""
        volume = self._volumes.of(file.path, file.stat.st_dev)
        if volume.name not in self._volume_ids:
            self._volume_ids[volume.name] = roots.volume_id(tx, volume.name, volume.kind, volume.mount)
        key = files.key_of(self._volume_ids[volume.name], volume.lasting, file.path, file.stat)
        read_at = self._headers.read_at.get(file.path)
        rest = (file.stat, on_disk(file.stat), facts, read_at, file.sha256, file.sha256_source)
        row = files.add(tx, key, *rest)
        if row is None:
            return files.put(tx, key, file.path, *rest)
        new.add(row)
        return row


def _found_record(pending: Pending) -> dict[str, object]:
    found, folder = pending.found, pending.folder
    claims = (*found.claims, *(folder.claims if folder else ()))
    health = found.health
    if folder and (health is None or health.verdict == "good") and folder.health.verdict != "good":
        health = folder.health
    return {
        "claims": dump_claims(claims),
        "health": dump_health(health),
        "format": folder.format if folder else "",
        "details": dict(found.details),
        "source": [found.source.hub, found.source.repo, found.source.revision, found.source.file]
        if found.source
        else None,
        "metadata": dict(folder.metadata) if folder else {},
    }


def _likeness(weights: list[FoundFile]) -> str:
    """What these weights would be known by under other inodes: their hashes, else names, sizes and times."""
    if not weights:
        return ""
    if all(file.sha256 for file in weights):
        return "sha256:" + ",".join(sorted(str(file.sha256) for file in weights))
    seen = sorted(f"{file.name.rsplit('/', 1)[-1]}|{file.stat.st_size}|{file.stat.st_mtime_ns}" for file in weights)
    return shown("seen:" + ",".join(seen))


def derive(
    tx: Tx,
    ids: Iterable[int],
    read: Mapping[int, Facts] | None = None,
    records: Mapping[str, dict[str, object]] | None = None,
) -> None:
    """Understands these models anew from all their places and files, and stores the result.

    `read`: facts that are at hand, by file; `records`: what is stored of places, by its JSON. The others come from
    the catalogue.
    """
    ids = set(ids)
    seen: dict[int, list[models.PlaceView]] = {}
    for place in models.places(tx, ids, records):
        seen.setdefault(place.model, []).append(place)
    members: dict[int, list[models.FileView]] = {}
    for file in models.files(tx, ids):
        members.setdefault(file.model, []).append(file)
    checked = hashes.verdicts(tx, ids)
    for id_, choice in models.choices(tx, ids & seen.keys()).items():
        values = _derived(tx, choice, seen[id_], members.get(id_, []), read or {})
        models.derive(tx, id_, _with_checks(values, checked.get(id_, [])))


def _with_checks(values: dict[str, object], checked: list[tuple[str, str]]) -> dict[str, object]:
    """The health that a deep check found, where it is worse than the header's or says more."""
    if not checked:
        return values
    header = Health(cast(Verdict, values["verdict"]), str(values["health_detail"]))
    deep = [Health(cast(Verdict, verdict), detail) for verdict, detail in checked]
    sick = [health for health in deep if health.verdict not in ("good", "unknown")]
    if sick:
        header = worst([header, *sick])
    elif deep and header.verdict == "good":
        header = next((health for health in deep if health.verdict == "unknown"), deep[0])
    return values | {"verdict": header.verdict, "health_detail": header.detail}


def _derived(
    tx: Tx,
    choice: str | None,
    seen: list[models.PlaceView],
    members: list[models.FileView],
    read: Mapping[int, Facts],
) -> dict[str, object]:
    weighed: dict[int, WeighedFile] = {}
    for file in members:
        if file.file not in weighed or file.role in WEIGHTS:
            facts = (read.get(file.file) or files.facts_of(tx, file.file)) if file.role in _READ else None
            weighed[file.file] = WeighedFile(file.file, file.role, file.size, file.bytes, facts)
    present: dict[int, dict[str, int]] = {}
    for file in members:
        present.setdefault(file.place, {})[file.name.rsplit("/", 1)[-1]] = file.size
    sightings = [_sighting(place, present.get(place.id, {})) for place in seen]
    chosen = [Claim("category", choice, "user", "your choice")] if choice else []
    known = understand(list(weighed.values()), sightings, None)
    used_at, used_from = _last_used(members)
    source = next((place.found.get("source") for place in seen if place.found.get("source")), None)
    if source is None and (repo := known.values.get("source_repo")):
        source = _source_from(str(repo))
    values = known.values
    return {
        "name": known.name, "category": known.category, "category_from": known.category_from, "format": known.format,
        "architecture": values.get("architecture"), "base_model": values.get("base_model"),
        "parameters": values.get("parameters"), "quant": values.get("quant"), "quant_label": values.get("quant_label"),
        "bits": values.get("bits_per_weight"), "context_length": values.get("context_length"), "size": known.size,
        "bytes": known.bytes, "verdict": known.health.verdict, "health_detail": known.health.detail,
        "licence": values.get("licence"), "tags": list(known.tags), "code": list(known.code),
        "tools": ",".join(dict.fromkeys(place.tool for place in seen)), "places": len(seen), "source": source,
        "claims": dump(dump_claims([*known.claims, *chosen])),
        "used_at": used_at, "used_from": used_from, "gone_at": None,
    }  # fmt: skip


def _source_from(repo: str) -> list[str] | None:
    for address in ("https://huggingface.co/", "http://huggingface.co/", "https://hf.co/"):
        if repo.startswith(address):
            return ["huggingface", "/".join(repo.removeprefix(address).split("/")[:2]), "", ""]
    return None


def _sighting(place: models.PlaceView, present: Mapping[str, int]) -> Sighting:
    found = place.found
    claims, health, details = found.get("claims"), found.get("health"), found.get("details")
    reported = details.get("reported_size", "0") if isinstance(details, dict) else "0"
    return Sighting(
        place.tool,
        place.title,
        load_claims(claims if isinstance(claims, list) else []),
        load_health(health if isinstance(health, list) else None),
        str(found.get("format") or ""),
        int(reported) if str(reported).isdigit() else 0,
        present,
    )


def _last_used(members: list[models.FileView]) -> tuple[int | None, str | None]:
    """The latest access of a weight file that is neither its writing nor our own reading."""
    best = 0
    for file in members:
        seconds = file.atime_ns // 1_000_000_000
        ours = file.read_at is not None and abs(seconds - file.read_at) <= 5
        if (
            file.role in _READ
            and seconds > file.mtime_ns // 1_000_000_000 + 60
            and not ours
            and seconds <= time.time() + 60
        ):
            best = max(best, seconds)
    return (best, "access time") if best else (None, None)


__all__ = ["Health", "Pending", "Register", "beside", "derive", "fingerprint", "prepare"]
