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
from collections.abc import Iterable, Iterator

from model_manager.base import reach
from model_manager.base.messages import counted, joined, said
from model_manager.base.text import later
from model_manager.catalog.last_used import evidence
from model_manager.catalog.leftovers import LeftoverRow
from model_manager.catalog.rows import Row
from model_manager.library.clean.candidate import RULES, Candidate, CatalogueSnapshot, Confidence, freed
from model_manager.library.clean.families import Rung
from model_manager.library.clean.leftovers import called
from model_manager.library.clean.versions import newer_lines
from model_manager.library.labels.sources import again
from model_manager.library.scan import watch
from model_manager.stores.walk.running_downloads import PULLED

UNUSED_DAYS = 180
_DAY = 86_400
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


def candidates(
    library: CatalogueSnapshot, rules: Iterable[str] = RULES, now: float | None = None, unused_days: int = UNUSED_DAYS
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


def _every(library: CatalogueSnapshot, now: float, unused_days: int) -> Iterator[Candidate]:
    """By rank: what is broken first, taste last."""
    yield from of_leftovers(library.rests, now)
    yield from _broken(library)
    yield from _old_quants(library)
    yield from _older_versions(library)
    yield from _epochs(library)
    yield from _unused(library, now, unused_days)


def of_leftovers(rests: Iterable[LeftoverRow], now: float) -> Iterator[Candidate]:
    for rest in rests:
        rule = _LEFT.get(rest.kind)
        if rule is None:
            continue
        reason = said("{0}: {1}", watch.label_of(rest.tool), rest.of) if rest.of else watch.label_of(rest.tool)
        if rule == "partial":
            age = _age(rest.path, now)
            if age is None or age < PULLED:
                continue
            reason = counted(
                "a download that stopped {0} day ago ({1})",
                "a download that stopped {0} days ago ({1})",
                int(age // _DAY),
                int(age // _DAY),
                reason,
            )
        yield Candidate(
            _id(rule, rest.path),
            rule,
            None,
            called(rest),
            (rest.path,),
            rest.bytes,
            _SURE[rule],
            reason,
            leftover=rest.path,
        )


def waiting(rests: Iterable[LeftoverRow], now: float) -> list[tuple[LeftoverRow, float]]:
    """Unfinished downloads that may still go on, each with the time from which on it is offered."""
    found = [(rest, _age(rest.path, now)) for rest in rests if rest.kind == "partial"]
    return [(rest, now - age + PULLED) for rest, age in found if age is not None and age < PULLED]


def _broken(library: CatalogueSnapshot) -> Iterator[Candidate]:
    for row in library.rows:
        if row.verdict not in _BROKEN:
            continue
        sure: Confidence = "maybe" if row.verdict == "incomplete" else "likely"
        yield _of_model(library, row, "broken", sure, _BROKEN[row.verdict])


def _old_quants(library: CatalogueSnapshot) -> Iterator[Candidate]:
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
    text = said("{0} of the same model stays and fits this machine, this is {1}", better, quant)
    if missing := _tools_without(row, best):
        tools = ", ".join(sorted(watch.label_of(tool) for tool in missing))
        text = joined("; ", [text, counted("{0} has only this one", "{0} have only this one", len(missing), tools)])
    return text


def _older_versions(library: CatalogueSnapshot) -> Iterator[Candidate]:
    """Lines whose names differ from a healthy one in a smaller version alone; the newest of about the same size stays."""
    for order, newer in sorted(newer_lines(library.lines).items(), key=lambda one: one[0]):
        for rung in library.lines[order].rungs:
            for row in (rung.row, *rung.copies):
                why = said("{0} is newer, whole and healthy; a matter of taste", newer.rungs[0].row.name)
                yield _of_model(library, row, "older-version", "maybe", why, newer.rungs[0].row.id)


def _epochs(library: CatalogueSnapshot) -> Iterator[Candidate]:
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
                why = said("step or epoch {0} of a training; {1} of the same one stays", number, last.name)
                yield _of_model(library, row, "training-leftover", "maybe", why, last.id)


def _unused(library: CatalogueSnapshot, now: float, days: int) -> Iterator[Candidate]:
    for row in library.rows:
        if row.used_at is None or now - row.used_at < days * _DAY or row.verdict not in ("good", "unknown"):
            continue
        ago = int((now - row.used_at) // _DAY)
        yield _of_model(
            library,
            row,
            "unused",
            "maybe",
            counted(
                "last used {0} day ago, as {1} says",
                "last used {0} days ago, as {1} says",
                ago,
                ago,
                evidence(row.used_from or "its times"),
            ),
        )


def _of_model(
    library: CatalogueSnapshot, row: Row, rule: str, sure: Confidence, reason: str, keeps: int | None = None
) -> Candidate:
    paths = tuple(dict.fromkeys(file.path for file in library.files.get(row.id, [])))
    if row.copies < 2 and rule in ("unused", "older-version", "broken"):
        if _is_only_copy(library, row):
            reason = joined("; ", [reason, later("it is the only copy")])
        if where := again(library.sources.get(row.id)):
            reason = joined("; ", [reason, where])
    return Candidate(
        _id(rule, str(row.id)), rule, row.id, row.name, paths, freed(library, {row.id}), sure, reason, keeps
    )


def _is_only_copy(library: CatalogueSnapshot, row: Row) -> bool:
    """Whether no other file can hold the same: one of the same size may, also what a file of holes would be if whole."""
    mine = {file.file: file.size for file in library.files.get(row.id, []) if file.role in ("weights", "adapter")}
    return all(library.sizes[size] <= mine.keys() for size in mine.values())


def _age(path: str, now: float) -> float | None:
    """Seconds since a leftover was written to, None when it is gone."""
    try:
        return now - reach.lstat(path).st_mtime
    except OSError:
        return None


def _id(rule: str, what: str) -> str:
    return "c" + hashlib.sha256(f"{rule}\n{what}".encode("utf-8", "surrogateescape")).hexdigest()[:10]
