"""The true quant of a model, from its tensor histogram, in the names people use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from model_manager.base.facts import Claim
from model_manager.base.messages import Message, figure, said
from model_manager.formats.gguf_types import MAIN_TYPE
from model_manager.formats.tensors import Tensor, Tensors, elements

_EMBEDDINGS = frozenset({"token_embd.weight", "output.weight", "per_layer_token_embd.weight"})


def bits(bytes_: int, count: int) -> float:
    """Bits per weight: the most honest single number."""
    return round(8 * bytes_ / count, 2) if count else 0.0


def per_weight(total: int, count: int) -> Claim:
    """Bits per weight of `count` weights that take `total` bytes."""
    why = said("{0} bytes for {1} weights", figure(total), figure(count))
    return Claim("bits_per_weight", bits(total, count), "tensors", why)


def bytes_by_type(weights: Iterable[Tensor]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in weights:
        found[one.dtype] = found.get(one.dtype, 0) + one.bytes
    return found


def most(amounts: Mapping[str, int]) -> str:
    """The type with the greatest amount; of equal ones the last by name, so that it is always the same."""
    return max(amounts, key=lambda dtype: (amounts[dtype], dtype))


def of_bytes(weights: Iterable[Tensor], count: int, total: int, told: Message) -> Iterator[Claim]:
    """Claims for a format that names no quant: `count` parameters as `told`, the type of most bytes, bits per weight.

    `weights` is not empty; `total` may hold bytes of other tensors too (scales belong to what they scale).
    """
    dominant = most(bytes_by_type(weights))
    yield Claim("parameters", count, "tensors", told)
    yield Claim("quant", dominant, "tensors", said("most bytes are {0}", dominant))
    yield per_weight(total, count)


def of_gguf(tensors: Tensors, label: str) -> Iterator[Claim]:
    """Claims for quant, label and bits per weight.

    The dominant type counts elements over matrices, leaving the embedding tables aside: in small
    models they are half of all weights and keep a better type than the quant they are part of.
    """
    total = sum(tensor.bytes for tensor in tensors.values())
    count = sum(elements(tensor.shape) for tensor in tensors.values())
    if label:
        yield Claim("quant_label", label, "metadata", "general.file_type")
    dominant = _dominant(tensors)
    if not dominant:
        return
    true = label if MAIN_TYPE.get(label, label) == dominant else _mix(dominant, tensors)
    yield Claim("quant", true, "tensors", said("most weights are {0}", dominant))
    if total:
        yield per_weight(total, count)


def _dominant(tensors: Tensors) -> str:
    counts: dict[str, int] = {}
    tables: dict[str, int] = {}
    for name, tensor in tensors.items():
        if sum(1 for side in tensor.shape if side > 1) < 2:
            continue
        target = tables if name in _EMBEDDINGS else counts
        target[tensor.dtype] = target.get(tensor.dtype, 0) + elements(tensor.shape)
    counts = counts or tables
    if not counts:
        for tensor in tensors.values():
            counts[tensor.dtype] = counts.get(tensor.dtype, 0) + elements(tensor.shape)
    return most(counts) if counts else ""


def _mix(dominant: str, tensors: Tensors) -> str:
    """S, M or L of a K-quant without an honest label, by what its better tensors are."""
    better = {tensor.dtype for name, tensor in tensors.items() if name not in _EMBEDDINGS}
    if dominant in ("Q4_K", "Q5_K"):
        return f"{dominant}_M" if "Q6_K" in better else f"{dominant}_S"
    if dominant == "Q3_K":
        return "Q3_K_L" if "Q5_K" in better else "Q3_K_M" if "Q4_K" in better else "Q3_K_S"
    return dominant
