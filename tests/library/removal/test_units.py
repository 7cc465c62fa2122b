"""Places that share a file, a repository or an index go together or not at all; others each by themselves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from catalogued import file_view, place_view
from factory import gguf_bytes, hub_repo, ollama_model, tree
from removing import scan

from model_manager.app import App
from model_manager.base.errors import UsageError
from model_manager.catalog import place_names
from model_manager.library.labels import user_labels
from model_manager.library.removal.origins import OfPlaces, from_text
from model_manager.library.removal.selection import Selection
from model_manager.library.removal.shelf import read_shelf
from model_manager.library.removal.units import RemovalUnit, joined_places, origin_of, units
from model_manager.library.scan import watch


def joined(*places: tuple[int, int, str, tuple[int, ...]], one_unit: frozenset[int] = frozenset()) -> list[list[int]]:
    """Groups of the ids of places, each (id, root, path, files)."""
    views = [place_view(id_, 1, root, path) for id_, root, path, _files in places]
    files = {id_: [file_view(1, id_, file, path) for file in of] for id_, _root, path, of in places}
    return [[place.id for place in group] for group in joined_places(views, files, one_unit)]


def test_a_shared_file_joins_through_others() -> None:
    places = (1, 1, "/a", (10,)), (2, 1, "/b", (20,)), (3, 1, "/c", (10, 30)), (4, 1, "/d", (30, 40)), (5, 1, "/e", ())
    assert joined(*places) == [[1, 3, 4], [2], [5]]
    assert joined((1, 1, "/a", (10,)), (2, 1, "/b", (20,)), (3, 1, "/c", (20, 10))) == [[1, 2, 3]]
    chain = [(n, 1, f"/{n}", (n, n + 1)) for n in range(1, 40)]
    assert joined(*chain[::2], *chain[1::2]) == [[*range(1, 40, 2), *range(2, 40, 2)]]


def test_a_place_of_which_no_file_is_known_goes_alone() -> None:
    views = [place_view(1, 1, 1, "/a"), place_view(2, 1, 1, "/b")]
    assert joined_places(views, {}, frozenset()) == [views[:1], views[1:]]


def test_folders_of_two_roots_are_two() -> None:
    assert joined((1, 1, "/a", (10,)), (2, 2, "/b", (10,))) == [[1], [2]]


def test_a_repository_and_an_index_join() -> None:
    one, two = "/c/models--o--m/snapshots/" + "a" * 40, "/c/models--o--n/snapshots/" + "b" * 40
    assert joined((1, 1, f"{one}/x", (1,)), (2, 1, f"{two}/x", (2,)), (3, 1, f"{one}/y", (3,))) == [[1, 3], [2]]
    pair = (1, 7, "/a", (1,)), (2, 7, "/b", (2,))
    assert joined(*pair, one_unit=frozenset({7})) == [[1, 2]] and joined(*pair, one_unit=frozenset({8})) == [[1], [2]]


def places_of(app: App, *beginnings: str) -> list[int]:
    with app.database.read() as tx:
        return [one.place for one in place_names.every(tx) if one.name.startswith(beginnings)]


def found(app: App, wanted: Selection) -> list[RemovalUnit]:
    return list(units(read_shelf(app.database), wanted))


def two_tags(app: App, home: Path) -> int:
    for tag in "ab":
        ollama_model(home / ".ollama/models", f"registry.ollama.ai/library/m/{tag}", {"model": gguf_bytes()})
    scan(app)
    with app.database.read() as tx:
        return place_names.every(tx)[0].model


def test_a_model_is_all_its_places(app: App, home: Path) -> None:
    model = two_tags(app, home)
    (whole,) = found(app, Selection((model,)))
    both = places_of(app, "m:")
    assert whole.ids == both and whole.along == set(both) and whole.models == {model} and whole.root.tool == "ollama"
    assert [place.name for place in whole.places] == ["m:a", "m:b"]
    assert all(not place.elsewhere for place in whole.places)
    (a,) = places_of(app, "m:a")
    (one,) = found(app, Selection((), (a,)))
    assert one.ids == [a] and one.along == {a}
    assert any("sha256-" in path for path in one.places[0].elsewhere), "the other tag needs the blob"
    assert len(found(app, Selection((model,), (a,)))) == 1, "named twice it goes once"


def test_a_place_that_is_not_there(app: App, home: Path) -> None:
    two_tags(app, home)
    with pytest.raises(UsageError) as told:
        found(app, Selection((), (900, 800)))
    assert str(told.value) == "could not find the place p800: there is none of this id (`show MODEL` lists them)"
    assert found(app, Selection((900,))) == []


def test_links_that_stay_are_known_with_their_model(app: App, home: Path) -> None:
    top = tree(home / "models", {"a.gguf": gguf_bytes(seed=1), "b.gguf": gguf_bytes(seed=2)})
    os.symlink(top / "a.gguf", top / "link.gguf")
    watch.add_root(app.database, str(top))
    scan(app)
    (a, link) = places_of(app, "a"), places_of(app, "link")
    (one,) = found(app, Selection((), tuple(a)))
    assert [path for path, _model in one.links] == [str(top / "link.gguf")] and one.seen == {str(top / "link.gguf")}
    assert one.links[0][1] in one.models
    (both,) = found(app, Selection((), (*a, *link)))
    assert both.links == [] and both.seen == set(), "it goes too, in the same unit"


def test_a_link_that_goes_in_another_unit_is_none_that_stays(app: App, home: Path) -> None:
    top, other = tree(home / "models", {"a.gguf": gguf_bytes(seed=1)}), home / "other"
    other.mkdir()
    os.symlink(top / "a.gguf", other / "link.gguf")
    for folder in (top, other):
        watch.add_root(app.database, str(folder))
    scan(app)
    every = found(app, Selection((), tuple(places_of(app, "a", "link"))))
    assert len(every) == 2 and all(unit.links == [] for unit in every)
    assert {path for unit in every for path in unit.seen} == {str(other / "link.gguf")}


def test_what_asked_for_it_is_kept_as_text(app: App, home: Path) -> None:
    model = two_tags(app, home)
    shelf = read_shelf(app.database)
    (unit,) = units(shelf, Selection((model,)))
    origin = from_text(origin_of(unit, shelf))
    assert isinstance(origin, OfPlaces)
    assert (origin.tool, origin.root) == ("ollama", str(home / ".ollama/models"))
    assert [name for name, _path, _files in origin.places] == ["m:a", "m:b"]
    assert all(path.endswith(f"m/{tag}") for (_name, path, _files), tag in zip(origin.places, "ab", strict=True))
    assert {role for _n, _p, files in origin.places for _path, role, _name in files} >= {"weights"}
    assert origin.along == tuple(sorted(places_of(app, "m:"))) and origin.pinned == () == origin.links
    user_labels.set_pinned(app.database, model, True)
    shelf = read_shelf(app.database)
    (unit,) = units(shelf, Selection((model,)))
    assert from_text(origin_of(unit, shelf)).pinned == (model,)  # type: ignore[union-attr]


def test_two_repositories_are_two_units_and_two_files_of_one_are_one(app: App, home: Path) -> None:
    hub = home / ".cache/huggingface/hub"
    hub_repo(hub, "org/one", {"a.gguf": gguf_bytes(seed=1), "b.gguf": gguf_bytes(seed=2)})
    hub_repo(hub, "org/two", {"c.gguf": gguf_bytes(seed=3)})
    scan(app)
    every = found(app, Selection((), tuple(places_of(app, "org/"))))
    assert sorted([place.name for place in unit.places] for unit in every) == [
        ["org/one/a", "org/one/b"], ["org/two/c"],
    ]  # fmt: skip
