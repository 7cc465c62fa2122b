"""The lines of a card and of `show`."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, tree

from model_manager.app import App
from model_manager.base.text import use_language
from model_manager.catalog import models
from model_manager.jobs import Progress
from model_manager.library.listing.lines import CardLine, lines
from model_manager.library.listing.model_json import Json, models_json
from model_manager.library.scan import watch


@pytest.fixture
def model(app: App, home: Path) -> Json:
    """One whose header states its context."""
    header = {"general.architecture": "llama", "llama.context_length": 131072}
    watch.add_root(app.database, str(tree(home / "AI", {"one-Q4_K_M.gguf": gguf_bytes(header)})))
    app.scanner().run(Progress())
    with app.database.read() as tx:
        ids = models.largest_first(tx)
    return next(models_json(app.database, ids))


def test_what_is_known_has_its_line_and_what_is_not_has_none(model: Json) -> None:
    told = {line.title: line.text for line in lines(model, {})}
    assert told["Context"] == "131,072" and told["Architecture"] == "llama" and told["Format"] == "gguf"
    assert told["Size"].endswith("kB") or told["Size"].endswith(" B"), told["Size"]
    assert "Licence" not in told and "Base model" not in told
    assert not {"Note", "Tags", "Pinned", "First seen", "Health"} & told.keys(), "worded by who shows them"


def test_own_words_stand_where_the_field_does_and_an_empty_text_leaves_it_out(model: Json) -> None:
    told = lines(model, {"quant": "Q4, they say", "format": "", "tags": "chat"}, [CardLine(35, "Between", "this")])
    titles = [line.title for line in told]
    assert titles[:3] == ["Kind", "Quant", "Between"] and titles[-1] == "Tags"
    assert "Format" not in titles
    assert next(line for line in told if line.title == "Quant") == (30, "Quant", "Q4, they say", "quant")


def test_titles_and_figures_are_those_of_the_language(model: Json) -> None:
    use_language("de")
    try:
        told = {line.title: line.text for line in lines(model, {})}
    finally:
        use_language("en")
    assert told["Kontext"] == "131.072" and "Size" not in told
