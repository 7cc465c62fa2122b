"""Language models, encoders and rerankers."""

from __future__ import annotations

import pytest
from tensor_shapes import claims, of, told

from model_manager.base.facts import settle


@pytest.mark.parametrize(
    ("names", "category", "also"),
    [
        (("model.layers.0.self_attn.q_proj.weight", "model.embed_tokens.weight"), "llm", set()),
        (("model.layers.0.mlp.experts.0.weight", "model.embed_tokens.weight"), "llm", {"tag"}),
        (("model.layers.0.self_attn.a", "model.embed_tokens.weight", "visual.patch_embed.weight"), "multimodal", {"vision"}),
        (("model.layers.0.self_attn.a", "model.embed_tokens.weight", "audio_tower.a"), "multimodal", {"audio"}),
        (("encoder.layer.0.attention.self.query.weight", "embeddings.word_embeddings.weight"), "embedding", set()),
        (("bert.encoder.layer.0.attention.self.query.weight", "bert.embeddings.word_embeddings.weight", "classifier.weight"), "text/classification", set()),
    ],
)  # fmt: skip
def test_language(names: tuple[str, ...], category: str, also: set[str]) -> None:
    found = claims(of(*names))
    assert settle(found)["category"].value == category
    assert {claim.field for claim in found} - {"category"} == also


def test_a_reranker_has_one_output() -> None:
    shapes = of(
        "encoder.layer.0.attention.self.a", "embeddings.word_embeddings.weight", **{"classifier.weight": (1, 384)}
    )
    assert told(shapes)[0] == "embedding/rerankers"
    assert told(of("model.layers.0.self_attn_norm"))[0] in (None, "llm")
