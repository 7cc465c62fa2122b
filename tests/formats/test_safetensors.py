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
from model_manager.formats import safetensors_table
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


_NAMES = st.text(st.sampled_from('ab.0_:é\\"{'), max_size=5)
_PAIRS = st.dictionaries(_NAMES, st.one_of(_NAMES, st.integers(0, 3)), max_size=3)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Headers as writers print them, some a little wrong."""
    table: dict[str, object] = {}
    if draw(st.booleans()):
        table["__metadata__"] = draw(_PAIRS)
    at = draw(st.sampled_from([0, 0, 0, 2]))
    for name in draw(st.lists(_NAMES, max_size=4)):
        shape, width = draw(st.lists(st.integers(0, 3), max_size=3)), draw(st.integers(0, 40))
        table[name] = {
            "dtype": draw(st.sampled_from(["F16", "U8", "X"])),
            "shape": shape,
            "data_offsets": [at, at + width],
        }
        at += width
    close = draw(st.booleans())
    text = json.dumps(table, ensure_ascii=draw(st.booleans()), separators=(",", ":") if close else None).encode()
    at = draw(st.integers(0, len(text)))
    inserted = draw(st.sampled_from([b"", b"", b"", b" ", b",", b"0", b"-", b"}", b'"a":', b'{"a":1}', b"\x01"]))
    return text[:at] + inserted + text[at:] + draw(st.sampled_from([b"", b"   ", b"}", b"\n"]))


@settings(max_examples=1500, deadline=None)
@given(tables())
def test_the_quick_way_reads_what_the_parser_reads(text: bytes) -> None:
    try:
        quick = safetensors_table._quick(text)
    except ValueError:
        with pytest.raises(ValueError):
            safetensors_table._slow(text)
        return
    if quick is not None:
        slow = safetensors_table._slow(text)
        assert quick.metadata == slow.metadata
        assert [list(column) for column in quick[1:]] == [list(column) for column in slow[1:]]  # type: ignore[call-overload]


def test_usual_headers_go_the_quick_way() -> None:
    for tensors in (LLM, {"a": ("F32", ()), "b.1": ("F16", (2, 3, 1))}, {"é:{}": ("U8", (1,))}):
        data = safetensors_bytes(tensors, {"a": "b: {c}"})
        table = json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])
        for separators in ((",", ":"), (", ", ": ")):
            text = json.dumps(table, separators=separators, ensure_ascii=False).encode()
            assert safetensors_table._quick(text + b"   ") == safetensors_table._quick(text) is not None
        assert read(data).health.verdict == "good"


@pytest.mark.parametrize("column", ["shape", "dtype", "data_offsets"])
@pytest.mark.parametrize(
    "value_", [None, True, 1.5, "F16", [], [0], [1, 2, 3], ["0", "4"], [False, 4], {}, [1.0, 2], "x" * 30]
)
def test_a_tensor_of_the_wrong_kind_is_named(column: str, value_: object) -> None:
    good = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    table = {"fine": good, "odd one": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8], column: value_}}
    facts = read(header(table, bytes(8)))
    if (column, value_) not in (("shape", []), ("dtype", "F16")):
        assert facts.health.verdict == "corrupt" and "odd one" in facts.health.detail
