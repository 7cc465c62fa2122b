"""Every tool's models, leftovers and places go one by one: nothing else changes, the figures are true, undo is exact."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import pytest
from removing import TREES, Tree, apply, held, known, laid, look, plan, scan, undo, verdicts

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.catalog import leftovers, models, roots
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.selection import Selection
from model_manager.library.scan import watch
from model_manager.operations import Plan

BY_ITSELF = {"invokeai": "InvokeAI", "koboldcpp": "refers to it"}
"""Tools whose generated models only they may remove, or that merely refer to theirs, and a word of the refusal."""


def roots_of(app: App, id_: str) -> set[str]:
    with app.database.read() as tx:
        by_id = {root.id: root.path for root in roots.every(tx)}
        return {by_id[place.root] for place in models.places(tx) if place.model == int(id_.lstrip("m"))}


def must_be_inside(before: Tree, after: Tree, home: Path, folders: Collection[str]) -> None:
    changed = [str(home / name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    assert changed
    assert all(path.startswith(tuple(folder + os.sep for folder in folders)) for path in changed), changed


def shorter(wanted: Plan) -> int:
    """Bytes by which the indexes that a plan writes get shorter: no file goes with them, so `frees` leaves them out."""
    return sum(step.identity.size - step.bytes for step in wanted.steps if step.verb == "write" and step.identity)


@pytest.mark.parametrize("tool", sorted(TREES))
def test_every_model(tool: str, app: App, home: Path) -> None:
    laid(tool, app, home)
    before, files, said = look(home), known(app), verdicts(app)
    assert files
    for id_ in files:
        try:
            wanted, for_good = plan(app, id_), plan(app, id_, way="delete")
        except ModelManagerError as error:
            assert BY_ITSELF[tool] in str(error) and error.hint
            assert look(home) == before
            continue
        assert all(step.path.startswith(str(home)) for step in wanted.steps)
        bytes_before, inside = held(home), roots_of(app, id_)
        done = apply(app, wanted)
        assert for_good.frees == for_good.frees_now == wanted.frees == bytes_before - held(home) - shorter(wanted)
        must_be_inside(before, look(home), home, inside)
        scan(app)
        now, says = known(app), verdicts(app)
        assert set(now) == set(files) - {id_}
        assert says == {other: said[other] for other in says}
        for other in now:
            assert now[other] == files[other]
            assert all(map(os.path.lexists, now[other])), "a file of another model went along"
        undo(app, done)
        assert look(home) == before
        scan(app)
        assert known(app) == files and verdicts(app) == said


@pytest.mark.parametrize("tool", sorted(TREES))
def test_every_leftover(tool: str, app: App, home: Path) -> None:
    laid(tool, app, home)
    before, files, said = look(home), known(app), verdicts(app)
    with app.database.read() as tx:
        rests = leftovers.every(tx)
    for rest in rests:
        one = Selection((), (), (rest.path,))
        wanted = plan_removal(app.database, app.volumes, app.env(), one)
        for_good = plan_removal(app.database, app.volumes, app.env(), one, "delete")
        bytes_before = held(home)
        done = apply(app, wanted)
        assert not os.path.lexists(rest.path)
        assert for_good.frees == bytes_before - held(home)
        scan(app)
        assert known(app) == files and verdicts(app) == said
        undo(app, done)
        assert look(home) == before
        scan(app)
        with app.database.read() as tx:
            assert {row.path for row in leftovers.every(tx)} == {row.path for row in rests}


@pytest.mark.parametrize("tool", sorted(set(TREES) - set(BY_ITSELF)))
def test_all_at_once_for_good(tool: str, app: App, home: Path) -> None:
    laid(tool, app, home)
    before = held(home)
    wanted = plan(app, *known(app), way="delete")
    apply(app, wanted)
    assert wanted.frees == wanted.frees_now == before - held(home) - shorter(wanted) > 0
    scan(app)
    assert not known(app)


@pytest.mark.parametrize("tool", sorted(set(TREES) - set(BY_ITSELF)))
def test_one_place_of_two(tool: str, app: App, home: Path) -> None:
    """Hard links of all weights in a folder of the user's: the tool's places go, the model stays, no weights are freed."""
    laid(tool, app, home)
    with app.database.read() as tx:
        theirs = tuple(f"p{place.id}" for place in models.places(tx))
        weights = {file.path: file for file in models.files(tx) if file.role == "weights"}
    for number, path in enumerate(weights):
        ending = ".gguf" if Path(path).read_bytes()[:4] == b"GGUF" else Path(path).suffix
        copy = home / f"copies/{number}/{Path(path).stem[:40]}{ending}"
        copy.parent.mkdir(parents=True)
        os.link(os.path.realpath(path), copy)
    watch.add_root(app.database, str(home / "copies"))
    scan(app)
    before, files = look(home), known(app)
    copies = look(home / "copies")
    twice = {id_ for id_, paths in files.items() if any(path.startswith(str(home / "copies")) for path in paths)}
    done = apply(app, plan(app, *files, places=theirs))
    assert look(home / "copies") == copies
    scan(app)
    assert set(known(app)) == twice
    undo(app, done)
    assert look(home) == before
    scan(app)
    assert known(app) == files
