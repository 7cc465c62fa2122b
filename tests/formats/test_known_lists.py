"""Files of one family share a tokenizer: its lists are passed over at once, and only where they are the very same."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from types import FrameType

import pytest
from factory import gguf_bytes

from model_manager.base.facts import Facts
from model_manager.formats import LIMITS, gguf, gguf_header, known_lists
from model_manager.formats.known_lists import KnownLists
from model_manager.formats.problem import FormatProblem

TOKENS = [f"token {number}" for number in range(3000)]


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(gguf_header, "KNOWN", KnownLists())
    yield


def model(tokens: list[str], seed: int = 1, order: str = "<", version: int = 3) -> bytes:
    keys = {"tokenizer.ggml.tokens": tokens, "general.name": "after the list", "llama.context_length": 4096}
    return gguf_bytes(keys, seed=seed, order=order, version=version)


def read(data: bytes) -> Facts:
    return gguf.read(io.BytesIO(data), len(data), LIMITS)


def lines_of_header(data: bytes) -> int:
    count = 0

    def line(frame: FrameType, event: str, _value: object) -> object:
        nonlocal count
        count += event == "line"
        return line

    sys.settrace(lambda frame, event, value: line if frame.f_code.co_filename == gguf_header.__file__ else None)
    try:
        read(data)
    finally:
        sys.settrace(None)
    return count


def test_the_second_file_of_a_family_is_not_hopped_through() -> None:
    first, second = model(TOKENS), model(TOKENS, seed=2)
    assert lines_of_header(first) > 2 * len(TOKENS) > 10 * lines_of_header(second)
    assert read(first).claims == read(second).claims and read(second).metadata == read(first).metadata


@pytest.mark.parametrize("changed", [5, 1500, 2998], ids=["early", "amid", "late"])
@pytest.mark.parametrize("text", ["", "x", "a longer token " * 9], ids=["shorter", "short", "longer"])
def test_a_list_that_differs_anywhere_is_read_for_itself(changed: int, text: str) -> None:
    other = model([*TOKENS[:changed], text, *TOKENS[changed + 1 :]])
    alone = read(other)
    for data in (model(TOKENS), other, model(TOKENS), other):
        assert read(data).health.verdict == "good"
    assert read(other) == alone
    assert ("name", "after the list") in {(claim.field, claim.value) for claim in alone.claims}


def test_texts_longer_than_what_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (known_lists.PIECE - 7, known_lists.PIECE + 5000, 3 * known_lists.PIECE):
        tokens = [*TOKENS[:1200], "y" * size, *TOKENS[1200:]]
        assert read(model(tokens)) == read(model(tokens)) == read(model(tokens, seed=2))


def test_order_of_bytes_and_version_belong_to_it() -> None:
    for order, version in (("<", 3), (">", 3), ("<", 1), ("<", 3)):
        assert read(model(TOKENS, order=order, version=version)).health.verdict == "good"


def test_a_file_that_ends_within_a_known_list_is_truncated() -> None:
    whole = model(TOKENS)
    read(whole)
    with pytest.raises(FormatProblem) as error:
        read(whole[: len(whole) // 2])
    assert error.value.kind in ("truncated", "corrupt")


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_lists, "_MOST", 2)
    families = [model([f"{family} {token}" for token in TOKENS]) for family in range(3)]
    for data in families:
        read(data)
    assert lines_of_header(families[2]) < len(TOKENS) < lines_of_header(families[0])
