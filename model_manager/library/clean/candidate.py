"""A suggestion, and what the rules that make suggestions look at: the catalogue, read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from model_manager.base import reach
from model_manager.base.once import each_once
from model_manager.base.own_name import apart
from model_manager.base.text import shown, written
from model_manager.catalog import Database, files, leftovers, models, mount_aliases
from model_manager.catalog.leftovers import LeftoverRow
from model_manager.catalog.models import FileView
from model_manager.catalog.mount_aliases import AliasGroup
from model_manager.catalog.rows import Row, read_rows
from model_manager.jobs import Progress
from model_manager.library.clean.families import QuantLine, lines_of
from model_manager.library.clean.memory import Fit, Machine, fit

Confidence = Literal["certain", "likely", "maybe"]
Metadata = Mapping[str, object] | None
RULES = ("old-quant", "older-version", "partial", "orphan", "unnamed-revision", "broken", "training-leftover", "archive",
         "empty-folder", "unused")  # fmt: skip
WEIGHTS = frozenset({"weights", "projector", "adapter"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """`model` or, for leftovers, None. `frees` in bytes: what really comes back. `keeps`: the model that stays for it."""

    id: str
    rule: str
    model: int | None
    name: str
    paths: tuple[str, ...]
    frees: int
    confidence: Confidence
    reason: str
    keeps: int | None = None
    leftover: str = ""
    """Of no model: the path by which the library knows it; `paths` are all that go."""


def as_json(one: Candidate) -> dict[str, Any]:
    """The CANDIDATE of the command line."""
    return {
        "id": one.id, "rule": one.rule, "model": None if one.model is None else f"m{one.model}",
        "paths": [written(path) for path in one.paths], "frees": one.frees, "confidence": one.confidence,
        "reason": shown(one.reason), "keeps": None if one.keeps is None else f"m{one.keeps}",
    }  # fmt: skip


@dataclass(frozen=True)
class CatalogueSnapshot:
    """What the rules look at: read once."""

    rows: Sequence[Row]
    files: Mapping[int, list[FileView]]
    names: Mapping[int, int]
    """file -> how many names of it are known."""
    owners: Mapping[int, set[int]]
    """file -> models that it is a file of."""
    rests: Sequence[LeftoverRow]
    lines: Sequence[QuantLine] = field(default=())
    sources: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """Where a model came from, where a tool recorded it."""
    same: Mapping[int, AliasGroup] = field(default_factory=dict)
    """file -> the one that it is, seen by a second way."""

    @cached_property
    def sizes(self) -> Mapping[int, set[int]]:
        """Size -> the files that are so large, wherever they lie."""
        found: dict[int, set[int]] = {}
        for file in (file for members in self.files.values() for file in members):
            found.setdefault(file.size, set()).add(file.file)
        return found


@each_once()
def library_of(database: Database, machine: Machine, progress: Progress | None = None) -> CatalogueSnapshot:
    """Everything the rules need, with what fits this machine. Raises Cancelled."""
    progress = progress or Progress()
    with database.read() as tx:
        rows = [row for row in read_rows(tx) if not row.away]  # what is unplugged neither goes nor is a reason to go
        members: dict[int, list[FileView]] = {}
        paths: dict[int, set[str]] = {}
        owners: dict[int, set[int]] = {}
        for file in models.files(tx):
            progress.step()
            members.setdefault(file.model, []).append(file)
            paths.setdefault(file.file, set()).add(reach.realpath_of_file(file.path))
            owners.setdefault(file.file, set()).add(file.model)
        rests = leftovers.every(tx)
        sources = models.sources(tx)
        same = mount_aliases.every(tx)
        fits: dict[int, Fit] = {}
        for done, row in enumerate(rows):
            progress.step(done, len(rows))
            fits[row.id] = _fit(row, members.get(row.id, []), machine, lambda id_: files.metadata_of(tx, id_))
    known = {file: len(apart(names)) if len(names) > 1 else 1 for file, names in paths.items()}
    return CatalogueSnapshot(rows, members, known, owners, rests, lines_of(rows, fits), sources, same)


def _fit(row: Row, members: list[FileView], machine: Machine, metadata_of: Callable[[int], Metadata]) -> Fit:
    weights = {file.file: file for file in members if file.role in WEIGHTS}
    metadata = metadata_of(next(iter(weights))) if weights and row.format == "gguf" else None
    return fit(machine, sum(file.bytes for file in weights.values()) or row.bytes, metadata)


def freed(library: CatalogueSnapshot, going: set[int]) -> int:
    """Bytes of the files that are these models' alone, and of which we know every name. What is seen by two ways comes
    back once."""
    seen = {file.file: file for model in going for file in library.files.get(model, [])}
    bytes_: dict[int, int] = {}
    for id_, file in seen.items():
        if library.owners[id_] <= going and file.links <= library.names[id_]:
            bytes_.setdefault(library.same[id_].file if id_ in library.same else id_, file.bytes)
    return sum(bytes_.values())
