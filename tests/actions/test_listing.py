"""What is known: found by words, shown whole, opened by a path, counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.actions import listing, roots, scanning
from model_manager.app import App
from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.jobs import Progress


@pytest.fixture
def ids(app: App, home: Path) -> dict[str, int]:
    """Two copies and a larger one."""
    for name in ("one", "twin"):
        write(home / f"mine/{name}.gguf", gguf_bytes(seed=1))
    write(home / "mine/large.gguf", gguf_bytes(seed=2) + b"x" * 4096)
    roots.add(app, str(home / "mine"))
    assert listing.nothing_known(app)
    scanning.scan(app, Progress())
    return {row.name: row.id for row in listing.rows(app)}


def test_a_query_finds_the_largest_first(app: App, ids: dict[str, int]) -> None:
    assert [row.name for row in listing.search(app, "")] == ["large", "one", "twin"]
    assert [row.name for row in listing.search(app, "twin")] == ["twin"]
    with pytest.raises(UsageError):
        listing.search(app, "nonsense:field")


def test_rows_are_read_again_of_those_that_changed(app: App, ids: dict[str, int]) -> None:
    wanted, rows = listing.rows_again(app, {ids["one"]})
    assert wanted == {ids["one"]} and [row.name for row in rows] == ["one"]
    assert sorted(listing.all_ids(app)) == sorted(ids.values()) and not listing.nothing_known(app)


def test_a_model_is_shown_by_id_name_and_path(app: App, home: Path, ids: dict[str, int]) -> None:
    for text in (f"m{ids['one']}", "one", str(home / "mine/one.gguf")):
        card, states = listing.show_named(app, text)
        assert card["model"]["name"] == "one" and set(states.values()) == {"online"}
    with pytest.raises(ModelManagerError, match="no model has this"):
        listing.show_named(app, "nobody")


def test_a_file_of_nobody_is_told_by_its_header(app: App, home: Path, ids: dict[str, int]) -> None:
    path = write(home / "elsewhere/x.gguf", gguf_bytes(seed=7))
    card, states = listing.show_named(app, str(path))
    assert card["model"]["id"] == "" and card["model"]["format"] == "gguf" and states == {}
    assert listing.open_file(app, str(home / "mine/one.gguf")).id == ids["one"]


def test_what_went_since_it_was_scanned(app: App, home: Path, ids: dict[str, int]) -> None:
    assert listing.what_went(app, ids["one"]) == []
    os.unlink(home / "mine/one.gguf")
    (gone,) = listing.what_went(app, ids["one"])
    assert gone.how == "gone" and [one.id for one in listing.places_there(app, ids["one"])] == [gone.place]


def test_folders_sums_and_copies(app: App, home: Path, ids: dict[str, int]) -> None:
    assert listing.status(app).models == 3 and listing.away(app) == [] and listing.silent_roots(app) == []
    (root,) = listing.roots_json(app)
    assert root["models"] == 3
    assert set(listing.copies_of(app)) <= {ids["one"], ids["twin"]} and listing.leftovers(app) == []
    os.rename(home / "mine", home / "aside")
    scanning.scan(app, Progress())
    assert [one.state for one in listing.away(app)] == ["offline"]
