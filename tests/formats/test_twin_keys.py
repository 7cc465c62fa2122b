"""A key that is there twice is seen, and what either reader takes is looked at."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats import twin_keys
from model_manager.formats.twin_keys import parsed


def test_the_last_is_pythons_and_the_first_is_kept_beside_it() -> None:
    found = parsed('{"a": 1, "b": {"c": 1, "c": 2, "c": 3}, "a": 4}')
    assert found and found.value == {"a": 4, "b": {"c": 3}} and found.key == "c"
    assert found.others == [{"c": 1}, {"a": 1, "b": {"c": 3}}]
    assert found.health().verdict == "unknown" and "has the key 'c' twice" in found.health().detail


def test_the_same_key_in_two_objects_is_no_twin() -> None:
    found = parsed(b'[{"a": 1}, {"a": {"a": 2}}]')
    assert not found and found.others == [] and found.value == [{"a": 1}, {"a": {"a": 2}}]


def test_what_a_key_says_cannot_forge_a_message() -> None:
    assert parsed('{"a\\n\\u202e": 1, "a\\n\\u202e": 2}').key == "a\\x0a\\u202e"
    assert len(parsed(f'{{"{"k" * 500}": 1, "{"k" * 500}": 2}}').key) == 80


def test_very_many_are_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twin_keys, "_MOST", 3)
    found = parsed("[" + ",".join(['{"a": 1, "a": 2}'] * 9) + "]")
    assert len(found.others) == 3 and len(found.value) == 9  # type: ignore[arg-type]


@settings(max_examples=15)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=2), one, max_size=3),
        max_leaves=8,
    )
)
def test_an_ordinary_text_is_what_json_says(value: object) -> None:
    found = parsed(json.dumps(value))
    assert found.value == value and not found


@pytest.mark.parametrize(
    ("text", "error"),
    [("{", ValueError), ("", ValueError), (b"\xff\xff\xff", ValueError), ("[" * 200_000, RecursionError)],
)
def test_what_is_no_json_is_an_error(text: str | bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parsed(text)
