"""The table of a safetensors header: both ways of reading it say the same, and what cannot be is refused by name."""

from __future__ import annotations

import json
import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats import safetensors_table
from model_manager.formats.problem import LIMITS, FormatProblem, Limits
from model_manager.formats.safetensors_table import BITS, HeaderTable, end_of, parse, tensors_of
from model_manager.formats.tensors import Tensor


def entry(dtype: object = "F32", shape: object = (2, 3), offsets: object = (0, 24)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def header(tensors: dict[str, object], compact: bool = False, **metadata: object) -> bytes:
    table = ({"__metadata__": metadata} if metadata else {}) | tensors
    return json.dumps(table, separators=(",", ":") if compact else None).encode()


def read(raw: bytes, limits: Limits = LIMITS) -> HeaderTable:
    """Lists for columns, so that both ways of reading compare."""
    table = parse(raw, limits)
    return HeaderTable(table.metadata, *(list(column) for column in table[1:]))  # type: ignore[arg-type]


def refusal(raw: bytes, limits: Limits = LIMITS) -> tuple[str, str]:
    with pytest.raises(FormatProblem) as caught:
        tensors_of(parse(raw, limits), limits)
    return caught.value.kind, caught.value.why


GOOD = {"a": entry(), "b": entry("BF16", (4,), (24, 32)), "s": entry("I64", (), (32, 40))}


@pytest.mark.parametrize("compact", [True, False])
def test_the_columns(compact: bool) -> None:
    expected = HeaderTable(
        {"format": "pt"}, ["a", "b", "s"], ["F32", "BF16", "I64"], [(2, 3), (4,), ()], [0, 24, 32], [24, 32, 40]
    )
    assert read(header(GOOD, compact, format="pt")) == expected
    assert read(header(GOOD, compact)) == expected._replace(metadata=None)
    assert read(header(GOOD, compact) + b"   ") == expected._replace(metadata=None)


NAMES = st.text('ab.0_:,{}[]"\\é\U0001f600', max_size=8).filter(lambda name: name != "__metadata__")
TENSORS = st.dictionaries(
    NAMES,
    st.tuples(st.sampled_from(["F32", "U8", "F4"]), st.lists(st.integers(0, 9), max_size=3)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=8)
@given(TENSORS, st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=2), st.booleans(), st.booleans())
def test_however_it_is_printed_it_says_the_same(
    tensors: dict[str, tuple[str, list[int]]], metadata: dict[str, str], compact: bool, plain: bool
) -> None:
    at, table = 0, dict[str, object]()
    for name, (dtype, shape) in tensors.items():
        size = (math.prod(shape) * BITS[dtype] + 7) // 8
        table[name] = entry(dtype, shape, (at, at + size))
        at += size
    whole = ({"__metadata__": metadata} if metadata else {}) | table
    raw = json.dumps(whole, separators=(",", ":") if compact else None, ensure_ascii=plain).encode()
    found = read(raw)
    assert (found.metadata or {}) == metadata and found.names == list(tensors)
    assert found.shapes == [tuple(shape) for _, shape in tensors.values()] and end_of(found) == at
    assert read(json.dumps(whole, indent=1).encode()) == found  # the slower way


def test_usual_headers_go_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(raw: bytes) -> HeaderTable:
        raise AssertionError(raw)

    monkeypatch.setattr(safetensors_table, "_slow", never)
    for compact in (True, False):
        assert read(header(GOOD, compact, a='{"b": 1}')).names == ["a", "b", "s"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b" {}", "the header does not begin with {"), (b"[]", "the header does not begin with {"), (b"", "the header does not begin"),
        (b"{", "the header is not JSON"), (b"{\xff}", "the header is not JSON"), (b'{"a": NaN}', "NaN is not a number"),
        (b"{" + b'"a":{' * 100_000, "the header is nested too deep"), (header({"a": 1}), "tensor 'a' has no usable shape"),
        (header({"a": entry(), "b": {}}), "tensor 'b' has no usable shape"), (header({"a": entry(dtype=4)}), "tensor 'a' has no usable"),
        (header({"a": entry(shape="23")}), "tensor 'a' has no usable"), (header({"a": entry(shape=(2, True))}), "tensor 'a' has no usable"),
        (header({"a": entry(offsets=(0, 24, 1))}), "tensor 'a' has no usable"), (header({"a": entry(offsets=(0, 24.0))}), "tensor 'a' has no"),
        (b'{"a": ' + json.dumps(entry()).encode() + b', "a": ' + json.dumps(entry()).encode() + b"}", "'a' is listed twice"),
        (b'{"a": {"dtype": "U8", "shape": [1], "shape": [2], "data_offsets": [0, 2]}}', "'shape' is listed twice"),
        (b'{"a": {"dtype": "U8", "shape": [1' + b"0" * 30 + b'], "data_offsets": [0, 2]}}', "a number of 31 digits"),
        (b'{"a": {"dtype": "U8", "shape": [01], "data_offsets": [0, 1]}}', "the header is not JSON"),
        (b'{"a": {"dtype": "U8", "shape": [1], "data_offsets": [00, 1]}}', "the header is not JSON"),
        (header(GOOD) + b"x", "the header is not JSON"), (header(GOOD)[:-1], "the header is not JSON"),
    ],
)  # fmt: skip
def test_what_is_refused_as_broken(raw: bytes, why: str) -> None:
    kind, words = refusal(raw)
    assert kind == "corrupt" and why in words


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (entry(offsets=(0, 23)), "23 bytes for (2, 3) × F32"), (entry(offsets=(24, 0)), "-24 bytes for (2, 3) × F32"),
        (entry(shape=(-2, -3)), "a side that cannot be"), (entry(shape=(1 << 64,)), "a side that cannot be"),
        (entry(shape=(1,) * 65), "no usable shape or dtype"), (entry(dtype="F" * 21), "no usable shape or dtype"),
        (entry("F4", (3,), (0, 1)), "1 bytes for (3,) × F4"),
    ],
)  # fmt: skip
def test_a_tensor_that_cannot_be_is_named(one: object, why: str) -> None:
    kind, words = refusal(header({"fine": entry("U8", (1,), (0, 1)), "odd": one}))
    assert kind == "corrupt" and words == f"tensor 'odd' has {why}"


def test_packed_and_unknown_types() -> None:
    raw = header({"a": entry("F4", (3,), (0, 2)), "b": entry("F6_E2M3", (5,), (2, 6)), "c": entry("NEW", (9,), (6, 7))})
    tensors, _ = tensors_of(parse(raw, LIMITS), LIMITS)
    assert tensors == {"a": Tensor((3,), "F4", 2), "b": Tensor((5,), "F6_E2M3", 4), "c": Tensor((9,), "NEW", 1)}


def test_alike_tensors_are_counted_together() -> None:
    raw = header(
        {f"l.{n}": entry(offsets=(24 * n, 24 * n + 24)) for n in range(5)} | {"x": entry("U8", (1,), (120, 121))}
    )
    assert tensors_of(parse(raw, LIMITS), LIMITS)[1] == Counter(
        {Tensor((2, 3), "F32", 24): 5, Tensor((1,), "U8", 1): 1}
    )


def test_no_tensor_at_all() -> None:
    for raw, metadata in ((b"{}", None), (b'{"__metadata__":{"a":"b"}}', {"a": "b"})):
        table = read(raw)
        assert table == HeaderTable(metadata, [], [], [], [], []) and end_of(table) == 0
        assert tensors_of(table, LIMITS) == ({}, Counter())


@pytest.mark.parametrize(
    ("starts", "stops", "at"),
    [((0, 24), (24, 32), None), ((24, 0), (32, 24), None), ((0, 0), (0, 8), None), ((0, 25), (24, 32), 24), ((0, 23), (24, 32), 23),
     ((1,), (9,), 0), ((0, 0), (8, 8), 0)],
)  # fmt: skip
def test_tensors_lie_one_behind_another(starts: tuple[int, ...], stops: tuple[int, ...], at: int | None) -> None:
    names = [str(number) for number in range(len(starts))]
    table = HeaderTable(None, names, ["U8"] * len(names), [()] * len(names), starts, stops)
    if at is None:
        assert end_of(table) == max(stops)
    else:
        with pytest.raises(FormatProblem, match=f"overlap or leave a hole at byte {at} of the data"):
            end_of(table)


def test_an_end_that_no_file_has() -> None:
    with pytest.raises(FormatProblem, match="beyond what any file holds"):
        end_of(HeaderTable(None, ["a"], ["U8"], [()], [0], [1 << 64]))


def test_beyond_the_limits_is_unknown_and_not_broken() -> None:
    assert refusal(header(GOOD), Limits(tensors=2)) == ("unknown", "lists 3 tensors, over the limit of 2")
    assert read(header(GOOD), Limits(tensors=3)).names == ["a", "b", "s"]
    long = {"n" * 4097: entry()}
    assert refusal(header(long)) == ("unknown", "a tensor's name is 4,097 characters long, over the limit of 4,096")
    assert read(header({"n" * 4096: entry()})).names == ["n" * 4096]


@pytest.mark.parametrize(
    ("piece", "why"),
    [(b"[],", "in more parts than this program follows"), (b'"":0,', "in more parts than this program follows"), (b'"data_offsets"', "tensors, over the")],
)  # fmt: skip
def test_what_would_take_much_memory_is_refused_before_it_is_parsed(piece: bytes, why: str) -> None:
    kind, words = refusal(b"{" + piece * (2_200_000 // len(piece)))
    assert kind == "unknown" and why in words
