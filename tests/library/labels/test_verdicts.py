"""Words for verdicts, sources and states: each that the program knows has one, and no two sound alike."""

from __future__ import annotations

from typing import get_args

from model_manager.base.facts import Source, Verdict
from model_manager.library.labels.verdicts import AWAY, SOURCES, STATES, VERDICTS


def test_every_verdict_and_every_source_has_words() -> None:
    assert set(VERDICTS) == set(get_args(Verdict)) and set(SOURCES) == set(get_args(Source))


def test_whatever_is_not_there_says_why() -> None:
    assert set(AWAY) == set(STATES) - {"online"}


def test_no_two_sound_alike() -> None:
    for words in (VERDICTS, SOURCES, STATES, AWAY):
        assert len(set(words.values())) == len(words) and all(text == text.strip() != "" for text in words.values())


def test_what_is_good_or_broken_is_called_so() -> None:
    assert (VERDICTS["good"], VERDICTS["not-a-model"], SOURCES["user"], STATES["online"]) == (
        "good",
        "not a model",
        "you",
        "there",
    )
