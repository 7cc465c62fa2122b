"""Parameters and quant of tensors as PyTorch-like formats keep them: one dtype each, quants packed in integers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from model_manager.base.facts import Claim, Share
from model_manager.base.messages import counted, figure, said
from model_manager.formats import packings
from model_manager.formats.quants import bits
from model_manager.formats.tensors import Tensors

_NAMES = {"F8_E4M3": "FP8_E4M3", "F8_E5M2": "FP8_E5M2", "F8_E4M3FNUZ": "FP8_E4M3", "F8_E5M2FNUZ": "FP8_E5M2",
          "I8": "INT8", "U8": "INT8", "F4": "FP4"}  # fmt: skip
_PLAIN = frozenset({"F32", "F16", "BF16", "F64", "I64", "BOOL"})
"""Types that no packing uses for weights: a model of these alone needs no second look (2,531 tensors in 1 ms)."""
_INDICES = frozenset({"I64", "BOOL"})


def claims_of(tensors: Tensors, shares: Sequence[Share]) -> Iterator[Claim]:
    """`parameters`, `quant` and `bits_per_weight`; no parameters where a packing does not tell how many it holds.

    `shares` is the tensors' histogram.
    """
    if not tensors:
        return
    sizes = {share.dtype: share.bytes for share in shares}
    count = sum(share.elements for share in shares)
    total = sum(sizes.values())
    weighty = {dtype: size for dtype, size in sizes.items() if dtype not in _INDICES} or sizes
    dominant = max(weighty, key=lambda dtype: (weighty[dtype], dtype))
    quant = _NAMES.get(dominant, dominant)
    why: str = said("most bytes are {0}", dominant)
    packing = None if _PLAIN.issuperset(sizes) else packings.find(tensors)
    if packing is not None:
        if 2 * packing.bytes >= total:
            quant, why = packing.quant, packing.why
        if packing.counts is None:
            yield Claim("quant", quant, "tensors", why)
            return
        count = sum(
            known if (known := packing.counts.get(name)) is not None else math.prod(tensor.shape)
            for name, tensor in tensors.items()
        )
    yield Claim(
        "parameters", count, "tensors", counted("{0} tensor", "{0} tensors", len(tensors), figure(len(tensors)))
    )
    yield Claim("quant", quant, "tensors", why)
    yield Claim(
        "bits_per_weight",
        bits(total, count),
        "tensors",
        said("{0} bytes for {1} weights", figure(total), figure(count)),
    )
