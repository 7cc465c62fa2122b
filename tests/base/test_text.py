"""Text from outside that cannot pretend to be something else, and paths as people and scripts write them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import write
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base import text
from model_manager.base.text import given_path, given_paths, short_path, shown, written

NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda raw: b"/" not in raw and b"\0" not in raw and raw not in (b".", b"..")
)


@pytest.fixture
def german() -> Iterator[None]:
    text.use_language("de")
    yield
    text.use_language("en")


def test_words_are_in_the_language_that_was_chosen(german: None) -> None:
    assert (text.language(), text._("Oct"), text.later("Oct")) == ("de", "Okt.", "Oct")
    assert text._("a sentence that nobody wrote") == "a sentence that nobody wrote"
    assert text.number("1,234.5") == "1.234,5"
    text.use_language("en")
    assert (text.language(), text._("Oct"), text.number("1,234.5")) == ("", "Oct", "1,234.5")


def test_sentences_of_the_core_have_words_of_their_own(german: None) -> None:
    message = "it is a link that leads nowhere now"
    assert text.in_core(message) == "es ist ein Link, der jetzt ins Leere führt"
    assert text.in_core("a sentence that nobody wrote") == "a sentence that nobody wrote"
    assert [text.in_core("{0} item", "{0} items", number) for number in (1, 2)] == ["{0} Eintrag", "{0} Einträge"]


def test_counts_choose_the_form_and_are_filled_in(german: None) -> None:
    assert text.ngettext("{n} thing of {who}", "{n} things of {who}", 1234, who="A") == "1.234 things of A"
    text.use_language("en")
    assert (
        text.ngettext("{n} thing", "{n} things", 1) == "1 thing"
        and text.ngettext("{n} thing", "{n} things", 0) == "0 things"
    )


@pytest.mark.parametrize(
    ("outside", "safe"),
    [
        ("model.gguf", "model.gguf"), ("Größe 模型", "Größe 模型"), ("a\nb", "a\\x0ab"), ("a\x1b[31m", "a\\x1b[31m"),
        ("a\u202eb", "a\\u202eb"), ("a\u2066b\u2069", "a\\u2066b\\u2069"), ("a\u200e\u200f\u061c", "a\\u200e\\u200f\\u061c"),
        ("\ufeffa", "\\ufeffa"), ("a\u2028b", "a\\u2028b"), (os.fsdecode(b"caf\xe9"), "caf\\xe9"), ("\ud800", "\\ud800"),
        ("\x7f", "\\x7f"), ("a\u00a0b", "a\\xa0b"), ("👩\u200d🔬", "👩\u200d🔬"), ("♥\ufe0f", "♥\ufe0f"), (" a ", " a "), ("", ""),
        ("\u3000", "\\u3000"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_written_out(outside: str, safe: str) -> None:
    assert shown(outside) == safe


@settings(max_examples=25)
@given(st.text(max_size=20))
def test_shown_is_always_one_printable_line(outside: str) -> None:
    safe = shown(outside)
    safe.encode()
    assert not any(mark in safe for mark in "\n\r\x00\x1b\u202e\u2066\u200f")


@settings(max_examples=20)
@given(NAMES)
def test_a_name_of_any_bytes_can_be_written_and_meant_again(raw: bytes) -> None:
    name = os.fsdecode(raw)
    written(name).encode()
    if "\\" not in name:
        assert "/nowhere/" + name in given_paths("/nowhere/" + written(name))


@pytest.mark.parametrize(
    ("outside", "json"),
    [("a\nb", "a\nb"), ("ä", "ä"), (os.fsdecode(b"caf\xe9"), "caf\\xe9"), ("\ud800", "\\ud800"), ("\u202e", "\u202e")],
)
def test_in_json_only_what_no_text_can_be_is_written_out(outside: str, json: str) -> None:
    assert written(outside) == json


def test_a_plain_path_is_itself(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert given_paths("~/a/../b") == [str(home / "b")] and given_paths("x") == [str(tmp_path / "x")]


@pytest.mark.parametrize("how", [written, shown])
def test_what_is_there_is_meant_by_either_spelling(how, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    place = os.path.join(os.fsencode(tmp_path), b"caf\xe9")
    os.mkdir(place)
    name = os.path.join(place, b"a\tb\xff")
    with open(name, "wb"):
        pass
    path = os.fsdecode(name)
    assert given_path(how(path)) == path


def test_of_two_that_are_written_alike_both_are_told_and_what_is_there_comes_first(tmp_path: Path) -> None:
    real, literal = os.fsdecode(os.fsencode(tmp_path) + b"/\xe9"), str(tmp_path / "\\xe9")
    assert set(given_paths(literal)) == {real, literal}, "neither is there"
    write(Path(literal))
    assert given_paths(literal)[0] == literal
    write(Path(real))
    assert set(given_paths(literal)) == {real, literal}
    os.unlink(literal)
    assert given_path(literal) == real


def test_letters_of_several_bytes_and_of_one_are_understood() -> None:
    assert (
        "/n/é" in given_paths("/n/\\xc3\\xa9")
        and "/n/\t" in given_paths("/n/\\x09")
        and "/n/\u202e" in given_paths("/n/\\u202e")
    )


@pytest.mark.parametrize(
    ("path", "home", "short"),
    [
        ("/home/anna", "/home/anna", "~"), ("/home/anna/m", "/home/anna", "~/m"), ("/home/anna/m", "/home/anna/", "~/m"),
        ("/home/annabel/m", "/home/anna", "/home/annabel/m"), ("/m\n", "/home/anna", "/m\\x0a"), ("/m", "", "/m"),
    ],
)  # fmt: skip
def test_the_home_folder_is_a_tilde(path: str, home: str, short: str) -> None:
    assert short_path(path, home) == short
