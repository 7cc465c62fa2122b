"""What programs were told when they were started: flags, lists of values, and variables of scripts."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.stores.host.flags import in_script, last_of, lists_of, split, values_of


def test_every_value_of_a_flag_in_both_spellings() -> None:
    words = ["serve", "--models", "/a", "--models=/b", "--other", "/c", "--modelsdir=/d", "--models=", "--models"]
    assert list(values_of(words, "--models")) == ["/a", "/b", ""]
    assert last_of(words[:4], "--models") == ["/b"] and last_of(words, "--nothing") == []


def test_a_list_goes_on_to_the_next_flag() -> None:
    words = ["x", "--config", "a", "b", "--verbose", "c", "--config=d", "e", "", "--config", "f", "", "g"]
    assert list(lists_of(words, "--config")) == ["a", "b", "d", "f", "g"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('export ARGS="--models /a --lora /b"', ["--models", "/a", "--lora", "/b"]), ("set ARGS=--x /a\r", ["--x", "/a"]),
        ("ARGS='one two'", ["one", "two"]), ("  ARGS=one", ["one"]), ("# ARGS=one", []), ("rem set ARGS=one", []), ("XARGS=one", []),
        ("ARGS=one\nARGS=two three", ["two", "three"]), ("ARGS=one\nARGS=", []), ("ARGS=\"a 'b c'\"", ["a", "b c"]), ("echo ARGS=one", []), ("", []),
    ],
)  # fmt: skip
def test_a_variable_of_a_script(text: str, words: list[str]) -> None:
    assert in_script(text, "ARGS") == words


def test_what_is_no_shells_line_is_parted_at_blanks() -> None:
    assert split("it's a test") == ["it's", "a", "test"] and split('a "b c" #d') == ["a", "b c", "#d"]


@settings(max_examples=8)
@given(st.lists(st.text("abc \"'\\-=", max_size=6), max_size=5))
def test_any_words_come_back_as_they_were_quoted(words: list[str]) -> None:
    assert split(shlex.join(words)) == words
    given_ = [word for one in words for word in ("--flag", one)]
    assert list(values_of(given_, "--flag")) == [
        one for at, one in enumerate(given_) if at and given_[at - 1] == "--flag"
    ]
