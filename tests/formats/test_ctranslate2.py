"""CTranslate2's model.bin: its specification names the task, its variables the size."""

from __future__ import annotations

import struct

import pytest
from headers import ctranslate2_bytes, read, values
from hypothesis import given, settings
from hypothesis import strategies as st

VARIABLES: dict[str, tuple[tuple[int, ...], int, int]] = {
    "encoder/conv1/weight": ((8, 80, 3), 4, 8 * 80 * 3 * 2),
    "decoder/embeddings/weight": ((51864, 1), 1, 51864),
    "decoder/embeddings/weight_scale": ((51864,), 0, 4 * 51864),
} | {f"{side}/layer_{index}/w": ((2, 2), 1, 4) for side in ("encoder", "decoder") for index in range(6)}
SMALL = ctranslate2_bytes("WhisperSpec", {"encoder/layer_0/w": ((2, 2), 4, 8)})


def test_faster_whisper() -> None:
    facts = read(ctranslate2_bytes("WhisperSpec", VARIABLES), "model.bin")
    held = values(facts)
    assert facts.format == "ctranslate2" and facts.health.verdict == "good"
    assert held["category"] == "stt" and held["base_model"] == "whisper base.en" and held["quant"] == "INT8"


@pytest.mark.parametrize(
    ("spec", "category"),
    [("TransformerSpec", "text/translation"), ("TransformerDecoderModelSpec", "llm"), ("NewSpec", None)],
)
def test_other_specifications(spec: str, category: str | None) -> None:
    assert values(read(ctranslate2_bytes(spec, {"a": ((2, 2), 0, 16)}), "model.bin")).get("category") == category


def test_a_cut_file() -> None:
    assert read(SMALL[:-4], "model.bin").health.verdict == "truncated"


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(SMALL) - 1), st.binary(min_size=1, max_size=6), st.integers(1, len(SMALL)))
def test_damage_is_never_more_than_a_verdict(at: int, junk: bytes, cut: int) -> None:
    broken = SMALL[:at] + junk + SMALL[at + len(junk) :]
    read(broken, "model.bin")
    read(broken[:cut], "model.bin")


def test_files_of_the_first_versions_and_counts_that_cannot_be() -> None:
    """Before version 4 a variable says the width of an element and how many they are."""
    name = b"encoder/layer_0/w\0"
    variable = struct.pack("<H", len(name)) + name + struct.pack("<B2I", 2, 2, 2) + struct.pack("<BI", 2, 4) + bytes(8)
    spec = b"TransformerSpec\0"
    old = struct.pack("<IH", 3, len(spec)) + spec + struct.pack("<II", 1, 1) + variable
    facts = read(old, "model.bin")
    assert facts.health.verdict == "good" and values(facts)["parameters"] == 4
    assert [share.dtype for share in facts.shares] == ["INT16"]
    many = struct.pack("<IH", 6, len(spec)) + spec + struct.pack("<II", 1, 20_001) + bytes(200_000)
    assert read(many, "model.bin").health.verdict == "unknown"
    assert "20,001 variables" in read(many, "model.bin").health.detail
    assert read(many[:100], "model.bin").health.verdict == "corrupt"
