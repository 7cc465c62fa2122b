"""Which folders are looked through again after a plan, and which models it took."""

from __future__ import annotations

import os
from pathlib import Path

from factory import gguf_bytes, tree
from planned import done, of_places, plan, step
from removing import scan

from model_manager.app import App
from model_manager.catalog import place_names, roots
from model_manager.library.removal.affected import gone_of, models_of_units, touched
from model_manager.library.scan import watch


def laid(app: App, home: Path) -> dict[str, int]:
    """Watched folders by their names; one is watched by a link to it."""
    for name in ("one", "one-more", "real"):
        tree(home / name, {f"{name}.gguf": gguf_bytes(seed=len(name))})
    os.symlink(home / "real", home / "way")
    for name in ("one", "one-more", "way"):
        watch.add_root(app.database, str(home / name))
    scan(app)
    with app.database.read() as tx:
        return {os.path.basename(root.path): root.id for root in roots.every(tx)}


def test_only_the_folders_in_which_something_changes(app: App, home: Path) -> None:
    ids = laid(app, home)
    assert touched(app.database, plan(step(1, path=str(home / "one/one.gguf")))) == [ids["one"]]
    assert touched(app.database, plan(step(1, path=str(home / "one-more/x")))) == [ids["one-more"]]
    moved = step(1, "move", path=str(home / "one/a"), target=str(home / "one-more/a"))
    assert set(touched(app.database, plan(moved))) == {ids["one"], ids["one-more"]}
    assert touched(app.database, plan(step(1, path=str(home / "real/real.gguf")))) == [ids["way"]], "by whatever way"
    assert touched(app.database, plan(step(1, path=str(home / "elsewhere/x")))) == []


def test_all_of_them_where_a_tool_was_asked(app: App, home: Path) -> None:
    ids = laid(app, home)
    assert set(touched(app.database, plan(step(1, "ask", path="http://localhost/")))) == set(ids.values())


def test_the_models_of_which_places_go(app: App, home: Path) -> None:
    laid(app, home)
    with app.database.read() as tx:
        places = {one.place: one.model for one in place_names.every(tx)}
    first, second, *_rest = places
    of = plan(
        step(1), step(2, unit=2), step(3, unit=3),
        origins={1: of_places(along=(first, second)), 2: of_places(along=(second, 999)), 3: "nonsense"},
    )  # fmt: skip
    taken = models_of_units(app.database, of)
    assert taken == {1: frozenset({places[first], places[second]}), 2: frozenset({places[second]})}


def test_of_a_plan_that_was_done_in_part_only_what_went_whole() -> None:
    of = plan(step(1), step(2), step(3, unit=2), step(4, unit=3))
    models = {1: frozenset({10}), 2: frozenset({20, 21}), 3: frozenset({30})}
    assert gone_of(done(of, "done", "done", "done", "refused"), models) == {10, 20, 21}
    assert gone_of(done(of, "done", "refused", "done", "done"), models) == {20, 21, 30}, "half of it is not gone"
    assert gone_of(done(of, *["undone"] * 4), models) == frozenset()
