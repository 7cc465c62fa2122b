"""What could go and why: suggestions, each with a reason, how sure it is, what it frees and what stays.

`certain`: no tool can use it, and nothing is lost (orphans of a store that was read whole, downloads that
stopped, empty folders). `likely`: something better or whole of the very same stays, or it is of no use as it
is. `maybe`: a matter of taste. Nothing pinned is ever offered, and nothing goes by itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from model_manager.base import reach, units
from model_manager.base.once import each_once
from model_manager.base.own_name import apart
from model_manager.base.text import later, shown, written
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, files, leftovers, models, second_ways
from model_manager.catalog.leftovers import LeftoverRow
from model_manager.catalog.models import FileView
from model_manager.catalog.rows import Row, read_rows
from model_manager.catalog.second_ways import Same
from model_manager.library import watch
from model_manager.library.families import Line, Rung, lines_of, newer_version
from model_manager.library.memory import Fit, Machine, fit
from model_manager.library.removal import Stays, Wanted, drafted
from model_manager.library.rests import offers
from model_manager.library.shelf import read_shelf, shelf_of_leftovers
from model_manager.library.sources import again
from model_manager.stores.env import Env

Confidence = Literal["certain", "likely", "maybe"]
RULES = ("old-quant", "older-version", "partial", "orphan", "unnamed-revision", "broken", "training-leftover", "archive",
         "empty-folder", "unused")  # fmt: skip
UNUSED_DAYS = 180
_DAY = 86_400
_WEIGHTS = frozenset({"weights", "projector", "adapter"})
_EPOCH = re.compile(r"^(.+)-(?:step)?(\d{6,8})$")
"""kohya-ss/sd-scripts library/train_util.py: `{name}-{epoch:06d}`, `{name}-step{step:08d}`; the last has no number."""
_LAST_EPOCH = 1 << 31
_BROKEN = {
    "not-a-model": later("it is not a model: no tool can load it"),
    "corrupt": later("it is corrupt: no tool can load it as it is"),
    "truncated": later("it is truncated: no tool can load it as it is"),
    "incomplete": later("it is incomplete: no tool can load it as it is"),
}
_LEFT = {"partial": "partial", "orphan": "orphan", "detached-revision": "unnamed-revision", "archive": "archive",
         "training-leftover": "training-leftover", "empty-folder": "empty-folder"}  # fmt: skip
_SURE: dict[str, Confidence] = {"partial": "certain", "orphan": "certain", "empty-folder": "certain",
                                "unnamed-revision": "likely", "archive": "likely", "training-leftover": "maybe"}  # fmt: skip


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


@dataclass(frozen=True)
class Library:
    """What the rules look at: read once."""

    rows: Sequence[Row]
    files: Mapping[int, list[FileView]]
    names: Mapping[int, int]
    """file -> how many names of it are known."""
    owners: Mapping[int, set[int]]
    """file -> models that it is a file of."""
    rests: Sequence[LeftoverRow]
    lines: Sequence[Line] = field(default=())
    sources: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """Where a model came from, where a tool recorded it."""
    same: Mapping[int, Same] = field(default_factory=dict)
    """file -> the one that it is, seen by a second way."""

    @cached_property
    def sizes(self) -> Mapping[int, set[int]]:
        """Size -> the files that are so large, wherever they lie."""
        found: dict[int, set[int]] = {}
        for file in (file for members in self.files.values() for file in members):
            found.setdefault(file.size, set()).add(file.file)
        return found


def library_of(database: Database, machine: Machine) -> Library:
    """Everything the rules need, with what fits this machine."""
    with database.read() as tx:
        rows = [row for row in read_rows(tx) if not row.away]  # what is unplugged neither goes nor is a reason to go
        members: dict[int, list[FileView]] = {}
        paths: dict[int, set[str]] = {}
        owners: dict[int, set[int]] = {}
        for file in models.files(tx):
            members.setdefault(file.model, []).append(file)
            paths.setdefault(file.file, set()).add(reach.realpath(file.path))
            owners.setdefault(file.file, set()).add(file.model)
        rests = leftovers.every(tx)
        sources = models.sources(tx)
        same = second_ways.every(tx)
        fits = {
            row.id: _fit(row, members.get(row.id, []), machine, lambda id_: files.facts_of(tx, id_)) for row in rows
        }
    known = {file: len(apart(names)) if len(names) > 1 else 1 for file, names in paths.items()}
    return Library(rows, members, known, owners, rests, lines_of(rows, fits), sources, same)


def _fit(row: Row, members: list[FileView], machine: Machine, facts_of: Callable[[int], Any]) -> Fit:
    weights = {file.file: file for file in members if file.role in ("weights", "projector", "adapter")}
    facts = facts_of(next(iter(weights))) if weights and row.format == "gguf" else None
    return fit(machine, sum(file.bytes for file in weights.values()) or row.bytes, facts.metadata if facts else None)


def candidates(
    library: Library, rules: Iterable[str] = RULES, now: float | None = None, unused_days: int = UNUSED_DAYS
) -> list[Candidate]:
    """What these rules offer, the surest and largest first. Each thing once, by the first rule that offers it."""
    now = time.time() if now is None else now
    wanted = set(rules)
    pinned = {row.id for row in library.rows if row.pinned}
    met: set[object] = set()
    found: list[Candidate] = []
    for one in _every(library, now, unused_days):
        key = one.model if one.model is not None else one.paths
        if one.rule in wanted and key not in met and one.model not in pinned:
            met.add(key)
            found.append(one)
    sure = ("certain", "likely", "maybe")
    return sorted(found, key=lambda one: (RULES.index(one.rule), sure.index(one.confidence), -one.frees, one.name))


def as_json(one: Candidate) -> dict[str, Any]:
    """The CANDIDATE of the command line."""
    return {
        "id": one.id, "rule": one.rule, "model": None if one.model is None else f"m{one.model}",
        "paths": [written(path) for path in one.paths], "frees": one.frees, "confidence": one.confidence,
        "reason": shown(one.reason), "keeps": None if one.keeps is None else f"m{one.keeps}",
    }  # fmt: skip


def reclaimable(library: Library, chosen: Iterable[Candidate]) -> int:
    """What comes back when all of these go: each inode once, and only when all its names go.

    What a candidate's own plan does not promise, as other files may share it, is not promised of all together either.
    """
    every = list(chosen)
    models_ = [one for one in every if one.model is not None]
    going = {one.model for one in models_ if one.model is not None}
    rests = sum(one.frees for one in every if one.model is None)
    withheld = sum(max(0, _freed(library, {one.model}) - one.frees) for one in models_ if one.model is not None)
    return rests + max(0, _freed(library, going) - withheld)


def wanted_of(library: Library, chosen: Iterable[Candidate]) -> Wanted:
    """These candidates as what shall go, with a warning for each that was offered because of one that goes too."""
    every = list(chosen)
    going = {one.model for one in every}
    titles = {row.id: row.name for row in library.rows}
    lost = [one for one in every if one.keeps is not None and one.keeps in going]
    models_ = tuple(one.model for one in every if one.model is not None)
    paths = tuple(one.leftover for one in every if one.model is None)
    warnings = tuple(
        later(f"{shown(one.name)} was offered because {shown(titles.get(one.keeps or 0, ''))} stays, and that goes too")
        for one in lost
    )  # fmt: skip
    stays: dict[int | str, Sequence[Stays]] = {
        one.model: _stays_for(library, one) for one in every if one.model is not None and one not in lost
    }
    return Wanted(models_, (), paths, warnings, stays)


def _stays_for(library: Library, one: Candidate) -> list[Stays]:
    """The weights of the model because of which a candidate may go, as they were when it was read."""
    files = library.files.get(one.keeps, []) if one.keeps is not None else []
    return [Stays(file.path, file.size, file.mtime_ns) for file in files if file.role in _WEIGHTS]


@each_once()
def offered(
    database: Database, volumes: Volumes, env: Env, library: Library, found: Iterable[Candidate]
) -> list[Candidate]:
    """Those that could go at this moment, each with the very paths and bytes of the plan that takes it.

    What its tool's rule would refuse, what somebody has open, and what went since the last scan is not offered.
    """
    shelf = read_shelf(database)
    every = list(found)
    rests = {rest.path: rest for rest in shelf.rests}
    leftover = [rests[one.leftover] for one in every if one.model is None and one.leftover in rests]
    plans = {offer.row.path: offer.plan for offer in offers(shelf, volumes, env, leftover)}
    kept = []
    for one in every:
        if one.model is None:
            plan = plans.get(one.leftover)
        else:
            draft, problems = drafted(shelf, volumes, env, wanted_of(library, [one]), "delete")
            plan = None if problems else draft.plan("")
        if plan is not None and plan.steps:
            kept.append(replace(one, paths=tuple(step.path for step in plan.steps), frees=plan.frees))
    return kept


@each_once()
def certain_bytes(database: Database, volumes: Volumes, env: Env) -> int:
    """What comes back when all leftovers go that `clean` offers and of which it is certain that nobody needs them."""
    with database.read() as tx:
        rows = {row.path: row for row in leftovers.there(tx)}
    certain = [rows[one.leftover] for one in _leftovers(rows.values(), time.time()) if one.confidence == "certain"]
    if not certain:
        return 0
    shelf = shelf_of_leftovers(database)
    paths = tuple(offer.row.path for offer in offers(shelf, volumes, env, certain) if offer.plan is not None)
    draft, _problems = drafted(shelf, volumes, env, Wanted((), (), paths), "delete")
    return draft.plan("").frees


def _every(library: Library, now: float, unused_days: int) -> Iterator[Candidate]:
    """By rank: what is broken first, taste last."""
    yield from _leftovers(library.rests, now)
    yield from _broken(library)
    yield from _old_quants(library)
    yield from _older_versions(library)
    yield from _epochs(library)
    yield from _unused(library, now, unused_days)


def _leftovers(rests: Iterable[LeftoverRow], now: float) -> Iterator[Candidate]:
    for rest in rests:
        rule = _LEFT.get(rest.kind)
        if rule is None:
            continue
        reason = f"{watch.label_of(rest.tool)}: {rest.of}" if rest.of else watch.label_of(rest.tool)
        if rule == "partial":
            age = _age(rest.path, now)
            if age is None or age < _DAY:
                continue
            reason = later(f"a download that stopped {int(age // _DAY)} days ago ({reason})")
        yield Candidate(
            _id(rule, rest.path),
            rule,
            None,
            _name(rule, rest),
            (rest.path,),
            rest.bytes,
            _SURE[rule],
            reason,
            leftover=rest.path,
        )


def _name(rule: str, rest: LeftoverRow) -> str:
    """What a person would call it: the repository rather than a hash."""
    if rule in ("partial", "unnamed-revision") and rest.of and not rest.of.startswith("sha256"):
        return rest.of.partition(":")[0]
    name = os.path.basename(rest.path)
    return f"{name[:19]}…" if name.startswith("sha256-") else name


def _broken(library: Library) -> Iterator[Candidate]:
    for row in library.rows:
        if row.verdict not in _BROKEN:
            continue
        sure: Confidence = "maybe" if row.verdict == "incomplete" else "likely"
        yield _of_model(library, row, "broken", sure, _BROKEN[row.verdict])


def _old_quants(library: Library) -> Iterator[Candidate]:
    for line in library.lines:
        best = line.best_that_fits
        if best is None:
            continue
        for rung in line.rungs:
            if rung is best or rung.bits >= best.bits - 0.05 or rung.row.verdict not in ("good", "unknown"):
                continue
            for row in (rung.row, *rung.copies):
                yield _of_model(library, row, "old-quant", _sure_of(row, best), _why_old(row, best), best.row.id)


def _sure_of(row: Row, best: Rung) -> Confidence:
    """Less sure where the better one is of another format, or where another tool has only this one."""
    return "likely" if row.format == best.row.format and not _tools_without(row, best) else "maybe"


def _tools_without(row: Row, best: Rung) -> set[str]:
    """The tools of a model that have no copy of the better one."""
    return set(row.tools.split(",")) - {tool for one in (best.row, *best.copies) for tool in one.tools.split(",")}


def _why_old(row: Row, best: Rung) -> str:
    quant, better = (
        row.quant or row.quant_label or "this",
        best.row.quant or best.row.quant_label or later("a better one"),
    )
    text = later(f"{better} of the same model stays and fits this machine, this is {quant}")
    if missing := _tools_without(row, best):
        tools = ", ".join(sorted(watch.label_of(tool) for tool in missing))
        text += "; " + later(f"{tools} has only this one")
    return text


def _older_versions(library: Library) -> Iterator[Candidate]:
    by_kind: dict[tuple[str, int], list[Line]] = {}
    for line in library.lines:
        by_kind.setdefault((line.rungs[0].row.category, len(line.words)), []).append(line)
    for lines in by_kind.values():
        for older in lines:
            newer = next((line for line in lines if line is not older and newer_version(older, line)
                          and line.rungs[0].row.verdict == "good"), None)  # fmt: skip
            if newer is None or not _alike(older, newer):
                continue
            for rung in older.rungs:
                for row in (rung.row, *rung.copies):
                    why = later(f"{newer.rungs[0].row.name} is newer, whole and healthy; a matter of taste")
                    yield _of_model(library, row, "older-version", "maybe", why, newer.rungs[0].row.id)


def _alike(older: Line, newer: Line) -> bool:
    """Of about the same size: a successor, not a sibling."""
    one, other = older.rungs[0].row.parameters, newer.rungs[0].row.parameters
    return one is None or other is None or 0.8 <= one / max(other, 1) <= 1.25


def _epochs(library: Library) -> Iterator[Candidate]:
    """Earlier epochs or steps of one training, as kohya's scripts number them: the last one stays."""
    trainings: dict[tuple[str, str], list[tuple[int, Row]]] = {}
    for row in library.rows:
        weights = [file for file in library.files.get(row.id, []) if file.role in ("weights", "adapter")]
        if row.category != "diffusion/lora" or len(weights) != 1:
            continue
        folder, name = os.path.split(weights[0].path)
        stem = os.path.splitext(name)[0]
        found = _EPOCH.match(stem)
        number = int(found[2]) if found else _LAST_EPOCH
        trainings.setdefault((folder, found[1] if found else stem), []).append((number, row))
    for numbered in trainings.values():
        numbered.sort(key=lambda one: one[0])
        _number, last = numbered[-1]
        for number, row in numbered[:-1]:
            if abs(row.size - last.size) * 100 <= last.size:
                why = later(f"step or epoch {number} of a training; {last.name} of the same one stays")
                yield _of_model(library, row, "training-leftover", "maybe", why, last.id)


def _unused(library: Library, now: float, days: int) -> Iterator[Candidate]:
    for row in library.rows:
        if row.used_at is None or now - row.used_at < days * _DAY or row.verdict not in ("good", "unknown"):
            continue
        ago = int((now - row.used_at) // _DAY)
        yield _of_model(
            library, row, "unused", "maybe", later(f"last used {ago} days ago, as {row.used_from or 'its times'} says")
        )


def _of_model(
    library: Library, row: Row, rule: str, sure: Confidence, reason: str, keeps: int | None = None
) -> Candidate:
    paths = tuple(dict.fromkeys(file.path for file in library.files.get(row.id, [])))
    if row.copies < 2 and rule in ("unused", "older-version", "broken"):
        if _is_only_copy(library, row):
            reason += "; " + later("it is the only copy")
        if where := again(library.sources.get(row.id)):
            reason += f"; {where}"
    return Candidate(
        _id(rule, str(row.id)), rule, row.id, row.name, paths, _freed(library, {row.id}), sure, reason, keeps
    )


def _is_only_copy(library: Library, row: Row) -> bool:
    """Whether no other file can hold the same: one of the same size may, also what a file of holes would be if whole."""
    mine = {file.file: file.size for file in library.files.get(row.id, []) if file.role in ("weights", "adapter")}
    return all(library.sizes[size] <= mine.keys() for size in mine.values())


def _freed(library: Library, going: set[int]) -> int:
    """Bytes of the files that are these models' alone, and of which we know every name. What is seen by two ways comes
    back once."""
    seen = {file.file: file for model in going for file in library.files.get(model, [])}
    freed: dict[int, int] = {}
    for id_, file in seen.items():
        if library.owners[id_] <= going and file.links <= library.names[id_]:
            freed.setdefault(library.same[id_].file if id_ in library.same else id_, file.bytes)
    return sum(freed.values())


def _age(path: str, now: float) -> float | None:
    """Seconds since a leftover was written to, None when it is gone."""
    try:
        return now - reach.lstat(path).st_mtime
    except OSError:
        return None


def _id(rule: str, what: str) -> str:
    return "c" + hashlib.sha256(f"{rule}\n{what}".encode("utf-8", "surrogateescape")).hexdigest()[:10]


def totals(library: Library, found: Iterable[Candidate]) -> dict[str, str]:
    """Rule -> what it could free, in words."""
    by_rule: dict[str, list[Candidate]] = {}
    for one in found:
        by_rule.setdefault(one.rule, []).append(one)
    return {rule: units.size(reclaimable(library, ones)) for rule, ones in by_rule.items()}
