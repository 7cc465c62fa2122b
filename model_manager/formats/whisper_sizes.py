"""Whisper's sizes by the numbers in their headers and configurations (openai/whisper, distil-whisper)."""

from __future__ import annotations

_BY_LAYERS = {
    (4, 4): "tiny", (6, 6): "base", (12, 12): "small", (24, 24): "medium", (32, 32): "large",
    (32, 4): "large-v3-turbo", (12, 4): "distil-small", (24, 2): "distil-medium",
}  # fmt: skip
_ENGLISH = 51864
_VERSION_3 = 51866


def name_of(audio_layers: int, text_layers: int, words: int, bands: int) -> str:
    """`small.en`, `large-v3-turbo` …; empty when no published size has these figures.

    large and large-v2 have the same shape: they are told apart by hash or name only.
    """
    third = words >= _VERSION_3 or bands == 128
    if (audio_layers, text_layers) == (32, 2):
        return "distil-large-v3" if third else "distil-large-v2"
    size = _BY_LAYERS.get((audio_layers, text_layers), "")
    if size == "large":
        return "large-v3" if third else "large"
    return f"{size}.en" if size and words == _ENGLISH else size
