"""Words on models: all that is wanted is noted, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.actions import labels, listing, roots, scanning
from model_manager.actions.labels import LabelChange
from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.cli.main import main
from model_manager.jobs import Progress


@pytest.fixture
def ids(app: App, home: Path) -> list[int]:
    for seed, name in enumerate(("one", "two")):
        write(home / f"mine/{name}.gguf", gguf_bytes(seed=seed))
    roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())
    return listing.all_ids(app)


def words(app: App, ids: list[int]) -> list[tuple[str, str, bool, list[str]]]:
    return [
        (one["category_evidence"], one["note"], one["pinned"], one["user_tags"]) for one in listing.json_of(app, ids)
    ]


def test_all_of_it_on_all_of_them_and_back(app: App, ids: list[int]) -> None:
    before = words(app, ids)
    labels.change(app, ids, LabelChange("misc", "mine", True, ["good"]))
    assert words(app, ids) == [("user", "mine", True, ["good"])] * 2
    labels.change(app, ids, LabelChange(note="other"))
    assert words(app, ids) == [("user", "other", True, ["good"])] * 2, "what is not named stays"
    labels.change(app, ids, LabelChange("", "", False, (), ["good"]))
    assert words(app, ids) == before


@pytest.mark.parametrize(
    "wrong",
    [LabelChange("nonsense", "n", True), LabelChange("misc", "x" * 20_001), LabelChange("misc", "n", True, ["a,b"])],
)
def test_nothing_where_something_of_it_cannot_be(app: App, ids: list[int], wrong: LabelChange) -> None:
    before = words(app, ids)
    with pytest.raises(ModelManagerError):
        labels.change(app, ids, wrong)
    assert words(app, ids) == before


def test_a_command_that_is_refused_has_noted_nothing(app: App, ids: list[int]) -> None:
    """The note was kept, and the command said that it had failed."""
    before = words(app, ids)
    assert main(["set", f"m{ids[0]}", "note=kept?", "category=nonsense"]) == 2
    assert words(app, ids) == before


def test_the_tree_counts_the_models(app: App, ids: list[int]) -> None:
    labels.add_category(app, "llm/mine")
    labels.change(app, ids, LabelChange("llm/mine"))
    (mine,) = [one for one in labels.tree(app) if one.slug == "llm/mine"]
    assert (mine.own, mine.models) == (True, 2) and "llm/mine" in labels.slugs(app)
    labels.rename_category(app, "llm/mine", "llm/yours")
    labels.remove_category(app, "llm/yours")
    assert not [one for one in labels.tree(app) if one.own]
