"""What a model is, from the names and shapes of its tensors alone: the evidence that cannot lie.

Each kind answers with claims or says nothing. The first that answers wins, and the order matters where one kind's tensors
hold another's: XLabs' adapters begin with Flux' names, a checkpoint may have merged LoRA keys left in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from model_manager.base.facts import Claim
from model_manager.formats.architectures import language, lora, parts, sight, sound, transformers, unet
from model_manager.formats.architectures.names import Names
from model_manager.formats.tensors import Tensors

KINDS: tuple[Callable[[Names], Iterator[Claim]], ...] = (
    parts.ipadapter, parts.controlnet, lora.claims_of, unet.claims_of, parts.other, sound.claims_of, transformers.claims_of,
    parts.vae, parts.vae_approx, language.claims_of, parts.text_encoder, parts.clip_vision, parts.embedding, parts.upscaler,
    sight.claims_of,
)  # fmt: skip


def claims_of(tensors: Tensors) -> Iterator[Claim]:
    """Category, architecture, base model and tags, all with source `tensors`."""
    if not tensors:
        return
    names = Names(tensors)
    for kind in KINDS:
        found = list(kind(names))
        if found:
            yield from found
            return
