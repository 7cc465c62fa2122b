"""What a person is told that stays when single places of a model go."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model, tree, write
from removing import scan

from model_manager.app import App
from model_manager.catalog import place_names
from model_manager.library.removal.kept_paths import what_stays
from model_manager.library.scan import watch

LINK = "link only, the original stays"


def at(app: App, *paths: Path) -> list[int]:
    with app.database.read() as tx:
        found = [one.place for one in place_names.every(tx) if one.path in map(str, paths)]
    assert len(found) == len(paths)
    return found


def model_of(app: App, place: int) -> int:
    with app.database.read() as tx:
        return next(one.model for one in place_names.every(tx) if one.place == place)


def told(app: App, places: Collection[int], whole: Collection[int] = ()) -> list[str]:
    with app.database.read() as tx:
        return list(what_stays(tx, places, whole))


def own(app: App, home: Path) -> Path:
    top = tree(home / "models", {"a.gguf": gguf_bytes(seed=1), "b.gguf": gguf_bytes(seed=2)})
    watch.add_root(app.database, str(top))
    return top


def test_of_two_names_the_other_stays(app: App, home: Path) -> None:
    top = own(app, home)
    os.link(top / "a.gguf", top / "again.gguf")
    scan(app)
    (place,) = at(app, top / "a.gguf")
    assert told(app, [place]) == [f"{top / 'again.gguf'} stays, it is the same model"]
    assert told(app, at(app, top / "a.gguf", top / "again.gguf")) == []
    assert told(app, [], [model_of(app, place)]) == [] == told(app, [])
    assert told(app, at(app, top / "b.gguf")) == [], "it has no other place"


def test_two_models_are_told_of_each(app: App, home: Path) -> None:
    top = own(app, home)
    for name in "ab":
        os.link(top / f"{name}.gguf", top / f"{name}2.gguf")
    scan(app)
    assert told(app, at(app, top / "a.gguf", top / "b2.gguf")) == [
        f"{top / 'a2.gguf'} stays, it is the same model", f"{top / 'b.gguf'} stays, it is the same model",
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "more"), [(2, 0), (5, 0), (6, 1), (8, 3)])
def test_five_are_named(app: App, home: Path, count: int, more: int) -> None:
    top = own(app, home)
    for n in range(count):
        os.link(top / "a.gguf", top / f"again{n}.gguf")
    scan(app)
    (words,) = told(app, at(app, top / "a.gguf"))
    assert words.count("again") == min(count, 5)
    assert words.endswith(f" and {more} more stay, they are the same model" if more else "4.gguf stay, they are the same model"
                          if count == 5 else "1.gguf stay, they are the same model")  # fmt: skip


def test_a_tools_entry_goes_by_its_name(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    for tag in "ab":
        ollama_model(store, f"registry.ollama.ai/library/m/{tag}", {"model": gguf_bytes()})
    scan(app)
    manifests = store / "manifests/registry.ollama.ai/library/m"
    assert told(app, at(app, manifests / "a")) == ["m:b stays, it is the same model"]


def test_a_link_goes_alone(app: App, home: Path) -> None:
    top = own(app, home)
    os.symlink(top / "a.gguf", top / "link.gguf")
    outside = write(home / "elsewhere/c.gguf", gguf_bytes(seed=3))
    os.symlink(outside, top / "far.gguf")
    scan(app)
    assert told(app, at(app, top / "link.gguf")) == [f"{top / 'a.gguf'} stays, it is the same model", LINK]
    (far,) = at(app, top / "far.gguf")
    assert told(app, [far]) == [LINK] == told(app, [], [model_of(app, far)])


def test_with_what_it_leads_to_nothing_of_a_link_stays(app: App, home: Path) -> None:
    top = own(app, home)
    os.symlink(top / "a.gguf", top / "link.gguf")
    scan(app)
    (file,) = at(app, top / "a.gguf")
    assert told(app, [file]) == [], "the link would lead nowhere"
    assert told(app, at(app, top / "a.gguf", top / "link.gguf")) == [] == told(app, [], [model_of(app, file)])


def test_a_link_that_stays_beside_another_name(app: App, home: Path) -> None:
    top = own(app, home)
    os.symlink(top / "a.gguf", top / "link.gguf")
    os.link(top / "a.gguf", top / "hard.gguf")
    scan(app)
    assert told(app, at(app, top / "a.gguf")) == [f"{top / 'hard.gguf'} stays, it is the same model"]
