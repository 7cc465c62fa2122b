"""A program over a home of its own, and ways to see what its removals change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from conformance import BY_HAND, TREES

from model_manager.app import App
from model_manager.catalog import models
from model_manager.catalog.rows import read_rows
from model_manager.controllers.health import HealthController
from model_manager.jobs import Progress
from model_manager.library.clean.candidate import Candidate, library_of
from model_manager.library.clean.memory import this_machine
from model_manager.library.clean.offers import certain_bytes, offered
from model_manager.library.clean.rules import candidates
from model_manager.library.duplicates.search import prove
from model_manager.library.listing.model_json import leftovers_json, models_json
from model_manager.library.listing.status import status
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.selection import wanted_of
from model_manager.library.scan import watch
from model_manager.operations import Operation, Plan

Tree = dict[str, tuple[object, ...]]


def scan(app: App) -> None:
    app.scanner().run(Progress())


def laid(tool: str, app: App, home: Path) -> None:
    """A tool's generated home, scanned."""
    TREES[tool](home)
    if tool in BY_HAND:
        watch.add_root(app.database, str(home / BY_HAND[tool]), tool)
    scan(app)


def records(app: App) -> dict[str, dict[str, object]]:
    with app.database.read() as tx:
        ids = [row.id for row in read_rows(tx)]
    return {str(model["id"]): model for model in models_json(app.database, ids)}


def known(app: App) -> dict[str, list[str]]:
    """Model -> its files, as the catalogue has them."""
    return {id_: sorted(file["path"] for file in model["files"]) for id_, model in records(app).items()}  # type: ignore[attr-defined]


def verdicts(app: App) -> dict[str, object]:
    return {id_: (model["name"], model["category"], model["health"]) for id_, model in records(app).items()}


def look(top: Path) -> Tree:
    """Everything below a folder but the trash: contents, modes, times, and which names are one file."""
    found: Tree = {}
    first: dict[int, str] = {}
    for path in sorted(top.rglob("*")):
        name, details = str(path.relative_to(top)), path.lstat()
        if "Trash" in name.split("/") or name in (".local", ".local/share"):
            continue
        if stat.S_ISDIR(details.st_mode):
            found[name] = ("folder", details.st_mode)
        elif stat.S_ISLNK(details.st_mode):
            found[name] = ("link", os.readlink(path))
        else:
            same = first.setdefault(details.st_ino, name)
            found[name] = (path.read_bytes(), details.st_mode, details.st_mtime_ns, same)
    return found


def held(top: Path) -> int:
    """Bytes on disk below a folder but for its trash, each inode once."""
    found = {path.lstat().st_ino: path.lstat() for path in top.rglob("*")
             if path.is_file() and not path.is_symlink() and "Trash" not in path.parts}  # fmt: skip
    return sum(min(one.st_size, 512 * one.st_blocks) for one in found.values())


def plan(app: App, *ids: str, places: tuple[str, ...] = (), way: str = "trash") -> Plan:
    wanted = wanted_of(app.database, ids, places)
    return plan_removal(app.database, app.volumes, app.env(), wanted, way)  # type: ignore[arg-type]


def apply(app: App, wanted: Plan) -> Operation:
    done = app.operations.apply(wanted)
    assert done.state == "applied", [step.problem for step in done.steps]
    return done


def undo(app: App, done: Operation) -> None:
    undone = app.operations.undo(done.id)
    assert undone.state == "undone", [step.problem for step in undone.steps]


def places_in(app: App, *beginnings: str) -> tuple[str, ...]:
    with app.database.read() as tx:
        return tuple(f"p{place.id}" for place in models.places(tx) if place.name.startswith(beginnings))


def offers(app: App) -> list[Candidate]:
    """What `clean` offers now."""
    library = library_of(app.database, this_machine())
    return offered(app.database, app.volumes, app.env(), library, candidates(library))


def all_say_the_same(app: App) -> None:
    """Nothing is called unused, or counted as what could come back, that `clean` would not offer: by `list`, by the
    window and by `status`."""
    offered = offers(app)
    leftover = {one.leftover for one in offered if one.model is None}
    unused = {"orphan", "detached-revision"}
    listed = {
        str(one["path"])
        for one in leftovers_json(app.database, app.volumes, app.env())
        if one["kind"] in unused
    }  # fmt: skip
    assert listed == {one.leftover for one in offered if one.rule in ("orphan", "unnamed-revision")}
    health = HealthController(app, None, None)  # type: ignore[arg-type]
    shown = health._load(Progress())
    flagged = {
        line.leftover
        for section in shown
        if section.title in ("Orphans", "Revisions without a name")
        for line in section.lines
    }
    assert flagged == listed <= leftover
    for section in shown:
        if section.title == "May be needed elsewhere":
            assert all(line.why and not line.leftover for line in section.lines)
    summed = status(app.database, app.volumes, app.env())
    certain = sum(one.frees for one in offered if one.model is None and one.confidence == "certain")
    assert certain_bytes(app.database, app.volumes, app.env()) <= certain
    copies = prove(app.database, app.volumes)
    assert summed.reclaimable <= certain + copies.reclaimable
    weight = sum(one["bytes"] for one in leftovers_json(app.database, app.volumes, app.env()) if one["kind"] in unused)
    assert sum(size for kind, size in summed.leftovers.items() if kind in unused) == weight
