"""Language models: decoder layers with an embedding table."""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.formats.tensors import Tensors


def claims_of(tensors: Tensors) -> Iterator[Claim]:
    """An embedding table and self-attention layers make a language model."""
    table = next((name for name in tensors if name.endswith("embed_tokens.weight")), None)
    layered = any(".layers.0.self_attn." in name for name in tensors)
    if table and layered:
        yield Claim("category", "llm", "tensors", f"{table} and decoder layers")
