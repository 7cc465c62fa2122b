"""safetensors: what it holds, and why it is broken when it is."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import pytest
import safetensors as library
from factory import safetensors_bytes, write
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base.facts import Facts
from model_manager.formats import safetensors, safetensors_table
from model_manager.formats.problem import LIMITS, FormatProblem, Limits
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
    with library.safe_open(write(tmp_path / "x.safetensors", GOOD), framework="numpy") as theirs:
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


GOOD_ONE = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


def refusal(table: object, limits: Limits = LIMITS) -> tuple[str, str]:
    """The kind and the words with which a header is refused."""
    with pytest.raises(FormatProblem) as told:
        found = safetensors_table.parse(json.dumps(table).encode() if not isinstance(table, bytes) else table, limits)
        safetensors_table.tensors_of(found, limits)
        safetensors_table.end_of(found)
    return told.value.kind, told.value.why


def test_what_is_beyond_the_limits_is_unknown_and_not_broken() -> None:
    """A file that this program does not follow may be good: it is never called corrupt."""
    few = Limits(tensors=2)
    many = {f"t{n}": {"dtype": "U8", "shape": [1], "data_offsets": [n, n + 1]} for n in range(3)}
    assert refusal(many, few) == ("unknown", "lists 3 tensors, over the limit of 2")
    kind, why = refusal({"x" * 5000: GOOD_ONE})
    assert kind == "unknown" and "name is 5,000 characters long" in why
    kind, why = refusal(json.dumps(many).encode() + b" " * (1 << 20), few)
    assert kind == "unknown" and "lists 3 tensors" in why


@pytest.mark.parametrize(
    "piece", [b'{"__metadata__":{' + b'"k":"v",' * 60_000 + b'"z":"v"}}', b'{"__metadata__":{"a":' + b"[" * 300_000]
)
def test_what_would_take_much_memory_is_refused_before_it_is_parsed(piece: bytes) -> None:
    kind, why = refusal(piece + b" " * (1 << 20))
    assert kind == "unknown" and "in more parts than this program follows" in why


def test_one_emoji_in_megabytes_of_metadata() -> None:
    """Four bytes for each character would be held: 5 MB become 20."""
    text = json.dumps({"__metadata__": {"notes": "n" * (5 << 20) + "🙂"}, "a": GOOD_ONE}, ensure_ascii=False).encode()
    kind, why = refusal(text)
    assert kind == "unknown" and "four times as long" in why
    plain = json.dumps({"__metadata__": {"notes": "n" * (5 << 20)}, "a": GOOD_ONE}).encode()
    assert safetensors_table.parse(plain, LIMITS).names == ("a",)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ([GOOD_ONE], "does not begin with {"),
        (b'{"a":' + b"[" * 50_000, "nested too deep"),
        ({"a": {**GOOD_ONE, "dtype": "F32" * 9}}, "no usable shape or dtype"),
        ({"a": {**GOOD_ONE, "shape": [1] * 65}}, "no usable shape or dtype"),
        ({"a": {**GOOD_ONE, "shape": [1 << 65, 0], "data_offsets": [0, 0]}}, "a side that cannot be"),
        ({"a": {"dtype": "X", "shape": [1], "data_offsets": [0, 1 << 64]}}, "beyond what any file holds"),
        ({"a": {"dtype": "X", "shape": [1], "data_offsets": [9, 4]}}, "-5 bytes for"),
        (b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
         "'a' is listed twice"),
        (b' {"a":3}', "does not begin with {"),
        (b'{ "a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
         "'a' is listed twice"),
        (b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[007,8]}}', "not JSON"),
    ],
)  # fmt: skip
def test_why_a_header_is_broken(table: object, why: str) -> None:
    kind, told = refusal(table)
    assert kind == "corrupt" and why in told


@pytest.mark.parametrize(
    "text",
    [
        b'{ "a" : {"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        b'{"__metadata__":{"a":"b"} ,"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        b'{"a":{"shape":[1],"dtype":"U8","data_offsets":[0,1]}}',
        b'{"a":{"dtype":"U8","shape":[ 1],"data_offsets":[0,1]}}',
        b'{ "__metadata__":5,"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        b'{"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        b'{"__metadata__":{"a":"b"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
    ],
)
def test_however_it_is_printed_it_says_the_same(text: bytes) -> None:
    table = safetensors_table.parse(text, LIMITS)
    assert (list(table.names), list(table.shapes), table.stops[0]) == (["a"], [(1,)], 1)


def test_no_tensor_at_all_is_a_whole_file() -> None:
    assert safetensors_table.parse(b'{"__metadata__":{"a":"b"}}', LIMITS).names == ()
    assert read(header({"__metadata__": {"a": "b"}})).health.verdict == "good"


class Short(io.BytesIO):
    """A file system that gives little at a time, and a file that another program is shortening."""

    def __init__(self, data: bytes, end: int) -> None:
        super().__init__(data[:end])

    def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
        return super().read(min(size, 16) if size and size > 0 else size)


def test_a_header_that_comes_in_pieces_or_becomes_shorter() -> None:
    length, table = safetensors.read_table(Short(GOOD, len(GOOD)), len(GOOD), LIMITS)
    assert length > 16 and set(table.names) == set(LLM)
    with pytest.raises(FormatProblem, match="shorter while it was read"):
        safetensors.read_table(Short(GOOD, 60), len(GOOD), LIMITS)
    with pytest.raises(FormatProblem, match="over the limit of 16") as told:
        safetensors.read_table(io.BytesIO(GOOD), len(GOOD), Limits(header=16))
    assert told.value.kind == "unknown"
