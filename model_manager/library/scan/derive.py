"""What a model is, from all its places and files in the catalogue: asked again whenever one of them changed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from model_manager.base.facts import Claim, Facts, Health, Verdict, worst
from model_manager.base.messages import said
from model_manager.catalog import Database, Tx, files, hashes, labels, models
from model_manager.catalog.codec import claim_rows, dump, load_claims, load_health
from model_manager.catalog.last_used import ACCESS_TIME
from model_manager.catalog.record import DERIVED, claimed
from model_manager.jobs import Progress
from model_manager.library.scan.last_uses import NOT_KEPT
from model_manager.library.scan.understand import READ, WEIGHTS, Sighting, WeighedFile, is_read, understand


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
    recorded = models.uses(tx, ids, ACCESS_TIME)
    for id_, choice in labels.choices(tx, ids & seen.keys()).items():
        values = derived(tx, choice, seen[id_], members.get(id_, []), read or {})
        if id_ in recorded and recorded[id_][0] > int(str(values["used_at"] or 0)):
            values |= dict(zip(("used_at", "used_from"), recorded[id_], strict=True))
        models.derive(tx, id_, _with_checks(values, checked.get(id_, [])))


_AT_ONCE = 500
"""Models in one transaction: 0.3 s in which nothing else is written."""


def derive_again(database: Database, progress: Progress) -> Iterator[tuple[int, ...]]:
    """Understands anew what an earlier version of this program has understood; yields the models that are done.

    All of it from the catalogue: nothing is looked at on the disk, so that models on a drive that is not there get what is
    new of them too. What a kill or a cancel leaves is done by the next scan.
    """
    with database.read() as tx:
        ids = models.derived_before(tx, DERIVED)
    for start in range(0, len(ids), _AT_ONCE):
        progress.step(start, len(ids), phase=said("Understanding anew what is known"))
        some = tuple(ids[start : start + _AT_ONCE])
        with database.write() as tx:
            derive(tx, some)
        yield some


def _with_checks(values: dict[str, object], checked: list[tuple[str, str]]) -> dict[str, object]:
    """The health that a deep check found, where it is worse than the header's or says more."""
    if not checked:
        return values
    header = Health(cast(Verdict, values["verdict"]), cast(str, values["health_detail"]))
    deep = [Health(cast(Verdict, verdict), detail) for verdict, detail in checked]
    sick = [health for health in deep if health.verdict not in ("good", "unknown")]
    if sick:
        header = worst([header, *sick])
    elif deep and header.verdict == "good":
        header = next((health for health in deep if health.verdict == "unknown"), deep[0])
    return values | {"verdict": header.verdict, "health_detail": header.detail}


def derived(
    tx: Tx,
    choice: str | None,
    seen: list[models.PlaceView],
    members: list[models.FileView],
    read: Mapping[int, Facts],
) -> dict[str, object]:
    """The columns of one model. `choice`: the user's own category; `read`: facts that are at hand, by file."""
    weighed: dict[int, WeighedFile] = {}
    for file in members:
        if file.file not in weighed or file.role in WEIGHTS:
            facts = (read.get(file.file) or files.facts_of(tx, file.file)) if is_read(file.role, file.name) else None
            weighed[file.file] = WeighedFile(file.file, file.role, file.size, file.bytes, facts)
    present: dict[int, dict[str, int]] = {}
    for file in members:
        present.setdefault(file.place, {})[file.name.rsplit("/", 1)[-1]] = file.size
    sightings = [_sighting(place, present.get(place.id, {})) for place in seen]
    chosen = [Claim("category", choice, "user", said("your choice"))] if choice else []
    known = understand(list(weighed.values()), sightings, None)
    blind = any(place.found.get("details", {}).items() >= NOT_KEPT.items() for place in seen)  # type: ignore[attr-defined]
    used_at, used_from = (None, None) if blind else _last_used(members)
    source = next((place.found.get("source") for place in seen if place.found.get("source")), None)
    if source is None and (repo := known.values.get("source_repo")):
        source = _source_from(str(repo))
    return {
        **claimed(known.values),
        "name": known.name, "category": known.category, "category_from": known.category_from, "format": known.format,
        "size": known.size, "bytes": known.bytes, "verdict": known.health.verdict,
        "health_detail": known.health.detail, "tags": list(known.tags), "code": list(known.code),
        "tools": ",".join(dict.fromkeys(place.tool for place in seen)), "places": len(seen), "source": source,
        "claims": dump(claim_rows([*known.claims, *chosen])),
        "used_at": used_at, "used_from": used_from, "gone_at": None, "derived": DERIVED,
    }  # fmt: skip


def _source_from(repo: str) -> list[str] | None:
    for address in ("https://huggingface.co/", "http://huggingface.co/", "https://hf.co/"):
        if repo.startswith(address):
            return ["huggingface", "/".join(repo.removeprefix(address).split("/")[:2]), "", ""]
    return None


def _sighting(place: models.PlaceView, present: Mapping[str, int]) -> Sighting:
    found = place.found
    claims, health, details = found.get("claims"), found.get("health"), found.get("details")
    code = found.get("code")
    reported = details.get("reported_size", "0") if isinstance(details, dict) else "0"
    return Sighting(
        place.tool,
        place.title,
        load_claims(claims if isinstance(claims, list) else []),
        load_health(health if isinstance(health, list) else None),
        str(found.get("format") or ""),
        int(reported) if str(reported).isdigit() else 0,
        present,
        tuple(str(name) for name in code) if isinstance(code, list) else (),
    )


def _last_used(members: list[models.FileView]) -> tuple[int | None, str | None]:
    """The latest access of a weight file that is neither its writing nor our own reading."""
    best = 0
    for file in members:
        seconds = file.atime_ns // 1_000_000_000
        ours = file.read_at is not None and abs(seconds - file.read_at) <= 5
        if (
            file.role in READ
            and seconds > file.mtime_ns // 1_000_000_000 + 60
            and not ours
            and seconds <= time.time() + 60
        ):
            best = max(best, seconds)
    return (best, str(ACCESS_TIME)) if best else (None, None)
