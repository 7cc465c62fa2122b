"""GGUF's keys and tensor table: what each says, where each tensor lies, and why a header is refused."""

from __future__ import annotations

import io
import random
import struct

import pytest
from factory import gguf_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.gguf_header import Header, Skipped, read_header
from model_manager.formats.problem import LIMITS, FormatProblem, Limits
from model_manager.formats.span import Span
from model_manager.formats.tensors import Tensor

TWO = {"a.weight": ("F16", (4, 3)), "b.weight": ("Q8_0", (32, 2))}


def header_of(data: bytes, limits: Limits = LIMITS) -> Header:
    return read_header(ByteWindow(io.BytesIO(data), len(data)), limits)


def refusal(data: bytes, limits: Limits = LIMITS) -> tuple[str, str]:
    with pytest.raises(FormatProblem) as caught:
        header_of(data, limits)
    return caught.value.kind, caught.value.why


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def with_key(value: bytes) -> bytes:
    """A header of one key, `k`, with this type and value, and room behind it."""
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + value + bytes(64)


def value_of(value: bytes) -> object:
    return header_of(with_key(value)).keys["k"]


def with_tensors(*entries: bytes) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, len(entries), 0) + b"".join(entries) + bytes(256)


def entry(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


@pytest.mark.parametrize(("version", "order"), [(1, "<"), (2, "<"), (3, "<"), (2, ">"), (3, ">")])
def test_every_version_and_byte_order_says_the_same(version: int, order: str) -> None:
    found = header_of(gguf_bytes({"general.name": "Tiny", "many": [1, 2, 3]}, TWO, version, order))
    assert (found.version, found.byte_order) == (version, order)
    assert found.keys["general.name"] == "Tiny" and found.keys["many"] == [1, 2, 3]
    assert found.tensors == {"a.weight": Tensor((3, 4), "F16", 24), "b.weight": Tensor((2, 32), "Q8_0", 68)}


def test_where_each_tensor_lies() -> None:
    data = gguf_bytes({}, TWO)
    found = header_of(data)
    assert found.data_start == len(gguf_bytes({}, TWO, header_only=True)) and found.data_start % 32 == 0
    assert found.spans() == [
        Span("a.weight", "F16", found.data_start, 24, (3, 4)),
        Span("b.weight", "Q8_0", found.data_start + 32, 68, (2, 32)),
    ]
    assert found.data_end == found.data_start + 32 + 68


def test_a_file_of_keys_alone_ends_with_its_header() -> None:
    data = gguf_bytes({}, {}).rstrip(b"\0")
    found = header_of(data + bytes(3))
    assert found.tensors == {} and found.data_end == len(data) + 3  # the last value is the number 1


@pytest.mark.parametrize("alignment", [1, 8, 64, 4096])
def test_the_data_begins_where_the_alignment_says(alignment: int) -> None:
    found = header_of(gguf_bytes({"general.alignment": alignment}, TWO))
    unaligned = header_of(gguf_bytes({"general.alignment": 1}, TWO)).data_start
    assert found.data_start == -(-unaligned // alignment) * alignment


@pytest.mark.parametrize("alignment", [0, (1 << 20) + 1, "32", [32]])
def test_an_alignment_that_cannot_be(alignment: object) -> None:
    kind, why = refusal(gguf_bytes({"general.alignment": alignment}, TWO))
    assert (kind, why) == ("corrupt", f"general.alignment is {alignment}")


@pytest.mark.parametrize(
    ("kind", "form", "value"),
    [
        (0, "B", 200), (1, "b", -3), (2, "H", 65_535), (3, "h", -2), (4, "I", 1 << 31), (5, "i", -9), (6, "f", 0.5),
        (7, "?", True), (7, "?", False), (10, "Q", 1 << 63), (11, "q", -(1 << 40)), (12, "d", -0.25),
    ],
)  # fmt: skip
def test_numbers_of_every_type(kind: int, form: str, value: object) -> None:
    assert value_of(struct.pack(f"<I{form}", kind, value)) == value
    assert value_of(struct.pack(f"<IIQ3{form}", 9, kind, 3, value, value, value)) == [value] * 3


def test_texts_and_lists_of_lists() -> None:
    assert value_of(struct.pack("<IQ", 8, 6) + "äöü".encode()) == "äöü"
    assert value_of(struct.pack("<IQ", 8, 3) + b"a\xffb") == "a\N{REPLACEMENT CHARACTER}b"
    inner = struct.pack("<IQ2I", 4, 2, 7, 8)
    assert value_of(struct.pack("<IIQ", 9, 9, 2) + inner + inner) == [[7, 8], [7, 8]]


def test_long_lists_are_hopped_over_and_their_last_text_is_kept() -> None:
    words = [f"t{n}" for n in range(65)]
    found = header_of(gguf_bytes({"a.words": words, "b.few": words[:64], "c.numbers": list(range(1025)), "d": 5}))
    assert found.keys["a.words"] == Skipped(65, "t64") and found.keys["b.few"] == words[:64]
    assert found.keys["c.numbers"] == Skipped(1025) and found.keys["d"] == 5
    assert str(Skipped(128_256)) == "[128,256 entries]"


@settings(max_examples=6)
@given(st.integers(65, 90), st.integers(0, 1 << 20))
def test_what_stands_behind_a_list_of_any_texts_is_read(count: int, seed: int) -> None:
    chance = random.Random(seed)
    words = ["é" * chance.randrange(30) + str(number) for number in range(count)]
    found = header_of(gguf_bytes({"words": words, "behind": "here"}, TWO))
    assert found.keys["words"] == Skipped(len(words), words[-1]) and found.keys["behind"] == "here"
    assert found.tensors.keys() == TWO.keys()


def test_a_type_that_is_not_known_is_noted_and_has_no_size() -> None:
    found = header_of(with_tensors(entry("a", (5, 2), 999), entry("b", (4,), 0, 0)))
    assert found.unknown_types == {999} and found.tensors["a"] == Tensor((2, 5), "type 999", 0)
    assert found.data_end == found.data_start + 16


HEAD = b"GGUF" + struct.pack("<I", 3)


@pytest.mark.parametrize(
    ("data", "kind", "why"),
    [
        (b"GGML" + bytes(60), "corrupt", "does not begin with GGUF"),
        (b"GGUF" + struct.pack("<I", 4) + bytes(60), "unknown", "GGUF version 4 is not known"),
        (b"GGUF" + bytes(60), "unknown", "GGUF version 0 is not known"),
        (HEAD + struct.pack("<QQ", 0, 6) + bytes(70), "corrupt", "claims 6 keys, more than the file can hold"),
        (HEAD + struct.pack("<QQ", 3, 0) + bytes(71), "corrupt", "claims 3 tensors, more than the file can hold"),
        (with_key(struct.pack("<I", 13)), "corrupt", "a value has type 13"),
        (with_key(struct.pack("<IIQ", 9, 13, 1)), "corrupt", "an array has type 13"),
        (with_key(struct.pack("<IIQ", 9, 4, 17)), "corrupt", "an array claims 17 numbers"),
        (with_key(struct.pack("<IIQ", 9, 8, 9)), "corrupt", "an array claims 9 texts"),
        (with_key(struct.pack("<IIQ", 9, 9, 1025)), "corrupt", "claims an array of 1,025 arrays"),
        (with_key(struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 3 + bytes(40)), "corrupt", "more than three deep"),
        (with_key(struct.pack("<IQ", 8, 65)), "corrupt", "a text claims 65 bytes, the file has 64 left"),
        (with_tensors(entry("a", (1,) * 9)), "corrupt", "tensor 'a' claims 9 dimensions"),
        (with_tensors(entry("a", (1 << 30, 1 << 21))), "corrupt", "tensor 'a' claims 2.25e+15 elements"),
        (with_tensors(entry("a", (1,)), entry("a", (1,))), "corrupt", "tensor 'a' is listed twice"),
    ],
)  # fmt: skip
def test_why_a_header_is_refused(data: bytes, kind: str, why: str) -> None:
    found = refusal(data)
    assert found[0] == kind and why in found[1]


def test_as_much_as_fits_is_no_lie() -> None:
    assert value_of(struct.pack("<IIQ", 9, 4, 16)) == [0] * 16
    assert value_of(struct.pack("<IQ", 8, 64)) == "\0" * 64
    assert header_of(with_tensors(entry("a", (1,) * 8))).tensors["a"].shape == (1,) * 8
    assert header_of(with_tensors(entry("a", (1 << 30, 1 << 20)))).tensors["a"].bytes == 1 << 52


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(keys=2), "claims 3 keys, over the limit of 2"),
        (Limits(tensors=1), "claims 2 tensors, over the limit of 1"),
    ],
)
def test_beyond_a_limit_is_unknown_and_not_broken(limits: Limits, why: str) -> None:
    assert refusal(gguf_bytes({}, TWO), limits) == ("unknown", why)


def test_limits_of_texts() -> None:
    lists = gguf_bytes({"a": ["x"] * 3, "b": ["y"] * 3}, TWO)
    assert refusal(lists, Limits(texts=5)) == ("unknown", "lists 6 texts, over the limit of 5")
    assert header_of(lists, Limits(texts=6)).keys["b"] == ["y"] * 3
    long = gguf_bytes({"a": "x" * 100}, TWO)
    assert refusal(long, Limits(header=99)) == ("unknown", "a text is 100 bytes long, over the limit of 99")
    assert header_of(long, Limits(header=100)).keys["a"] == "x" * 100


def test_a_text_in_a_long_list_that_lies_about_its_length() -> None:
    words = gguf_bytes({"a": ["word"] * 70}, {})
    at = words.find(b"word") - 8
    longer = words[:at] + struct.pack("<Q", 1 << 40) + words[at + 8 :]
    assert refusal(longer)[0] in ("corrupt", "truncated")


@pytest.mark.parametrize("cut", [3, 7, 20, 40, 60])
def test_a_header_that_was_cut_is_never_read_as_whole(cut: int) -> None:
    assert refusal(gguf_bytes({}, TWO, header_only=True)[:cut])[0] in ("truncated", "corrupt")
