"""Models that hear and speak."""

from __future__ import annotations

import pytest
from tensor_shapes import Shapes, of, told


@pytest.mark.parametrize(
    ("shapes", "category", "architecture", "base"),
    [
        (of("model.encoder.conv1.weight", "model.decoder.layers.0.a"), "stt", "whisper", "Whisper"),
        (of("stft.conv.weight", "lstm.weight"), "audio/vad", "silero-vad", "silero"),
        ({"a": (510, 1, 256)}, "tts/voices", "kokoro-voice", "kokoro"),
        ({"tokens": (9, 32), "mask": (9, 33)}, "tts/voices", "csm-voices", "sesame-csm"),
    ],
)  # fmt: skip
def test_parts_and_other_senses(shapes: Shapes, category: str, architecture: str, base: str | None) -> None:
    assert told(shapes) == (category, architecture, base)
