"""What trainers and editors write into a safetensors header: kohya's `ss_*`, `modelspec.*`, transformers' `format`.

These words can be wrong (ai-toolkit writes `sd_1.5` into Flux LoRAs), so they are `metadata`, below the tensors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model_manager.base.facts import Claim


def claims_of(metadata: Mapping[str, str]) -> Iterator[Claim]:
    """Name, base model, licence, publisher and trigger words, as far as the header says them."""
    for field, key in (
        ("name", "modelspec.title"),
        ("licence", "modelspec.license"),
        ("publisher", "modelspec.author"),
    ):
        if text := metadata.get(key, "").strip():
            yield Claim(field, text[:500], "metadata", key)
