"""Which claim holds and which verdict is shown."""

from __future__ import annotations

import dataclasses
import itertools
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base.facts import (
    GOOD,
    MANY,
    SOURCES,
    VERDICTS,
    Claim,
    Companion,
    Facts,
    Health,
    Share,
    Source,
    Split,
    Verdict,
    settle,
    worst,
)  # fmt: skip

HEALTHS = st.builds(Health, st.sampled_from(VERDICTS), st.sampled_from("abc"))
CLAIMS = st.builds(
    Claim,
    st.sampled_from(("name", "category", "quant", "tag", "trigger_words")),
    st.sampled_from("abc"),
    st.sampled_from(SOURCES),
)


def test_the_strongest_evidence_wins() -> None:
    claims = [
        Claim("category", "llm", "folder"),
        Claim("category", "tts", "tensors"),
        Claim("category", "stt", "sidecar"),
    ]
    assert settle(claims)["category"].value == "tts"
    assert [settle([Claim("name", one, one), Claim("name", "x", other)])["name"].source
            for one, other in itertools.pairwise(SOURCES)] == list(SOURCES[:-1])  # fmt: skip


def test_of_equally_strong_ones_the_earliest_holds() -> None:
    assert settle([Claim("name", "a", "hash"), Claim("name", "b", "hash")])["name"].value == "a"


def test_tags_and_trigger_words_are_never_settled_to_one() -> None:
    assert {"tag", "trigger_words"} == MANY and settle([Claim(one, "a", "user") for one in MANY]) == {}


@settings(max_examples=15)
@given(st.lists(CLAIMS, max_size=6))
def test_no_claim_that_loses_is_stronger_than_the_one_that_holds(claims: list[Claim]) -> None:
    held = settle(claims)
    assert held.keys() == {claim.field for claim in claims} - MANY
    for claim in claims:
        if claim.field in held:
            assert SOURCES.index(held[claim.field].source) <= SOURCES.index(claim.source)


def test_the_worst_of_several_files_is_shown() -> None:
    assert worst([Health("good"), Health("truncated", "why"), Health("not-a-model")]) == Health("not-a-model")
    assert worst([Health("good"), Health("truncated", "why")]) == Health("truncated", "why")
    assert worst([Health("unknown"), Health("good")]).verdict == "good"
    assert worst([Health("unknown", "a"), Health("unknown", "b")]) == Health("unknown", "a")
    assert worst([]) == Health("unknown")


@settings(max_examples=15)
@given(st.lists(HEALTHS, min_size=1, max_size=6))
def test_the_order_of_files_decides_no_verdict(healths: list[Health]) -> None:
    assert worst(healths).verdict == worst(reversed(healths)).verdict
    assert worst(healths) in healths


def test_the_lists_name_what_the_types_allow() -> None:
    assert set(typing.get_args(Source)) == set(SOURCES) and set(typing.get_args(Verdict)) == set(VERDICTS)


@pytest.mark.parametrize("known", [Health(), Share("F16", 1, 2), Companion("a", 1), Split(0, 2), Facts("gguf")])
def test_what_is_known_cannot_be_changed_by_whoever_holds_it(known: Health | Share | Companion | Split | Facts) -> None:
    for one in dataclasses.fields(known):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(known, one.name, None)
    assert not hasattr(known, "__dict__"), "a library has a hundred thousand of these"


def test_a_file_is_good_until_something_speaks_against_it() -> None:
    assert Facts("gguf").health is GOOD and Health("good", "") == GOOD
    assert Facts("a").metadata is not Facts("b").metadata, "no two share what one may fill"
