"""GGUF: versions, byte orders, quants, shards, kinds, and what is broken."""

from __future__ import annotations

import io
import struct

import gguf as library
import pytest
from factory import LLAMA, gguf_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base.facts import Facts
from model_manager.formats import FormatProblem, Limits, gguf, gguf_types, quants
from model_manager.formats.sniff import facts_of
from model_manager.formats.tensors import Tensor

GOOD = gguf_bytes({"general.name": "Tiny", "tokenizer.ggml.tokens": [f"t{n}" for n in range(300)]})


def read(data: bytes, name: str = "x.gguf") -> Facts:
    return facts_of(io.BytesIO(data), len(data), name)


def value(facts: Facts, field: str) -> object:
    return next((claim.value for claim in facts.claims if claim.field == field), None)


@pytest.mark.parametrize(("version", "order"), [(1, "<"), (2, "<"), (3, "<"), (2, ">"), (3, ">")])
def test_every_version_and_byte_order(version: int, order: str) -> None:
    facts = read(gguf_bytes({"llama.context_length": 4096}, version=version, order=order))
    assert facts.format == "gguf" and facts.health.verdict == "good"
    assert value(facts, "architecture") == "llama" and value(facts, "context_length") == 4096
    assert value(facts, "parameters") == sum(a * b for a, b in ((256, 8), (256, 16), (256, 16))) + 256


def test_the_type_tables_are_the_librarys() -> None:
    for kind, (block, size) in library.GGML_QUANT_SIZES.items():
        assert gguf_types.TYPES[int(kind)] == (kind.name, block, size)
    for kind in library.LlamaFileType:
        if kind.name != "GUESSED":
            assert gguf_types.FILE_TYPES[int(kind)] == kind.name.replace("MOSTLY_", "").replace("ALL_", "")


def test_the_histogram_beats_the_label() -> None:
    tensors = {name: ("Q8_0", shape) for name, (_kind, shape) in LLAMA.items()}
    facts = read(gguf_bytes({"general.file_type": 1}, tensors))
    assert value(facts, "quant") == "Q8_0" and value(facts, "quant_label") == "F16"


@pytest.mark.parametrize(
    ("keys", "category"),
    [
        ({"general.architecture": "nomic-bert"}, "embedding"),
        ({"general.architecture": "qwen3", "qwen3.pooling_type": 3}, "embedding"),
        ({"general.architecture": "qwen3", "qwen3.pooling_type": 4}, "embedding/rerankers"),
        ({"general.architecture": "qwen3", "qwen3.pooling_type": 3, "tokenizer.chat_template": "x"}, "llm"),
        ({"general.architecture": "clip"}, "multimodal/projectors"),
        ({"general.architecture": "llama", "adapter.type": "lora"}, "llm/adapters"),
        ({"general.architecture": "flux"}, "diffusion/diffusion_models"),
        ({"general.architecture": "whisper"}, "stt"),
        ({"general.architecture": "qwen2vl"}, "multimodal"),
        ({"general.architecture": "t5encoder"}, "diffusion/text_encoders"),
        ({"general.type": "imatrix"}, "misc"),
    ],
)
def test_categories(keys: dict[str, object], category: str) -> None:
    assert value(read(gguf_bytes(keys)), "category") == category


def test_a_voice_that_is_a_language_model_is_known_by_its_tokens() -> None:
    tokens = [f"t{n}" for n in range(100)] + ["<custom_token_1>"]
    assert value(read(gguf_bytes({"tokenizer.ggml.tokens": tokens})), "category") == "tts"


def test_truncated_says_how_much_is_missing() -> None:
    facts = read(GOOD[:-100])
    assert facts.health.verdict == "truncated" and "missing" in facts.health.detail


def test_a_tail_of_zeros_is_suspicious() -> None:
    data = gguf_bytes(tensors={"a.weight": ("F16", (4096, 64))})
    facts = read(data[: -len(data) // 5] + bytes(len(data) // 5 + 1)[: len(data) - len(data[: -len(data) // 5])])
    assert facts.health.verdict == "suspicious"


def test_vocabulary_only_is_no_broken_file() -> None:
    facts = read(gguf_bytes({"tokenizer.ggml.model": "gpt2"}, tensors={}))
    assert facts.health.verdict == "good" and value(facts, "tag") == "vocab-only"


def test_shards() -> None:
    assert read(gguf_bytes({"split.no": 1, "split.count": 3})).split.number == 1  # type: ignore[union-attr]


def test_an_unknown_tensor_type_degrades() -> None:
    data = bytearray(gguf_bytes(tensors={"a": ("F32", (8,))}))
    at = data.index(struct.pack("<IQIQ", 1, 8, 0, 0)) + 12
    data[at : at + 4] = struct.pack("<I", 99)
    assert read(bytes(data)).health.verdict == "unknown"


@pytest.mark.parametrize(
    "data",
    [
        b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1 << 60),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 50) + b"x" * 20,
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, 9, 1) * 20_000,
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, 8, 1 << 40),
        b"GGUF\x03\x00",
        b"GGUF" + struct.pack("<IQQ", 77, 0, 0) + bytes(100),
    ],
)
def test_hostile_headers_are_said_to_be_broken(data: bytes) -> None:
    assert read(data).health.verdict in ("corrupt", "truncated", "unknown")


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=12),
    st.integers(0, len(GOOD)),
)
def test_mutations_never_escape(changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(GOOD)
    for at, byte in changes:
        data[at] = byte
    read(bytes(data[:length]) if length else bytes(data))


def test_more_than_the_limits_is_unknown() -> None:
    few = Limits(keys=5, texts=299)
    for data, what in (
        (gguf_bytes({f"k{n}": 1 for n in range(3)}), "keys"),
        (gguf_bytes(), "tensors"),
        (GOOD, "texts"),
    ):
        with pytest.raises(FormatProblem, match=what) as told:
            gguf.read(io.BytesIO(data), len(data), few if what != "tensors" else Limits(tensors=3))
        assert told.value.kind == "unknown"


def test_a_file_that_says_little_is_known_by_its_tensors_and_marks() -> None:
    facts = read(gguf_bytes({"quantize.imatrix.file": "x.dat", "general.finetune": "Instruct"}))
    assert {claim.value for claim in facts.claims if claim.field == "tag"} >= {"imatrix", "instruct"}
    bare = {"general.architecture": "brand-new", "general.file_type": 1}
    data = gguf_bytes(bare, {"some.weight": ("F16", (32, 4))}).replace(b"llama.block_count", b"other.block_count")
    assert read(data).health.verdict == "good" and value(read(data), "category") is None


@pytest.mark.parametrize(("better", "label"), [("Q6_K", "Q4_K_M"), ("Q8_0", "Q4_K_S")])
def test_an_unlabelled_mix_is_named_by_its_better_tensors(better: str, label: str) -> None:
    tensors = {"blk.0.ffn_up.weight": ("Q4_K", (256, 64)), "blk.0.attn_v.weight": (better, (256, 4))}
    assert value(read(gguf_bytes({"general.file_type": 1}, tensors)), "quant") == label


@pytest.mark.parametrize(("better", "label"), [("Q5_K", "Q3_K_L"), ("Q4_K", "Q3_K_M"), ("Q6_K", "Q3_K_S")])
def test_mixes_of_three_bits(better: str, label: str) -> None:
    tensors = {"a": Tensor((64, 256), "Q3_K", 1), "b": Tensor((4, 256), better, 1)}
    assert {claim.field: claim.value for claim in quants.of_gguf(tensors, "")}["quant"] == label


def array(kind: int, count: int, body: bytes = b"") -> bytes:
    """A header whose one value is an array."""
    key = b"some.key"
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", len(key)) + key
    return head + struct.pack("<IIQ", 9, kind, count) + body


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (array(77, 1), "an array has type 77"),
        (array(4, 1 << 40), "an array claims 1,099,511,627,776 numbers"),
        (array(9, 1 << 40), "an array of 1,099,511,627,776 arrays"),
        (array(8, 1 << 40), "texts, more than the file can hold"),
        (gguf_bytes({"general.alignment": "32"}), "general.alignment is 32"),
        (gguf_bytes({"general.alignment": 1 << 30}), "general.alignment is 1073741824"),
    ],
)
def test_why_a_header_is_broken(data: bytes, why: str) -> None:
    facts = read(data + bytes(200))
    assert facts.health.verdict == "corrupt" and why in facts.health.detail


def test_a_vocabulary_without_end_is_given_up() -> None:
    tokens = gguf_bytes({"tokenizer.ggml.tokens": ["t" * 400 for _ in range(600)]})
    with pytest.raises(FormatProblem, match="the header is longer than") as told:
        gguf.read(io.BytesIO(tokens), len(tokens), Limits(walked=100))
    assert told.value.kind == "unknown"


def test_zeros_at_the_end_of_a_small_file_that_begins_with_zeros_are_its_weights() -> None:
    """Test models are made with zero weights; a download that stopped has its beginning."""
    whole = gguf_bytes(None, {"blk.0.attn_q.weight": ("F16", (256, 64))})
    start = len(whole) - 256 * 64 * 2
    assert read(whole[:start] + bytes(256 * 64 * 2)).health.verdict == "good"
    assert read(whole[: start + 9000] + bytes(256 * 64 * 2 - 9000)).health.verdict == "suspicious"
    large = gguf_bytes(None, {"blk.0.attn_q.weight": ("F16", (1024, 1100))})
    start = len(large) - 1024 * 1100 * 2
    assert read(large[:start] + bytes(1024 * 1100 * 2)).health.verdict == "suspicious"
