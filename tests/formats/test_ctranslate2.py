"""CTranslate2's model.bin: its specification names the task, its variables the size."""

from __future__ import annotations

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
