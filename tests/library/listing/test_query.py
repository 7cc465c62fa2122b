"""The query language."""

from __future__ import annotations

import time

import pytest

from model_manager.base.errors import UsageError
from model_manager.catalog.rows import Row
from model_manager.library.labels.categories import BUILT_IN
from model_manager.library.listing.query import Query


def row(**values: object) -> Row:
    plain: dict[str, object] = dict(
        id=1, name="Llama-3.1-8B", category="llm", category_from="metadata", format="gguf", architecture="llama", base_model="Llama",
        parameters=8, quant="Q4_K_M", quant_label=None, bits=4.9, context_length=1, size=5 * 10**9, bytes=5 * 10**9, verdict="good",
        tools="ollama,lm-studio", places=2, used_at=None, used_from=None, added=int(time.time()), pinned=0, tags="chat,my tag", copies=0,
        text="llama-3.1-8b\nchat\nollama,lm-studio\n/home/robin/models",
    )  # fmt: skip
    return Row(**{**plain, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True), ("llama", True), ("LLAMA robin", True), ("mistral", False), ("-mistral", True), ("-llama", False), ("llm", True), ("-llm", False),
        ("diffusion", False), ("tool:ollama", True), ("tool:olla", False), ("quant:q4", True), ("quant:Q4_K_M", True), ("quant:q8", False),
        ("format:gguf", True), ("format:GGUF", True), ("format:ggu", False), ("base:llama", True), ("tag:chat", True), ('tag:"my tag"', True), ("tag:cha", False), ("health:good", True),
        (">4gb", True), (">5gb", False), ("<500mb", False), ("<6GB", True), ("unused:90d", False), ("dup:yes", False), ("dup:no", True),
        ("pinned:yes", False), ("pinned:no", True), ('"llama-3.1"', True), ('-"llama-3.1"', False), ("qwen3:4b", False), ("category:llm", True),
    ],
)  # fmt: skip
def test_terms(text: str, matches: bool) -> None:
    assert Query(text, BUILT_IN).matches(row()) is matches
    assert (Query(text, BUILT_IN).of([row()]) != []) is matches


def test_a_category_means_its_children() -> None:
    assert Query("embedding", BUILT_IN).matches(row(category="embedding/rerankers"))
    assert not Query("tts", BUILT_IN).matches(row(category="stt"))


def test_unused_counts_from_the_last_use_or_the_first_sight() -> None:
    old = int(time.time()) - 100 * 86_400
    assert Query("unused:90d", BUILT_IN).matches(row(used_at=old))
    assert not Query("unused:90d", BUILT_IN).matches(row(used_at=old + 50 * 86_400, added=old))


@pytest.mark.parametrize(
    "text", ["nope:x", 'a "b', "health:fine", "unused:soon", "dup:maybe", ">lots", "tag:", "category:nothing"]
)
def test_a_wrong_term_is_named(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Query(text, BUILT_IN)
    assert caught.value.path in text or caught.value.path == text
