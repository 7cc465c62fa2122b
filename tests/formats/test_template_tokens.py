"""The words of a chat template: statements and expressions, brackets with what they hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats import template_tokens
from model_manager.formats.template_tokens import TemplateTooLarge, Token, blocks, flat, is_call, is_subscript, split


def words(template: str) -> list[list[str]]:
    return [[token.text for token in flat(block)] for block in blocks(template)]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain text { % } ", []), ("{{ a }}x{%- if b == 2 -%}", [["a"], ["if", "b", "==", "2"]]), ("{# {{ a }} #}{{ b }}", [["b"]]), ("{# open {{ a }}", []),
        ("{% raw %}{{ a }}{% endraw %}{{ b }}", [["b"]]), ("{%- raw -%}{{ a }}", []), ("{{ 'a}}b' }}", [["'a}}b'"]]), ("{{ {'a': 1} }}", [["{", "'a'", ":", "1"]]),
        ("{{ a['b'] }}", [["a", "[", "'b'"]]), ("{{ f(x)[0] }}", [["f", "(", "x", "[", "0"]]), ("{{ 'a' \"b\" }}", [["'ab\""]]), ("{{ a", [["a"]]), ("{{ a ) b }}", [["a", "b"]]),
        ("{{ a ** b // c }}", [["a", "**", "b", "//", "c"]]), ("{{ größe }}", [["größe"]]), ("", []), ("{{ '\\'' }}", [["'\\''"]]),
    ],
)  # fmt: skip
def test_words_as_jinja_reads_them(template: str, expected: list[list[str]]) -> None:
    assert words(template) == expected


def test_brackets_hold_what_is_between_them() -> None:
    ((name, group),) = blocks("{{ a[b(c)] }}")
    assert (name.text, group.kind, group.text) == ("a", "group", "[") and [one.text for one in group.inner] == [
        "b",
        "(",
    ]
    assert group.inner[1].inner == [Token("name", "c")]


def test_subscripts_and_calls() -> None:
    (block,) = blocks("{{ a[0] in [1] or f (x) + 'k'[2] }}")
    assert [at for at in range(len(block)) if is_subscript(block, at)] == [1, 9]
    assert [block[at].text for at in range(len(block)) if is_call(block, at)] == ["f"]


def test_parts_between_a_sign() -> None:
    (block,) = blocks("{{ a | b(c | d) | e }}")
    assert [[token.text for token in part] for part in split(block, "|")] == [["a"], ["b", "("], ["e"]] and split(
        [], "|"
    ) == [[]]


@pytest.mark.parametrize(
    "template", ["{{ " + "(" * 100 + " }}", "{{ " + "a " * 60 + "}}", "{{a}}" * 60], ids=["deep", "long", "many"]
)
def test_more_than_any_model_has_is_refused(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_tokens, "_MOST", 50)
    with pytest.raises(TemplateTooLarge):
        blocks(template)


@settings(max_examples=10)
@given(st.text("{}%#ab'\"()[] \\|-\n", max_size=40))
def test_any_text_is_words_or_too_much(template: str) -> None:
    assert all(token.text for block in blocks(template) for token in flat(block))
