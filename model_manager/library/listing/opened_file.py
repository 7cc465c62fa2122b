"""A file that somebody opens with this program: a model of the library, or a card made of its header alone."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_manager.base import reach
from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.facts import Facts
from model_manager.base.messages import said
from model_manager.base.text import shown, written
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, models
from model_manager.catalog.codec import dump
from model_manager.catalog.models import FileView, PlaceView
from model_manager.catalog.record import claimed
from model_manager.library.listing.model_json import Json, evidence_json, model_json

if TYPE_CHECKING:
    from model_manager.library.scan.headers import Headers


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """`id` is the model's when the library has it; else `card` is what `show` would print, with an empty id."""

    path: str
    id: int | None = None
    card: Json | None = None


def opened(database: Database, volumes: Volumes, path: str) -> OpenedFile:
    """Looks in the catalogue, by this path and by where its links lead, then into the file's header.

    Raises ModelManagerError when there is no such file, or none that can be read.
    """
    path = os.path.abspath(path)
    with database.read() as tx:
        for name in dict.fromkeys((path, reach.realpath(path))):
            found = [id_ for id_ in models.by_path(tx, name) if models.is_there(tx, id_)]
            if found:
                return OpenedFile(path, found[0])
    return OpenedFile(path, None, _card(database, volumes, path))


def _card(database: Database, volumes: Volumes, path: str) -> Json:
    from model_manager.library.scan.headers import Headers  # loads every format
    from model_manager.library.scan.understand import Sighting, WeighedFile, understand
    from model_manager.stores.discovered import on_disk

    headers = Headers(database, volumes)
    try:
        reach.must_answer(path)
        stat = os.stat(path)
    except OSError as error:
        raise ModelManagerError(said("open"), shown(path), reason_of(error), said("check the path")) from error
    if not os.path.isfile(path):
        raise ModelManagerError(said("open"), shown(path), said("it is not a file"), said("add a folder under Folders"))
    facts = headers.facts(path, stat)
    title, on_the_disk = shown(os.path.splitext(os.path.basename(path))[0]), on_disk(stat)
    weighed = WeighedFile(0, "weights", stat.st_size, on_the_disk, facts)
    known = understand([weighed], [Sighting("", title, (), None, present=_beside(headers, path, facts))])
    record = {
        **claimed(known.values),
        "id": "", "name": known.name, "user_category": None, "category": known.category,
        "category_from": known.category_from, "format": known.format, "size": known.size, "bytes": known.bytes,
        "source": None, "tags": dump(known.tags), "code": dump(known.code),
        "verdict": known.health.verdict, "health_detail": known.health.detail, "used_at": None, "used_from": None,
        "added": int(time.time()), "pinned": 0, "note": "",
    }  # fmt: skip
    volume = volumes.of(path, stat.st_dev).name
    file = FileView(0, 0, 0, path, "weights", title, volume, stat.st_ino, stat.st_size, on_the_disk, stat.st_nlink, 0,
                    stat.st_mtime_ns, None, None, None)  # fmt: skip
    model = model_json(record, [PlaceView(0, 0, 0, "", "", "folder", title, title, path, {})], [file], [])
    return {
        "model": model | {"id": ""},
        "metadata": {written(path): dict(facts.metadata)} if facts.metadata else {},
        "evidence": evidence_json(known.claims),
    }


def _beside(headers: Headers, path: str, facts: Facts) -> dict[str, int]:
    """Names and bytes of the files that the header names beside itself, those that are there."""
    seen: dict[str, int] = {}
    for companion in facts.companions:
        where = headers.beside(path, companion.name)
        stat = headers.stat(where) if where else None
        if stat is not None:
            seen[companion.name.rsplit("/", 1)[-1]] = stat.st_size
    return seen
