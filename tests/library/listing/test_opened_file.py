"""A file opened from outside: a model of the library, or a card by its header."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, write

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.jobs import Progress
from model_manager.library.listing.model_json import show_json
from model_manager.library.listing.opened_file import opened


def test_a_file_of_the_library_is_its_model(app: App, home: Path) -> None:
    path = write(home / ".lmstudio/models/a/b/llama-Q4_K_M.gguf", gguf_bytes())
    base = hub_repo(home / ".cache/huggingface/hub", "org/other", {"other.gguf": gguf_bytes(seed=2)})
    app.scanner().run(Progress())
    found = opened(app.database, app.volumes, str(path))
    assert found.id is not None and found.card is None
    link = next((base / "snapshots").rglob("other.gguf"))
    other = opened(app.database, app.volumes, str(link))
    assert other.id not in (None, found.id)
    away = home / "a link.gguf"
    away.symlink_to(path)
    assert opened(app.database, app.volumes, str(away)).id == found.id


def test_any_other_file_has_a_card_as_show_prints_it(app: App, home: Path) -> None:
    inside = write(home / ".lmstudio/models/a/b/mistral-7b-Q4_K_M.gguf", gguf_bytes({"general.name": "One"}))
    outside = write(home / "Downloads/mistral-7b-Q4_K_M.gguf", gguf_bytes({"general.name": "One"}))
    app.scanner().run(Progress())
    id_ = opened(app.database, app.volumes, str(inside)).id
    assert id_ is not None
    known, card = show_json(app.database, id_), opened(app.database, app.volumes, str(outside)).card
    assert card is not None
    assert card.keys() == known.keys() and card["model"].keys() == known["model"].keys()
    assert card["model"]["files"][0].keys() == known["model"]["files"][0].keys()
    assert card["model"]["id"] == ""
    for field in ("category", "quant", "bits_per_weight", "parameters", "architecture", "size", "health", "format"):
        assert card["model"][field] == known["model"][field], field
    assert card["model"]["places"][0]["path"] == str(outside)
    assert list(card["metadata"].values()) == list(known["metadata"].values())


@pytest.mark.parametrize(
    "data", [b"", b"GGUF", b"<html>not found</html>", b"PK\x03\x04" + bytes(100), os.urandom(3000)]
)
def test_a_file_that_is_no_model_has_a_card_that_says_so(app: App, home: Path, data: bytes) -> None:
    path = write(home / "odd \u202e name.gguf", data)
    card = opened(app.database, app.volumes, str(path)).card
    assert card is not None
    assert card["model"]["health"]["verdict"] not in ("good",)
    assert "\u202e" not in card["model"]["name"]


def test_what_cannot_be_opened_is_said(app: App, home: Path) -> None:
    with pytest.raises(ModelManagerError, match="No such file"):
        opened(app.database, app.volumes, str(home / "gone.gguf"))
    with pytest.raises(ModelManagerError, match="not a file"):
        opened(app.database, app.volumes, str(home))
    os.mkfifo(home / "pipe.gguf")
    with pytest.raises(ModelManagerError, match="not a file"):
        opened(app.database, app.volumes, str(home / "pipe.gguf"))


def test_a_link_that_leads_to_itself_is_said(app: App, home: Path) -> None:
    loop = home / "loop.gguf"
    loop.symlink_to(loop)
    with pytest.raises(ModelManagerError):
        opened(app.database, app.volumes, str(loop))
