"""Parameters and quant of tensors as PyTorch-like formats keep them: one dtype per tensor, quants packed in integers.

Signatures from the tools that write them: bitsandbytes (`quant_state.bitsandbytes__nf4`, `SCB`),
AutoGPTQ, AutoAWQ, MLX, exllamav2, exllamav3, ComfyUI's scaled fp8.
"""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.formats.quants import bits
from model_manager.formats.tensors import Tensors, elements

_NAMES = {"F8_E4M3": "FP8_E4M3", "F8_E5M2": "FP8_E5M2", "I8": "INT8", "U8": "INT8"}


def claims_of(tensors: Tensors) -> Iterator[Claim]:
    """`parameters`, `quant` and `bits_per_weight`."""
    if not tensors:
        return
    count = sum(elements(tensor.shape) for tensor in tensors.values())
    total = sum(tensor.bytes for tensor in tensors.values())
    counts: dict[str, int] = {}
    for tensor in tensors.values():
        counts[tensor.dtype] = counts.get(tensor.dtype, 0) + tensor.bytes
    dominant = max(counts, key=lambda dtype: (counts[dtype], dtype))
    yield Claim("parameters", count, "tensors", f"{len(tensors):,} tensors")
    yield Claim("quant", _NAMES.get(dominant, dominant), "tensors", f"most bytes are {dominant}")
    yield Claim("bits_per_weight", bits(total, count), "tensors", f"{total:,} bytes for {count:,} weights")
