"""What is suggested, what of it is taken, and what the plan says for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.actions import cleaning, roots, scanning
from model_manager.actions.cleaning import Suggestions
from model_manager.app import App
from model_manager.base.errors import UsageError
from model_manager.jobs import Progress


@pytest.fixture
def offer(app: App, home: Path) -> Suggestions:
    """Two broken models."""
    for seed, name in enumerate(("one", "two")):
        write(home / f"mine/{name}.gguf", gguf_bytes(seed=seed)[:-4096])
    roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())
    return cleaning.suggest(app)


def test_all_rules_or_these(app: App, offer: Suggestions) -> None:
    assert [one.rule for one in offer.candidates] == ["broken", "broken"]
    assert cleaning.suggest(app, ["archive"]).candidates == ()
    with pytest.raises(UsageError, match="there is no such rule"):
        cleaning.suggest(app, ["nonsense"])


def test_what_is_taken_must_have_been_suggested(app: App, offer: Suggestions) -> None:
    first = offer.candidates[0]
    assert cleaning.taken(offer, [first.id]) == [first]
    with pytest.raises(UsageError, match="no suggestion of this id"):
        cleaning.taken(offer, ["c0"])
    with pytest.raises(UsageError, match="of which it is certain"):
        cleaning.taken(offer, [], all_certain=True)


def test_what_went_since_it_was_suggested_is_told_and_the_rest_goes(app: App, offer: Suggestions) -> None:
    gone, stays = offer.candidates
    os.unlink(gone.paths[0])
    planned = cleaning.plan_cleaning(app, offer, offer.candidates)
    assert [step.path for step in planned.plan.steps] == list(stays.paths)
    assert [one.name for one in planned.missing] == [gone.name] and offer.frees([stays]) == stays.frees
