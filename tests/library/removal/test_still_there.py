"""One look at what is listed, before anything is said of it: there, gone, changed, or its drive away."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, safetensors_bytes, tree

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.catalog import models
from model_manager.catalog.rows import read_rows
from model_manager.cli.main import main
from model_manager.jobs import Progress
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.selection import Selection
from model_manager.library.removal.still_there import lost, missing
from model_manager.library.scan import watch

PART = safetensors_bytes({"model.layers.0.weight": ("F16", (64, 64))})


@pytest.fixture
def ids(app: App, home: Path) -> dict[str, int]:
    tree(home / "mine", {"a.gguf": gguf_bytes(seed=1), "b.gguf": gguf_bytes(seed=2)})
    parts = {f"big/model-0000{n}-of-00002.safetensors": PART for n in (1, 2)}
    tree(home / "mine", {**parts, "big/config.json": '{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}'})
    watch.add_root(app.database, str(home / "mine"))
    app.scanner().run(Progress())
    with app.database.read() as tx:
        return {row.name: row.id for row in read_rows(tx)}


def told(app: App, *ids: int) -> list[tuple[str, str]]:
    return [(one.how, one.sentence) for one in missing(app.database, app.volumes, ids)]


def test_what_is_there_is_not_missing(app: App, ids: dict[str, int]) -> None:
    assert told(app, *ids.values()) == []


def test_gone_changed_and_away(app: App, ids: dict[str, int], home: Path) -> None:
    (home / "mine/a.gguf").unlink()
    (home / "mine/big/model-00002-of-00002.safetensors").unlink()
    big = next(id_ for name, id_ in ids.items() if name not in "ab")
    assert told(app, ids["a"]) == [("gone", "a is gone already: another program deleted or moved it")]
    ((how, sentence),) = told(app, big)
    assert how == "changed" and "try once more" in sentence
    assert told(app, ids["b"]) == []
    (home / "mine").rename(home / "unplugged")
    assert told(app, ids["b"]) == [("away", "b stays as it is: its drive is not there")]
    (home / "mine").mkdir()
    assert told(app, ids["b"])[0][0] == "gone", "the same volume: somebody emptied it"


def test_places_alone(app: App, ids: dict[str, int], home: Path) -> None:
    (home / "mine/a.gguf").unlink()
    with app.database.read() as tx:
        places = {one.name: one.id for one in models.places(tx)}
    assert [one.place for one in missing(app.database, app.volumes, (), (places["a"], places["b"]))] == [places["a"]]


def test_a_path_that_is_lost_and_one_of_no_folder(app: App, ids: dict[str, int], home: Path) -> None:
    (home / "mine/a.gguf").unlink()
    found = lost(app.database, app.volumes, str(home / "mine/a.gguf"))
    assert found is not None and found.how == "gone" and found.sentence.startswith("a.gguf is gone already")
    for path in (str(home / "mine/b.gguf"), str(home / "elsewhere"), "b", ""):
        assert lost(app.database, app.volumes, path) is None


def test_the_terminal_says_that_the_drive_is_not_there(
    app: App, ids: dict[str, int], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "mine").rename(home / "unplugged")
    with pytest.raises(ModelManagerError, match="its drive is not there"):
        plan_removal(app.database, app.volumes, app.env(), Selection((ids["a"],), ()))
    assert main(["trash", "a", "--yes"]) != 0
    assert "its drive is not there" in capsys.readouterr().err
