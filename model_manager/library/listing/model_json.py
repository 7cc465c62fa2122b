"""The JSON objects of `design`: cli.md. One place makes them, for the command line and for the window's card."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from model_manager.base import units
from model_manager.base.errors import ModelManagerError
from model_manager.base.facts import Claim
from model_manager.base.messages import from_text, said
from model_manager.base.text import shown, written
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, files, labels, leftovers, models, roots
from model_manager.catalog.codec import load_claims
from model_manager.catalog.last_used import evidence
from model_manager.catalog.leftovers import LeftoverRow
from model_manager.catalog.models import FileView, PlaceView
from model_manager.catalog.record import printed
from model_manager.catalog.roots import RootRow

if TYPE_CHECKING:
    from model_manager.stores.host.env import Env

Json = dict[str, Any]


def root_json(root: RootRow, figures: dict[int, tuple[int, int]]) -> Json:
    count, size = figures.get(root.id, (0, 0))
    return {
        "id": f"r{root.id}", "tool": root.tool, "also": list(root.also), "path": written(root.path),
        "found_by": root.found_by, "state": "ignored" if root.ignored else root.state, "writable": root.writable,
        "models": count, "bytes": size,
    }  # fmt: skip


def roots_json(database: Database) -> list[Json]:
    with database.read() as tx:
        figures = roots.figures(tx)
        return [root_json(root, figures) for root in roots.every(tx)]


_AT_ONCE = 500
"""Models that are read together: memory holds their files, not those of all (900 MB for 100,000)."""


def models_json(database: Database, ids: Iterable[int]) -> Iterator[Json]:
    """MODEL objects in the order of `ids`, a few hundred in memory at a time. Those that are gone are passed over."""
    wanted = list(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        yield from _some_models(database, wanted[start : start + _AT_ONCE])


def _some_models(database: Database, wanted: list[int]) -> Iterator[Json]:
    seen: dict[int, list[PlaceView]] = {}
    members: dict[int, list[FileView]] = {}
    with database.read() as tx:
        for place in models.places(tx, wanted):
            seen.setdefault(place.model, []).append(place)
        for file in models.files(tx, wanted):
            members.setdefault(file.model, []).append(file)
        stored = {int(str(record["id"])): record for record in models.records(tx, wanted)}
        tags = labels.user_tags(tx, wanted)
    for id_ in wanted:
        if id_ in stored:
            yield model_json(stored[id_], seen.get(id_, []), members.get(id_, []), tags.get(id_, []))


def found_tags(model: Json) -> list[str]:
    """Tags by the model's own facts, without those that the user gave."""
    return [tag for tag in model["tags"] if tag not in model["user_tags"]]


def model_json(record: Json, seen: list[PlaceView], members: list[FileView], user_tags: list[str]) -> Json:
    source = json.loads(record["source"]) if record["source"] else None
    tags = [*json.loads(record["tags"]), *(tag for tag in user_tags)]
    used = (
        {"at": units.iso(record["used_at"]), "evidence": evidence(record["used_from"])} if record["used_at"] else None
    )
    return {
        **printed(record),
        "category": record["user_category"] or record["category"],
        "category_evidence": "user" if record["user_category"] else record["category_from"],
        "tags": [shown(tag) for tag in dict.fromkeys(tags)], "user_tags": [shown(tag) for tag in user_tags],
        "places": [_place_json(place) for place in seen],
        "files": [_file_json(file) for file in _each_path(members)],
        "source": dict(zip(("hub", "repo", "revision", "file"), (part or None for part in source), strict=True))
        if source else None,
        "health": {"verdict": record["verdict"], "detail": from_text(record["health_detail"])},
        "last_used": used,
    }  # fmt: skip


def _place_json(place: PlaceView) -> Json:
    return {"id": f"p{place.id}", "tool": place.tool, "root": f"r{place.root}", "name": shown(place.name),
            "path": written(place.path)}  # fmt: skip


def _each_path(members: list[FileView]) -> Iterator[FileView]:
    met: set[str] = set()
    for file in members:
        if file.path not in met:
            met.add(file.path)
            yield file


def _file_json(file: FileView) -> Json:
    return {
        "path": written(file.path), "size": file.size, "bytes": file.bytes, "role": file.role, "volume": file.volume,
        "inode": file.inode, "links": file.links, "sha256": file.sha256, "sha256_source": file.sha256_source,
    }  # fmt: skip


def leftover_json(row: LeftoverRow) -> Json:
    return {"kind": row.kind, "path": written(row.path), "size": row.size, "bytes": row.bytes, "tool": row.tool,
            "of": shown(row.of)}  # fmt: skip


def leftovers_json(database: Database, volumes: Volumes, env: Env) -> list[Json]:
    """What nobody needs as far as anybody can tell; what may be needed from elsewhere is none."""
    with database.read() as tx:
        if not leftovers.every(tx):
            return []  # nothing to load for: what asks takes a second
    from model_manager.library.clean.leftovers import read_rests  # adapters and plans, which a window opens without

    return [leftover_json(row) for row in read_rests(database, volumes, env).flagged]


def show_json(database: Database, id_: int) -> Json:
    """`show`: the model, the raw metadata of its files, and every piece of evidence."""
    model = next(models_json(database, [id_]), None)
    if model is None:
        raise ModelManagerError(
            said("show this model"), f"m{id_}", said("it is not there any more"), said("scan to see what is there")
        )
    metadata: Json = {}
    with database.read() as tx:
        record = models.record(tx, id_) or {}
        for place in models.places(tx, [id_]):
            if place.found.get("metadata"):
                metadata[written(place.path)] = place.found["metadata"]
            if place.found.get("details"):
                metadata.setdefault(f"{place.tool}: {shown(place.name)}", place.found["details"])
        for file in _each_path(list(models.files(tx, [id_]))):
            facts = files.facts_of(tx, file.file)
            if facts and facts.metadata:
                metadata[written(file.path)] = dict(facts.metadata)
    claims = load_claims(json.loads(str(record.get("claims") or "[]")))
    return {"model": model, "metadata": metadata, "evidence": evidence_json(claims)}


def place_states(database: Database, id_: int) -> dict[str, str]:
    """Place -> the state of its root, by their words in JSON."""
    with database.read() as tx:
        return {f"p{place.id}": place.state for place in models.places(tx, [id_])}


def evidence_json(claims: Sequence[Claim]) -> list[Json]:
    """Every claim; the user's own come first."""
    return [
        {
            "field": field,
            "value": shown(value) if isinstance(value, str) else value,
            "from": source,
            "detail": shown(detail),
        }
        for field, value, source, detail in sorted(claims, key=lambda claim: claim[2] != "user")
    ]
