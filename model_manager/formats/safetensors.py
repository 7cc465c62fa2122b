"""safetensors: a JSON table of tensors in front of their bytes.

Source: safetensors/src/tensor.rs (0.8): u64 length, JSON that begins with `{`, offsets that cover
the rest of the file without holes. Read by hand because the library says *that* a file is broken,
not why, and cannot read a truncated one.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import BinaryIO

from model_manager.base.facts import Facts, Health
from model_manager.base.messages import counted, figure, said
from model_manager.formats import architectures, packed, training
from model_manager.formats.metadata import bounded
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.safetensors_table import HeaderTable, end_of, parse, tensors_of
from model_manager.formats.span import Span
from model_manager.formats.tail import zero_tail
from model_manager.formats.tensors import histogram

NAME = "safetensors"
SUFFIXES = (".safetensors", ".sft")
_HARDEST = 100_000_000  # MAX_HEADER_SIZE of the format itself


def matches(head: bytes) -> bool:
    if len(head) < 9:
        return False
    (length,) = struct.unpack("<Q", head[:8])
    return 2 <= length <= _HARDEST and head[8:9] == b"{"


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one safetensors file or shard."""
    length, table = read_table(file, size, limits)
    metadata = _metadata(table.metadata)
    tensors, counts = tensors_of(table, limits)
    shares = histogram(counts)
    claims = (*architectures.claims_of(tensors), *packed.claims_of(tensors, shares), *training.claims_of(metadata))
    return Facts(
        format=NAME,
        claims=claims,
        shares=shares,
        health=_health(file, size, length, table),
        metadata=bounded({**metadata, "safetensors.tensor_count": len(tensors)}),
    )


def read_table(file: BinaryIO, size: int, limits: Limits) -> tuple[int, HeaderTable]:
    """The header's length and its table, from the beginning of a file."""
    length = _length(file, size, limits)
    text = file.read(length)
    while len(text) < length and (more := file.read(length - len(text))):
        text += more
    if len(text) < length:
        raise FormatProblem("truncated", said("the file became shorter while it was read"))
    return length, parse(text, limits)


def spans_of(length: int, table: HeaderTable) -> list[Span]:
    """Where each tensor lies, in the order of the table; `length` is the header's."""
    return [
        Span(name, dtype, 8 + length + start, stop - start, shape)
        for name, dtype, shape, start, stop in zip(
            table.names, table.dtypes, table.shapes, table.starts, table.stops, strict=True
        )
    ]


def _length(file: BinaryIO, size: int, limits: Limits) -> int:
    head = file.read(8)
    if len(head) < 8:
        raise FormatProblem(
            "truncated", counted("{0} byte: too short for a header", "{0} bytes: too short for a header", size, size)
        )
    (length,) = struct.unpack("<Q", head)
    if length == 0:
        raise FormatProblem("corrupt", said("the header's length is 0 (a file full of zeros?)"))
    if length > _HARDEST:
        raise FormatProblem(
            "corrupt", said("claims a header of {0} bytes; the format allows {1}", figure(length), figure(_HARDEST))
        )
    if 8 + length > size:
        raise FormatProblem(
            "truncated", said("the header needs {0} bytes, the file has {1}", figure(8 + length), figure(size))
        )
    if length > limits.header:
        raise FormatProblem(
            "unknown", said("a header of {0} bytes is over the limit of {1}", figure(length), figure(limits.header))
        )
    return int(length)


def _metadata(raw: object) -> dict[str, str]:
    if not isinstance(raw, dict):
        return {}
    return {str(key): value for key, value in raw.items() if isinstance(value, str)}


def _health(file: BinaryIO, size: int, length: int, table: HeaderTable) -> Health:
    expected = 8 + length + end_of(table)
    if expected > size:
        return Health(
            "truncated",
            said(
                "needs {0} bytes, the file has {1} ({2} missing)",
                figure(expected),
                figure(size),
                figure(expected - size),
            ),
        )
    if expected < size:
        return Health(
            "corrupt",
            counted(
                "{0} byte behind the last tensor that belongs to none",
                "{0} bytes behind the last tensor that belong to none",
                size - expected,
                figure(size - expected),
            ),
        )
    return zero_tail(file, size, 8 + length, partial(spans_of, length, table))


__all__ = ["NAME", "SUFFIXES", "matches", "read", "read_table", "spans_of"]
