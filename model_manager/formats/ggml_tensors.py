"""Tensors one after another, as ggml's programs wrote them before GGUF: dimensions, name, type, shape, data."""

from __future__ import annotations

import struct
from collections.abc import Callable

from model_manager.base.facts import GOOD, Health
from model_manager.base.messages import counted, figure, said
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.gguf_types import TYPES
from model_manager.formats.problem import FormatProblem
from model_manager.formats.tensors import Tensor, elements

Begin = Callable[[], None]
_HEAD = struct.Struct("<3i")
_MOST = 20_000
"""Tensors read: the largest of these models have 1,300, and each costs some 5 µs."""


def walk(window: ByteWindow, begin: Begin) -> tuple[dict[str, Tensor], Health]:
    """The tensors up to the file's end, `begin` having moved the window to the first; what broke is the health."""
    tensors: dict[str, Tensor] = {}
    try:
        begin()
        while window.left:
            if len(tensors) >= _MOST:
                raise FormatProblem("unknown", said("holds more than {0} tensors", figure(_MOST)))
            name, tensor = _tensor(window)
            tensors[name] = tensor
    except FormatProblem as problem:
        return tensors, Health(problem.kind, problem.why)
    return tensors, GOOD


def _tensor(window: ByteWindow) -> tuple[str, Tensor]:
    dimensions, length, kind = _HEAD.unpack(window.take(_HEAD.size))
    if not 0 <= dimensions <= 4 or not 0 < length <= 4096 or not 0 <= kind < 256:
        raise FormatProblem("corrupt", said("no tensor begins at byte {0}", figure(window.position - 12)))
    if kind not in TYPES:
        raise FormatProblem("unknown", said("tensor type {0} is not known to this program", kind))
    shape: tuple[int, ...] = struct.unpack(f"<{dimensions}i", window.take(4 * dimensions))
    if any(side < 0 for side in shape):
        raise FormatProblem("corrupt", said("a tensor with a negative side at byte {0}", figure(window.position)))
    name = window.take(length).decode("utf-8", "replace")
    type_name, block, block_bytes = TYPES[kind]
    size = -(-elements(shape) // block) * block_bytes
    if size > window.left:
        missing = size - window.left
        raise FormatProblem(
            "truncated",
            counted(
                "tensor {0} ends {1} byte behind the file's end",
                "tensor {0} ends {1} bytes behind the file's end",
                missing,
                repr(name[:80]),
                figure(missing),
            ),
        )
    window.skip(size)
    return name, Tensor(shape[::-1], type_name, size)
