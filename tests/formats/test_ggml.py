"""ggml before GGUF: whisper.cpp, Silero, Parakeet, RWKV, old LLaMA, adapters."""

from __future__ import annotations

import struct

import pytest
from headers import ggml_tensor, read, values, whisper_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

TINY = (51865, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1)
TENSORS = ggml_tensor("encoder.weight", (8, 4), 1, 64) + ggml_tensor("bias", (8,), 0, 32)
WHISPER = whisper_bytes(TINY, TENSORS)


@pytest.mark.parametrize(
    ("layers", "words", "bands", "size"),
    [
        ((4, 4), 51865, 80, "tiny"), ((6, 6), 51864, 80, "base.en"), ((12, 12), 51864, 80, "small.en"),
        ((24, 24), 51865, 80, "medium"), ((32, 32), 51865, 80, "large"), ((32, 32), 51866, 128, "large-v3"),
        ((32, 4), 51866, 128, "large-v3-turbo"), ((32, 2), 51866, 128, "distil-large-v3"),
        ((32, 2), 51865, 80, "distil-large-v2"),
    ],
)  # fmt: skip
def test_sizes_of_whisper(layers: tuple[int, int], words: int, bands: int, size: str) -> None:
    facts = read(whisper_bytes((words, 1500, 384, 6, layers[0], 448, 384, 6, layers[1], bands, 2007)), "x.bin")
    held = values(facts)
    assert held["category"] == "stt" and held["base_model"] == f"whisper {size}"
    assert held["quant_label"] == "Q8_0"


def test_tensors_are_counted_to_the_end() -> None:
    facts = read(WHISPER, "x.bin")
    held = values(facts)
    assert facts.health.verdict == "good" and held["parameters"] == 40 and held["quant"] == "F16"
    cut = read(WHISPER[:-5], "x.bin")
    assert cut.health.verdict == "truncated" and values(cut)["base_model"] == "whisper tiny"
    assert read(WHISPER + bytes(40), "x.bin").health.verdict == "corrupt"
    newer = whisper_bytes(TINY, ggml_tensor("encoder.weight", (8, 4), 99, 64))
    assert read(newer, "x.bin").health.verdict == "unknown"
    older = whisper_bytes((*TINY[:-1], 1002), ggml_tensor("encoder.weight", (32, 4), 2, 80))
    assert read(older, "x.bin").health.verdict == "good"


def test_the_same_magic_has_other_writers() -> None:
    silero = b"lmgg" + struct.pack("<i", 10) + b"silero-16k" + bytes(40)
    assert values(read(silero, "x.bin"))["category"] == "audio/vad"
    parakeet = struct.pack("<15i", 8192, 1500, 1024, 8, 24, 128, 1, 512, 8, 256, 5000, 640, 2, 5, 10)
    parakeet += struct.pack("<2i", 1, 2) + bytes(8) + struct.pack("<i", 2) + bytes(8) + bytes(20)
    parakeet += struct.pack("<i", 1) + struct.pack("<I", 2) + b"ab" + ggml_tensor("w", (4, 4), 0, 64)
    facts = read(b"lmgg" + parakeet, "x.bin")
    assert values(facts)["architecture"] == "parakeet" and values(facts)["parameters"] == 16
    gpt2 = b"lmgg" + struct.pack("<6i", 50257, 1024, 768, 12, 12, 1) + bytes(100)
    assert values(read(gpt2, "x.bin"))["architecture"] == "gpt2"
    assert read(b"lmgg" + bytes(100), "x.bin").health.verdict == "unknown"


def test_older_relatives() -> None:
    rwkv = b"fmgg" + struct.pack("<5i", 101, 256, 128, 4, 1) + ggml_tensor("emb.weight", (128, 2), 1, 512)
    facts = read(rwkv, "x.bin")
    assert facts.format == "ggml" and values(facts)["base_model"] == "rwkv" and values(facts)["category"] == "llm"
    quantised = read(b"fmgg" + struct.pack("<5i", 101, 256, 128, 4, 7) + bytes(300), "x.bin")
    assert quantised.health.verdict == "good" and values(quantised)["quant_label"] == "Q5_0"
    llama = b"tjgg" + struct.pack("<8i", 3, 32000, 4096, 256, 32, 32, 128, 2) + bytes(64)
    facts = read(llama, "x.bin")
    assert values(facts)["quant_label"] == "Q4_0" and "too old" in facts.health.detail
    lora = b"algg" + struct.pack("<3i", 1, 8, 16) + bytes(64)
    assert values(read(lora, "x.bin"))["category"] == "llm/adapters"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(WHISPER) - 1), st.binary(min_size=1, max_size=6), st.integers(1, len(WHISPER)))
def test_damage_is_never_more_than_a_verdict(at: int, junk: bytes, cut: int) -> None:
    broken = WHISPER[:at] + junk + WHISPER[at + len(junk) :]
    read(broken, "x.ggml")
    read(broken[:cut], "x.ggml")


def test_vocabularies_and_figures_that_cannot_be() -> None:
    words = whisper_bytes(TINY, words=3)
    at = words.find(struct.pack("<i", 3), 44)
    endless = words[:at] + struct.pack("<i", 400_000_000) + words[at + 4 :]
    assert (
        read(endless, "x.bin").health.verdict == "corrupt"
        and "more than the file can hold" in read(endless, "x.bin").health.detail
    )
    old = struct.pack("<I", 0x67676D66) + struct.pack("<I", 1) + struct.pack("<7i", 32000, 4096, 256, 32, 32, 128, 2)
    held = values(read(old + bytes(200), "x.bin"))
    assert held["architecture"] == "llama" and held["quant_label"] == "Q4_0"
    strange = struct.pack("<I", 0x67676D66) + struct.pack("<I", 1) + struct.pack("<7i", -1, 4096, 256, 32, 32, 128, 2)
    facts = read(strange + bytes(200), "x.bin")
    assert facts.health.verdict == "corrupt" and "figures that no model has" in facts.health.detail
