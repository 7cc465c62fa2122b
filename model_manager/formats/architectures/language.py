"""Language models, encoders that embed or rank, and language models that see or hear."""

from __future__ import annotations

import re
from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.formats.architectures.names import Names

_LAYERS = ("model.layers.0.", "language_model.model.layers.0.", "model.language_model.layers.0.", "transformer.h.0.",
           "gpt_neox.layers.0.", "transformer.layers.0.", "model.decoder.layers.0.", "layers.0.attention.wq",
           "transformer.blocks.0.", "model.model.layers.0.", "blk.0.", "backbone.layers.0.mixer", "rwkv.blocks.0.",
           "language_model.layers.0.", "llm.model.layers.0.", "thinker.model.layers.0.")  # fmt: skip
_EYES = ("visual.", "vision_tower.", "vision_model.", "multi_modal_projector.", "model.visual.", "model.vision_tower.",
         "vision_encoder.", "model.multi_modal_projector.", "model.vision_model.", "vpm.", "mm_projector.")  # fmt: skip
_EARS = ("audio_tower.", "audio_encoder.", "model.audio_tower.", "apm.", "thinker.audio_tower.")
_TABLES = ("embed_tokens.weight", "wte.weight", "embed_in.weight", "tok_embeddings.weight", "token_embd.weight",
           "word_embeddings.weight", "embeddings.weight", "emb.weight")  # fmt: skip


def claims_of(names: Names) -> Iterator[Claim]:
    yield from _encoder(names)
    layered = names.begins(*_LAYERS)
    if not layered or (not names.holds(*_TABLES) and not names.holds("self_attn", "attention.wq")):
        return
    why = said("{0} and an embedding table", names.find(next(one for one in _LAYERS if names.begins(one))))
    sees, hears = names.begins(*_EYES), names.begins(*_EARS)
    yield Claim("category", "multimodal" if sees or hears else "llm", "tensors", why)
    if sees:
        yield Claim("vision", True, "tensors", said("a vision tower"))
    if hears:
        yield Claim("audio", True, "tensors", said("an audio tower"))
    if names.holds(".experts.", "block_sparse_moe", "ffn_gate_exps"):
        yield Claim("tag", "moe", "tensors", said("experts"))


def _encoder(names: Names) -> Iterator[Claim]:
    """BERT and kin: an encoder alone; with a head of one output it ranks."""
    base = re.search(
        r"\n(?:\w+\.)?(?:encoder\.layer\.0\.attention\.self|encoder\.layers\.0\.attn\.Wqkv|layers\.0\.attn\.Wqkv)",
        names.text,
    )
    if not base or not names.holds("embeddings.word_embeddings", "embeddings.tok_embeddings"):
        return
    head = names.find("classifier.weight") or names.find("classifier.out_proj.weight") or names.find("score.weight")
    if head and names.side(head, 0) == 1:
        yield Claim("category", "embedding/rerankers", "tensors", said("{0} has one output", head))
    elif head:
        yield Claim(
            "category", "text/classification", "tensors", said("{0} has {1} outputs", head, names.side(head, 0))
        )
    else:
        yield Claim("category", "embedding", "tensors", said("an encoder of words without a decoder"))
