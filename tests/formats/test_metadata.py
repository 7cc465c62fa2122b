"""Metadata is cut to what a person can look at, and says that it was."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.metadata import ENTRIES, LONGEST, bounded


def test_what_is_short_stays_as_it_is() -> None:
    plain = {
        "a": "x" * LONGEST,
        "b": [1, "two", None],
        "c": 0.5,
        "d": True,
        "e": None,
        "f": (1 << 64) - 1,
        "g": -(1 << 63),
    }
    assert bounded(plain) == plain and bounded({}) == {}


def test_what_is_long_is_cut_and_counted() -> None:
    assert bounded({"a": "x" * (LONGEST + 1)}) == {"a": "x" * LONGEST + "… (4,001 characters)"}
    assert bounded({"a": list(range(65)), "b": list(range(64))}) == {"a": "[65 values]", "b": list(range(64))}
    assert bounded({"k" * 300: 1}) == {"k" * 200: 1}
    assert bounded({"a": {"b": "x" * 5000}})["a"] == str({"b": "x" * 5000})[:LONGEST] + "…"


def test_numbers_that_json_readers_do_not_take_are_written_as_text() -> None:
    assert bounded({"a": 1 << 64}) == {"a": "0x10000000000000000…"} and len(str(bounded({"a": 1 << 9999})["a"])) == 41
    assert bounded({"a": -(1 << 63) - 1})["a"] == "-0x8000000000000001…"


def test_lists_in_lists_are_not_followed() -> None:
    assert bounded({"a": [[1], {"b": 1}, (2,), "x" * 5000]}) == {
        "a": ["…", "…", "…", "x" * LONGEST + "… (5,000 characters)"]
    }


def test_more_keys_than_anybody_reads_are_counted() -> None:
    found = bounded({f"k{number}": number for number in range(ENTRIES + 7)})
    assert len(found) == ENTRIES + 1 and found["…"] == "7 more keys" and "k399" in found and "k400" not in found
    assert "…" not in bounded({f"k{number}": number for number in range(ENTRIES)})


@settings(max_examples=15)
@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5), lambda one: st.lists(one, max_size=3), max_leaves=8
        ),
        max_size=4,
    )
)
def test_whatever_it_was_it_can_be_written_as_json(metadata: dict[str, object]) -> None:
    assert bounded(metadata).keys() == metadata.keys()
    json.dumps(bounded(metadata))
