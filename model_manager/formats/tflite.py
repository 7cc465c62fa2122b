"""TensorFlow Lite: a FlatBuffer whose tables are followed from the root, every offset checked.

Source: tensorflow/lite/schema/schema.fbs. Model: 0 version, 1 operator_codes, 2 subgraphs, 3 description, 4 buffers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from model_manager.base.facts import GOOD, Claim, Facts, Health
from model_manager.base.messages import counted, figure, said
from model_manager.formats import quants
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.flatbuffer import FlatbufferTable, root
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.tensors import Tensor, elements, shares

NAME = "tflite"
SUFFIXES = (".tflite", ".lite")
_TYPES = {0: ("F32", 32), 1: ("F16", 16), 2: ("I32", 32), 3: ("UINT8", 8), 4: ("I64", 64), 5: ("STRING", 0),
          6: ("BOOL", 8), 7: ("INT16", 16), 8: ("C64", 64), 9: ("INT8", 8), 10: ("F64", 64), 11: ("C128", 128),
          12: ("U64", 64), 15: ("U32", 32), 16: ("U16", 16), 17: ("INT4", 4), 18: ("BF16", 16)}  # fmt: skip
_MOST = 8_000
"""Tensors looked at: each is five small reads, some 20 µs."""
_PIECE = 16 * 1024
_MODEL_SUBGRAPHS, _MODEL_DESCRIPTION, _MODEL_BUFFERS = 2, 3, 4
_GRAPH_TENSORS, _GRAPH_INPUTS = 0, 1
_SPEECH = frozenset({"mel", "input_features", "audio_signal"})


def matches(head: bytes) -> bool:
    return head[4:8] == b"TFL3"


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one model. Weights are the tensors whose buffers hold bytes."""
    window = ByteWindow(file, size, piece=_PIECE)
    if window.peek(8)[4:8] != b"TFL3":
        raise FormatProblem("corrupt", said("does not begin as TensorFlow Lite"))
    model = root(window, size)
    buffers = model.tables(_MODEL_BUFFERS)
    tensors: dict[str, Tensor] = {}
    inputs: list[tuple[str, tuple[int, ...]]] = []
    count = 0
    for number, graph in enumerate(model.tables(_MODEL_SUBGRAPHS)):
        members = graph.tables(_GRAPH_TENSORS)
        count += len(members)
        if count > min(_MOST, limits.tensors):
            raise FormatProblem(
                "unknown",
                said("lists {0} tensors, over the limit of {1}", figure(count), figure(min(_MOST, limits.tensors))),
            )
        entering = set(graph.numbers(_GRAPH_INPUTS)) if number == 0 else set()
        for index, table in enumerate(members):
            shape = tuple(side for side in table.numbers(0, limits.nesting))
            name = table.text(3)
            if index in entering:
                inputs.append((name, shape))
            _weigh(table, shape, buffers, tensors)
    words = {
        "tflite.version": model.number(0),
        "description": model.text(_MODEL_DESCRIPTION),
        "tflite.inputs": ", ".join(f"{name} {list(shape)}" for name, shape in inputs[:16]),
        "tflite.tensor_count": count,
    }
    return Facts(NAME, (*_weights(tensors), *_kind(inputs)), shares(tensors), _health(buffers, size), metadata=words)


def _weigh(
    table: FlatbufferTable, shape: tuple[int, ...], buffers: list[FlatbufferTable], tensors: dict[str, Tensor]
) -> None:
    """Adds a tensor whose buffer holds bytes. Tensor: 0 shape, 1 type, 2 buffer, 3 name."""
    index = table.number(2, "I")
    if not 0 < index < len(buffers):
        return
    length = buffers[index].length(0) or buffers[index].number(2, "Q")
    if not length:
        return
    dtype, bits = _TYPES.get(table.number(1, "B"), ("type ?", 0))
    if any(side < 0 for side in shape) or (bits and (elements(shape) * bits + 7) // 8 > length):
        raise FormatProblem("corrupt", said("a tensor {0} of {1} has {2} bytes", list(shape), dtype, figure(length)))
    tensors[str(index)] = Tensor(shape, dtype, length)


def _weights(tensors: dict[str, Tensor]) -> Iterator[Claim]:
    floats = {name: one for name, one in tensors.items() if one.dtype not in ("I32", "I64", "BOOL", "STRING")}
    if not floats:
        return
    count = sum(elements(one.shape) for one in floats.values())
    total = sum(one.bytes for one in floats.values())
    told = counted("{0} tensor with bytes", "{0} tensors with bytes", len(floats), figure(len(floats)))
    yield from quants.of_bytes(floats.values(), count, total, told)


def _kind(inputs: list[tuple[str, tuple[int, ...]]]) -> Iterator[Claim]:
    """A picture of three channels in: it sees."""
    for name, shape in inputs:
        if len(shape) == 4 and shape[3] == 3 and shape[1] >= 16 and shape[2] >= 16:
            yield Claim("category", "vision", "tensors", said("input {0} is a picture of 3 channels", name[:80]))
            return
        if any(part in _SPEECH for part in name.lower().replace(":", "_").split("serving_default_")):
            yield Claim("category", "stt", "tensors", said("input {0}", name[:80]))
            return


def _health(buffers: list[FlatbufferTable], size: int) -> Health:
    """Bytes of buffers that lie outside the FlatBuffer (models over 2 GB): 1 offset, 2 size."""
    for buffer in buffers:
        end = buffer.number(1, "Q") + buffer.number(2, "Q")
        if end > size:
            return Health("truncated", said("its weights end at byte {0}, the file has {1}", figure(end), figure(size)))
    return GOOD


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
