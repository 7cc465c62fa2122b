"""safetensors: a JSON table of tensors in front of their bytes.

Source: safetensors/src/tensor.rs (0.8): u64 length, JSON that begins with `{`, offsets that cover
the rest of the file without holes. Read by hand because the library says *that* a file is broken,
not why, and cannot read a truncated one.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from typing import BinaryIO

from model_manager.base.facts import Claim, Facts, Health
from model_manager.formats import architectures, packed, training
from model_manager.formats.metadata import bounded
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.tail import zero_tail
from model_manager.formats.tensors import Tensor, shares

NAME = "safetensors"
SUFFIXES = (".safetensors", ".sft")
_HARDEST = 100_000_000  # MAX_HEADER_SIZE of the format itself

# Bits of one element; F4 and F6 are packed (safetensors 0.8 Dtype::bitsize).
BITS = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip

_INT = {int}
_LARGEST = (1 << 64) - 1  # shapes and offsets are u64


def matches(head: bytes) -> bool:
    if len(head) < 9:
        return False
    (length,) = struct.unpack("<Q", head[:8])
    return 2 <= length <= _HARDEST and head[8:9] == b"{"


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one safetensors file or shard."""
    length = header_length(file, size, limits)
    text = file.read(length)
    while len(text) < length and (more := file.read(length - len(text))):
        text += more
    table = parse_header(text, limits)
    metadata = _metadata(table.pop("__metadata__", None))
    tensors, end = _tensors(table, limits)
    claims = (*_claims(tensors), *training.claims_of(metadata))
    return Facts(
        format=NAME,
        claims=claims,
        shares=shares(tensors),
        health=_health(file, size, 8 + length, end),
        metadata=bounded({**metadata, "safetensors.tensor_count": len(tensors)}),
    )


def header_length(file: BinaryIO, size: int, limits: Limits) -> int:
    head = file.read(8)
    if len(head) < 8:
        raise FormatProblem("truncated", f"{size} bytes: too short for a header")
    (length,) = struct.unpack("<Q", head)
    if length == 0:
        raise FormatProblem("corrupt", "the header's length is 0 (a file full of zeros?)")
    if length > _HARDEST:
        raise FormatProblem("corrupt", f"claims a header of {length:,} bytes; the format allows {_HARDEST:,}")
    if 8 + length > size:
        raise FormatProblem("truncated", f"the header needs {8 + length:,} bytes, the file has {size:,}")
    if length > limits.header:
        raise FormatProblem("unknown", f"a header of {length:,} bytes is over the limit of {limits.header:,}")
    return int(length)


def parse_header(text: bytes, limits: Limits) -> dict[str, object]:
    if not text.startswith(b"{"):
        raise FormatProblem("corrupt", "the header does not begin with {")
    try:
        table = json.loads(text, parse_constant=_refuse)
        # A name that is listed twice shows in the count of offsets; only then is the slow way gone that names it.
        if isinstance(table, dict) and text.count(b'"data_offsets"') != len(table) - ("__metadata__" in table):
            json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise FormatProblem("corrupt", "the header is nested too deep") from None
    except ValueError as error:
        raise FormatProblem("corrupt", f"the header is not JSON: {str(error)[:120]}") from None
    if not isinstance(table, dict):
        raise FormatProblem("corrupt", "the header is not a JSON object")
    if len(table) > limits.tensors:
        raise FormatProblem("unknown", f"lists {len(table):,} tensors, over the limit of {limits.tensors:,}")
    return table


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:80]!r} is listed twice")
    return table


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _metadata(raw: object) -> dict[str, str]:
    if not isinstance(raw, dict):
        return {}
    return {str(key): value for key, value in raw.items() if isinstance(value, str)}


def _tensors(table: dict[str, object], limits: Limits) -> tuple[dict[str, Tensor], int]:
    """The tensors and the end of the last, counted from the data's start."""
    tensors: dict[str, Tensor] = {}
    spans: list[tuple[int, int]] = []
    prod = math.prod
    for name, entry in table.items():
        try:
            shape, dtype, (start, stop) = entry["shape"], entry["dtype"], entry["data_offsets"]  # type: ignore[index]
            sides = tuple(shape)
            plain = {*map(type, sides), type(start), type(stop)} == _INT and min(sides, default=0) >= 0 <= start
            plain = plain and max(*sides, stop) <= _LARGEST if sides else plain and stop <= _LARGEST
        except (TypeError, KeyError, ValueError):
            raise FormatProblem("corrupt", f"tensor {name[:80]!r} has no shape, dtype or offsets") from None
        if not plain or len(sides) > limits.nesting or not isinstance(dtype, str):
            raise FormatProblem("corrupt", f"tensor {name[:80]!r} has no usable shape, dtype or offsets")
        width = BITS.get(dtype)
        if width and stop - start != (prod(sides) * width + 7) // 8:
            bytes_ = f"{stop - start:,} bytes for {str(sides)[:80]} × {dtype}"
            raise FormatProblem("corrupt", f"tensor {name[:80]!r} has {bytes_}")
        tensors[name] = Tensor(sides, dtype[:20], stop - start)
        spans.append((start, stop))
    return tensors, _covered(spans)


def _covered(spans: list[tuple[int, int]]) -> int:
    spans.sort()
    at = 0
    for start, stop in spans:
        if start != at or stop < start:
            raise FormatProblem("corrupt", f"tensors overlap or leave a hole at byte {min(start, at):,} of the data")
        at = stop
    return at


def _claims(tensors: dict[str, Tensor]) -> Iterator[Claim]:
    yield from architectures.claims_of(tensors)
    yield from packed.claims_of(tensors)


def _health(file: BinaryIO, size: int, data_start: int, end: int) -> Health:
    expected = data_start + end
    if expected > size:
        return Health("truncated", f"needs {expected:,} bytes, the file has {size:,} ({expected - size:,} missing)")
    if expected < size:
        return Health("corrupt", f"{size - expected:,} bytes behind the last tensor that belong to none")
    return zero_tail(file, size, data_start)


__all__ = ["BITS", "NAME", "SUFFIXES", "matches", "read"]
