"""What the catalogue keeps of facts is read again as it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base.facts import SOURCES, VERDICTS, Claim, Companion, Facts, Health, Share, Split
from model_manager.catalog.codec import (
    dump,
    dump_facts,
    dump_health,
    load_claims,
    load_facts,
    load_health,
    load_metadata,
)

WORDS = st.sampled_from(["", "a", "ä", '"', "\udce9", "\n", "模型"])
FACTS = st.builds(
    Facts, WORDS,
    st.lists(st.builds(Claim, st.just("name"), st.one_of(WORDS, st.integers(), st.booleans(), st.just(0.5)), st.sampled_from(SOURCES), WORDS),
             max_size=2).map(tuple),
    st.lists(st.builds(Share, WORDS, st.integers(0), st.integers(0)), max_size=2).map(tuple),
    st.builds(Health, st.sampled_from(VERDICTS), WORDS), st.lists(WORDS, max_size=2).map(tuple),
    st.lists(st.builds(Companion, WORDS, st.integers(0)), max_size=2).map(tuple),
    st.none() | st.builds(Split, st.integers(0, 9), st.integers(0, 9)), st.dictionaries(WORDS, st.lists(WORDS, max_size=2), max_size=2),
)  # fmt: skip


@settings(max_examples=25)
@given(FACTS)
def test_facts_are_read_again_as_they_were(facts: Facts) -> None:
    kept = dump_facts(facts)
    assert load_metadata(kept) == facts.metadata
    assert load_facts(kept) == facts and kept.isascii() and "\n" not in kept


def test_what_json_does_not_know_is_kept_as_its_words() -> None:
    assert json.loads(dump({"a": Path("/x"), "b": (1, 2)})) == {"a": "/x", "b": [1, 2]}
    assert dump([1, "a"]) == '[1,"a"]', "no room is lost on spaces"


def test_names_of_any_bytes_come_through() -> None:
    name = os.fsdecode(b"caf\xe9")
    assert load_facts(dump_facts(Facts("x", metadata={"n": name}))).metadata["n"] == name


def test_metadata_that_is_no_record_is_none() -> None:
    text = dump_facts(Facts("x"))
    changed = text[: text.rindex("{")] + "[1]]"
    assert load_facts(changed).metadata == load_metadata(changed) == {}


def test_claims_and_health_by_themselves() -> None:
    assert load_claims([["name", "x", "user", "why"]]) == (Claim("name", "x", "user", "why"),)
    assert load_health(dump_health(Health("corrupt", "why"))) == Health("corrupt", "why")
    assert dump_health(None) is None and load_health(None) is None


def test_it_is_as_short_as_json_can_be() -> None:
    assert dump({"a": [1, 2], "ä": Path("/x")}) == '{"a":[1,2],"\\u00e4":"/x"}'
