"""What a model is, from the names and shapes of its tensors alone: the evidence that cannot lie.

Each module knows one kind and offers `claims_of(tensors) -> Iterator[Claim]`, which says nothing
when the tensors are not of its kind. The first that answers wins; the order matters where one
kind's tensors hold another's (a LoRA merged into a checkpoint, an IP-Adapter with Flux names).
"""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.formats.architectures import language
from model_manager.formats.tensors import Tensors

KINDS = (language,)


def claims_of(tensors: Tensors) -> Iterator[Claim]:
    """Category, architecture, base model and tags, all with source `tensors`."""
    for kind in KINDS:
        found = list(kind.claims_of(tensors))
        if found:
            yield from found
            return
