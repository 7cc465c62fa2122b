"""What has to be looked at because of a change of the watched folders, whichever face made it."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.actions import listing, roots, scanning
from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.cli.main import main
from model_manager.jobs import Progress


@pytest.fixture
def nested(app: App, home: Path) -> Path:
    """A watched folder with a model in a folder of its own."""
    write(home / "AI/inner/one.gguf", gguf_bytes(seed=1))
    roots.add(app, str(home / "AI"))
    scanning.scan(app, Progress())
    return home / "AI/inner"


def places(app: App) -> list[tuple[str, str]]:
    """(model, the folder that is watched for it) of each place that is known."""
    known = {root["id"]: Path(root["path"]).name for root in listing.roots_json(app)}
    found = listing.json_of(app, listing.all_ids(app))
    return [(model["name"], known[place["root"]]) for model in found for place in model["places"]]


def test_a_folder_within_another_takes_its_models_over(app: App, nested: Path) -> None:
    """The command looked at the new folder alone: its models stood in both until the next scan."""
    assert places(app) == [("one", "AI")]
    assert main(["roots", "add", str(nested)]) == 0
    assert places(app) == [("one", "inner")]


def test_what_lay_in_a_folder_that_goes_belongs_to_the_one_around_it_again(app: App, nested: Path) -> None:
    """The command looked at nothing: the models were gone until the next scan."""
    assert main(["roots", "add", str(nested)]) == 0
    assert main(["roots", "remove", str(nested)]) == 0
    assert places(app) == [("one", "AI")]


def test_a_base_folder_is_looked_at_when_it_is_set(app: App, home: Path) -> None:
    """The window did, the command did not."""
    write(home / "base/llm/one.gguf", gguf_bytes(seed=1))
    assert main(["store", str(home / "base")]) == 0
    assert places(app) == [("one", "base")]


def test_the_whole_home_is_watched_by_nobody_who_does_not_say_so(app: App, home: Path) -> None:
    with pytest.raises(ModelManagerError, match="your whole home"):
        roots.add(app, str(home))
    write(home / "mine/one.gguf", gguf_bytes(seed=1))
    with pytest.raises(ModelManagerError, match="your whole home"):
        roots.add_all(app, [str(home / "mine"), str(home)])
    assert listing.roots_json(app) == [], "nor is the other one"
    roots.add_all(app, [str(home)], whole=True)
    assert len(listing.roots_json(app)) == 1


def test_copies_are_kept_in_a_folder_and_not(app: App, nested: Path) -> None:
    (root,) = listing.roots_json(app)
    roots.keep_copies(app, root["id"])
    assert app.settings.values.reference_folders == [root["path"]]
    roots.keep_copies(app, root["id"])
    assert app.settings.values.reference_folders == []


def test_category_folders_need_a_base(app: App) -> None:
    with pytest.raises(ModelManagerError, match="no base folder is set"):
        roots.plan_category_folders(app, "")
