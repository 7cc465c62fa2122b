"""The user's own words on a model: kept as said, refused in words, and above all evidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from removing import records, scan

from model_manager.app import App
from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.library.labels.user_labels import set_category, set_note, set_pinned, tag
from model_manager.library.scan import watch


@pytest.fixture
def model(app: App, home: Path) -> int:
    tree(home / "AI", {"a.gguf": gguf_bytes(seed=3)})
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    return int(next(iter(records(app)))[1:])


def of(app: App) -> dict[str, object]:
    (one,) = records(app).values()
    return one


def test_a_chosen_category_holds_at_once_and_after_a_scan(app: App, model: int) -> None:
    assert of(app)["category"] == "llm"
    set_category(app.database, model, "tts/voices")
    assert of(app)["category"] == "tts/voices"
    scan(app)
    assert of(app)["category"] == "tts/voices"
    set_category(app.database, model, None)
    assert of(app)["category"] == "llm"


@pytest.mark.parametrize("slug", ["nothing", "diffusion", "", "LLM"])
def test_a_category_that_is_none_or_only_groups(app: App, model: int, slug: str) -> None:
    with pytest.raises(UsageError, match="there is no such category"):
        set_category(app.database, model, slug)
    assert of(app)["category"] == "llm"


def test_a_note_as_it_was_written(app: App, model: int) -> None:
    for note in ("good at German\nslow", "\N{HOT BEVERAGE} ü", "", "x" * 20_000):
        set_note(app.database, model, note)
        assert (of(app)["note"] or "") == note
    set_note(app.database, model, "a\udcffb")
    assert of(app)["note"] == "a\\udcffb"
    with pytest.raises(ModelManagerError, match="it is longer than 20,000 characters"):
        set_note(app.database, model, "x" * 20_001)
    assert of(app)["note"] == "a\\udcffb"


def test_pinned_and_not(app: App, model: int) -> None:
    for pinned in (True, False):
        set_pinned(app.database, model, pinned)
        assert of(app)["pinned"] is pinned


def tags(app: App) -> set[str]:
    found = of(app)["tags"]
    assert isinstance(found, list)
    return set(found)


def test_tags_come_and_go(app: App, model: int) -> None:
    before = tags(app)
    tag(app.database, model, [" good ", "zwei Wörter", "good"])
    assert tags(app) - before == {"good", "zwei Wörter"}
    tag(app.database, model, ["x" * 60], [" good", "never there"])
    assert tags(app) - before == {"zwei Wörter", "x" * 60}


@pytest.mark.parametrize("word", ["", "  ", "a,b", "x" * 61, "a\nb", "a\0"])
def test_what_is_no_tag_is_refused_and_the_others_are_not_added(app: App, model: int, word: str) -> None:
    before = tags(app)
    with pytest.raises(UsageError, match="a tag is 1 to 60 printable characters without a comma"):
        tag(app.database, model, ["fine", word])
    assert tags(app) == before
