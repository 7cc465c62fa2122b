"""Strangers' JSON: what Python's parser says of it, and nothing that would grow large in memory."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_manager.base import json_text
from model_manager.base.json_text import DEEPEST, MOST_PARTS, JsonTooLarge, parsed

MIB = 1 << 20
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(st.characters(), max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)


@given(VALUES, st.booleans())
def test_it_says_what_pythons_parser_says(value: object, plain: bool) -> None:
    raw = json.dumps(value, ensure_ascii=plain).encode("utf-8", "surrogatepass")
    assert parsed(raw) == json.loads(raw)


@given(VALUES)
def test_counting_alone_finds_nothing_wrong_with_small_texts(value: object) -> None:
    """Marks within texts, behind escapes and between quotes are no marks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "MOST_PARTS", 40 + 2 * len(json.dumps(value).split(",")))
        raw = json.dumps([value, '[{"', "\\", '\\"', "],{" * 9]).encode()
        assert parsed(raw) == json.loads(raw)


@pytest.mark.parametrize("form", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_every_form_of_unicode(form: str) -> None:
    assert parsed('{"a": ["ü", "😀", "["]}'.encode(form)) == {"a": ["ü", "😀", "["]}
    with pytest.raises(JsonTooLarge):
        parsed(("[" * 65 + "]" * 65).encode(form))


def test_depth() -> None:
    assert parsed(b"[" * DEEPEST + b"]" * DEEPEST)
    mixed = b'{"a":[' * (DEEPEST // 2) + b"1" + b"]}" * (DEEPEST // 2)
    assert parsed(mixed) and parsed(json.dumps(["[" * 1000]).encode()) == ["[" * 1000]
    for raw in (b"[" * 65 + b"]" * 65, b"[" + mixed + b"]", b'{"a":' * 100_000, b"[" * 1000):
        with pytest.raises(JsonTooLarge, match="deep"):
            parsed(raw)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"[" + b"[]," * (21 * MIB) + b"[]]", "entries"),
        (b"[" + b"1," * (4 * MIB) + b"1]", "entries"),
        (b"[" + b'"",' * (4 * MIB) + b"1]", "entries"),
        (b'["' * (2 * MIB), "texts"),
        (json.dumps("😀" + "x" * (5 * MIB), ensure_ascii=False).encode(), "four times"),
        (json.dumps([{"a": n} for n in range(MOST_PARTS)]).encode(), "entries"),
        (b"[" + b"9" * 5000 + b"]", "digits"),
    ],
    ids=["63 MB of lists", "numbers", "texts", "quotes", "wide", "objects", "digits"],
)
def test_what_would_grow_is_refused_before_it_does(raw: bytes, why: str) -> None:
    tracemalloc.start()
    start = time.process_time()
    try:
        with pytest.raises(ValueError, match=why):
            parsed(raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * len(raw) + 16 * MIB and time.process_time() - start < 2


def test_what_is_allowed_stays_small() -> None:
    """The most that the limits let through, at the size that adapters read (4 MiB)."""
    most = b"[" + b",".join([b'{"abcdefghijklmnopqr":0}'] * (MOST_PARTS // 2 - 1)) + b"]"
    tracemalloc.start()
    try:
        assert len(parsed(most)) == MOST_PARTS // 2 - 1
        assert tracemalloc.get_traced_memory()[1] < 64 * MIB
    finally:
        tracemalloc.stop()
