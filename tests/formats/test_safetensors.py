"""safetensors: what it holds, and why it is broken when it is."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import pytest
import safetensors
from factory import safetensors_bytes, write
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base.facts import Facts
from model_manager.formats.sniff import facts_of

LLM = {"model.embed_tokens.weight": ("BF16", (64, 16)), "model.layers.0.self_attn.q_proj.weight": ("BF16", (16, 16))}
GOOD = safetensors_bytes(LLM, {"format": "pt"})


def read(data: bytes) -> Facts:
    return facts_of(io.BytesIO(data), len(data), "x.safetensors")


def value(facts: Facts, field: str) -> object:
    return next((claim.value for claim in facts.claims if claim.field == field), None)


def test_a_language_model(tmp_path: Path) -> None:
    facts = read(GOOD)
    assert facts.health.verdict == "good" and value(facts, "category") == "llm"
    assert value(facts, "parameters") == 64 * 16 + 16 * 16 and value(facts, "quant") == "BF16"
    with safetensors.safe_open(write(tmp_path / "x.safetensors", GOOD), framework="numpy") as theirs:
        assert sorted(theirs.keys()) == sorted(LLM)


def test_too_short_and_too_long_are_told_apart() -> None:
    assert read(GOOD[:-10]).health.verdict == "truncated"
    longer = read(GOOD + b"junk")
    assert longer.health.verdict == "corrupt" and "4 bytes" in longer.health.detail


def header(table: object, data: bytes = b"") -> bytes:
    text = json.dumps(table).encode() if not isinstance(table, bytes) else table
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<Q", 1 << 62) + b"{}",
        bytes(4096),
        header(b"{" + b'"a":' * 3),
        header(b'{"a":' + b"[" * 100_000),
        header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)),
        header({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)),
        header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, bytes(8)),
        header({"a": 3}),
        header({"a": {"dtype": "F32", "shape": ["x"], "data_offsets": [0, 4]}}, bytes(4)),
        header(b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,4]}}', bytes(4)),
        header(b'{"a":{"dtype":"X","shape":[1],"data_offsets":[0,' + b"9" * 4300 + b"]}}", bytes(4)),
        header(b'{"a":{"dtype":"F32","shape":[' + b"9" * 4200 + b',9],"data_offsets":[0,4]}}', bytes(4)),
        header(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}', bytes(4)),
        header(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x"),
    ],
)  # fmt: skip
def test_broken_headers(data: bytes) -> None:
    assert read(data).health.verdict in ("corrupt", "truncated")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!DOCTYPE html><html>",
        b'{"error":"Repository not found"}',
        b"version https://git-lfs.github.com/spec/v1\noid",
    ],
)
def test_texts_under_a_models_name(data: bytes) -> None:
    facts = read(data)
    assert facts.health.verdict == "not-a-model" and facts.health.detail


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=12))
def test_mutations_never_escape(changes: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for at, byte in changes:
        data[at] = byte
    read(bytes(data))
