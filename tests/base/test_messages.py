"""Messages: English for everybody who takes a text, their parts kept and read back, and nothing that hostile files can do."""

from __future__ import annotations

import copy
import json
import pickle
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_manager.base import text
from model_manager.base.localised import localised
from model_manager.base.messages import (
    Message,
    NotOurs,
    counted,
    figure,
    from_text,
    joined,
    kept,
    read_back,
    said,
    to_text,
    told_by,
)
from model_manager.base.units import Figure

PLAIN = st.one_of(
    st.sampled_from(["Tom and Jerry", "{0}", "{0.__class__}", "%s", "{{}}", "a\nb", "\x1e{}", "Ä ß", "模型", "\udcff"]),
    st.text(max_size=30),
)
FIGURES = st.integers(-(10**15), 10**15).map(figure)
TEMPLATES = st.sampled_from(
    ["{0} is a link", "{0}: {1}", "the folder {0} is not there", "{1} of {0}", "a {{b}} {0}", "{7}"]
)


def messages(values: st.SearchStrategy[str]) -> st.SearchStrategy[Message]:
    several = st.lists(values, min_size=0, max_size=3)
    return st.one_of(
        st.builds(lambda template, those: said(template, *those), TEMPLATES, several),
        st.builds(
            lambda n, those: counted("{0} file of {1}", "{0} files of {1}", n, figure(n), *those),
            st.integers(0, 10**9),
            several,
        ),
        st.builds(lambda those: joined("; ", those), several),
    )


TOLD = st.recursive(st.one_of(PLAIN, FIGURES), messages, max_leaves=8)


def parts(told: str) -> object:
    """All that a message is, as plain data."""
    if isinstance(told, Message):
        return str(told), told.template, told.many, told.number, [parts(value) for value in told.values]
    return type(told).__name__, str(told)


@given(TOLD)
def test_what_is_kept_is_read_back_as_it_was(told: str) -> None:
    assert parts(read_back(json.loads(json.dumps(kept(told))))) == parts(told)
    assert parts(from_text(to_text(told))) == parts(told)
    text.use_language("de")
    try:
        assert localised(read_back(kept(told))) == localised(told)
    finally:
        text.use_language("en")


@given(TOLD)
def test_the_english_is_the_same_for_everybody_who_takes_a_text(told: str) -> None:
    assert json.dumps([told]) == json.dumps([str(told)]) and f"{told}" == str(told) and hash(told) == hash(str(told))
    assert parts(copy.deepcopy(told)) == parts(told) and parts(pickle.loads(pickle.dumps(told))) == parts(told)


def test_values_keep_their_kind() -> None:
    reason = said("it is not there any more")
    told = said("{0}: {1} {2} {3}", "/a", reason, figure(1234), ValueError(reason))
    assert told == "/a: it is not there any more 1,234 it is not there any more"
    assert [type(value) for value in told.values] == [str, Message, Figure, Message]
    assert told_by(ValueError("x" * 200), 5) == "xxxxx" and told_by(ValueError(reason), 5) is reason


@pytest.mark.parametrize(
    ("number", "english", "german"),
    [(0, "0 items", "0 Einträge"), (1, "1 item", "1 Eintrag"), (2, "2 items", "2 Einträge"), (1000, "1,000 items", "1.000 Einträge")],
)  # fmt: skip
def test_a_count_has_the_form_of_its_language(number: int, english: str, german: str) -> None:
    told = counted("{0} item", "{0} items", number, figure(number))
    assert told == english and read_back(kept(told)) == english
    text.use_language("de")
    try:
        assert localised(told) == localised(read_back(kept(told))) == german
    finally:
        text.use_language("en")


def test_only_names_and_paths_are_made_safe_to_show() -> None:
    told = said("{0}: {1}", "bad\x1b", said("the folder {0} is not there", "\u202ex"))
    shown = text.shown(told)
    assert shown == "bad\\x1b: the folder \\u202ex is not there"
    assert isinstance(shown, Message) and isinstance(shown.values[1], Message)
    several = text.shown(counted("{0} at {1}", "{0} at {1} each", 2, figure(2), "\x1b"))
    assert several == "2 at \\x1b each"


def nested(deep: int) -> dict[str, Any]:
    made: dict[str, Any] = {"said": "{0}", "with": ["x"]}
    for _ in range(deep):
        made = {"said": "{0}", "with": [made]}
    return made


def wide() -> dict[str, Any]:
    made: object = "x" * 1000
    for _ in range(5):
        made = {"said": "{0}" * 600, "with": [made]}
    return made  # type: ignore[return-value]


@pytest.mark.parametrize(
    "value",
    [None, 7, [], ["a"], {}, {"said": 1}, {"said": "a", "with": "b"}, {"said": "a", "with": [1]}, {"figure": 3},
     {"figure": "x"}, {"figure": "1\n"}, {"said": "a", "many": "b"}, {"said": "a", "number": 2}, {"said": "a", "many": 1, "number": 2},
     {"said": "a", "with": ["b"] * 21}, {"said": "a" * 20_001}, {"said": "{0}" * 6000, "with": ["abcdefgh"]},
     {"said": "a", "many": "b", "number": "2"}, nested(7), nested(200), wide()],
)  # fmt: skip
def test_what_was_never_kept_like_this_is_not_believed(value: object) -> None:
    start = time.perf_counter()
    with pytest.raises(NotOurs):
        read_back(value)
    assert from_text("\x1e" + json.dumps(value)) == "" and time.perf_counter() - start < 1


@pytest.mark.parametrize("damaged", ["\x1e", "\x1e{", "\x1e[" * 3000, "\x1e" + "[" * 100_000, '\x1e{"said":'])
def test_a_damaged_text_of_the_database_says_nothing(damaged: str) -> None:
    assert from_text(damaged) == ""


@pytest.mark.parametrize(
    ("template", "english"),
    [("{0.__class__} {0[0]} {x} {}", "{0.__class__} {0[0]} {x} {}"), ("{0!r} {0:>99}", "{0!r} {0:>99}"), ("{9} {0}", "{9} v"),
     ("%s {00}", "%s v"), ("{", "{"), ("{{0}}", "{0}")],
)  # fmt: skip
def test_a_template_reaches_nothing_but_its_values(template: str, english: str) -> None:
    assert read_back({"said": template, "with": ["v"]}) == english


def test_what_no_sentence_of_ours_would_be_is_kept_as_its_english() -> None:
    long, deep = said("{0} is a link", "x" * 30_000), said("{0}", "x")
    for _ in range(9):
        deep = said("{0}", deep)
    assert read_back(kept(long)) == long and read_back(kept(deep)) == deep
    assert read_back(kept(said("{0}" * 30, *"a" * 30))) == "a" * 30


def test_texts_of_older_versions_are_read_as_they_are() -> None:
    assert read_back("it is not there any more") == from_text("it is not there any more") == "it is not there any more"
    assert to_text("a plain name") == "a plain name"
