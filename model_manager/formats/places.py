"""Where the tensors of a file lie, for whoever reads their bytes: hashes them, looks at values, looks for holes."""

from __future__ import annotations

from typing import BinaryIO

from model_manager.formats import onnx, pytorch_legacy, pytorch_zip
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.gguf_header import read_header
from model_manager.formats.npy_header import LONGEST, MAGIC, parse
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_values import TensorValue
from model_manager.formats.problem import LIMITS, FormatProblem
from model_manager.formats.safetensors import read_table, spans_of
from model_manager.formats.span import Span
from model_manager.formats.state_dict import state_dict
from model_manager.formats.zip_members import STORED, data_start, members


def spans(file: BinaryIO, size: int, format_: str) -> list[Span]:
    """The tensors of a GGUF or safetensors file by their place; none for other formats. Raises FormatProblem."""
    file.seek(0)
    if format_ == "gguf":
        header = read_header(ByteWindow(file, size), LIMITS)
        found = header.spans()
    elif format_ == "safetensors":
        found = spans_of(*read_table(file, size, LIMITS))
    else:
        return []
    return sorted(found, key=lambda span: span.start)


def places(file: BinaryIO, size: int, format_: str) -> list[Span]:
    """The same for every format whose tables say where tensors lie; types are left empty. None where nobody knows."""
    try:
        if found := spans(file, size, format_):
            return found
        file.seek(0)
        head = file.read(512)
        if head[:2] == b"PK":
            found = _of_zip(file, size)
        elif head[:6] == MAGIC:
            array = parse(head[:LONGEST])
            found = [Span("array", "", array.start, array.tensor.bytes, array.tensor.shape)]
        elif pytorch_legacy.is_legacy(head):
            found = _of_legacy(file, size)
        elif format_ == onnx.NAME:
            found = [Span(name, "", start, length, shape) for name, shape, start, length in
                     onnx.places_of(file, size, LIMITS)]  # fmt: skip
        return sorted(found, key=lambda span: span.start)
    except FormatProblem:
        return []


def _of_zip(file: BinaryIO, size: int) -> list[Span]:
    """The members that are stored as they are, each with the name of the tensor that is all of it."""
    listed = [member for member in members(file, size, LIMITS) if member.method == STORED and member.size]
    named = _named(pytorch_zip.contents_of(file, size, LIMITS, Budget.of(LIMITS)).value) if any(
        member.name.endswith("data.pkl") for member in listed) else {}  # fmt: skip
    found = []
    for member in listed:
        start = data_start(file, member)
        name, shape = named.get(member.name.rpartition("/data/")[2], (member.name, ()))
        if member.name.endswith(".npy"):
            file.seek(start)
            array = parse(file.read(LONGEST))
            start, shape = start + array.start, array.tensor.shape
            found.append(Span(name, "", start, array.tensor.bytes, shape))
        else:
            found.append(Span(name, "", start, member.size, shape))
    return found


def _of_legacy(file: BinaryIO, size: int) -> list[Span]:
    value, storages = pytorch_legacy.storages_of(file, size, Budget.of(LIMITS))
    named = _named(value)
    found = []
    for key, start, length in storages:
        name, shape = named.get(key, (key, ()))
        found.append(Span(name, "", start, length, shape))
    return found


def _named(value: object) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Storage -> name and shape of the tensor that is all of it."""
    found: dict[str, tuple[str, tuple[int, ...]]] = {}
    try:
        known = state_dict(value, LIMITS)
    except FormatProblem:
        return {}
    for name, tensor in [*known.weights.items(), *known.others.items()]:
        if isinstance(tensor, TensorValue) and tensor.storage and tensor.bytes == pytorch_zip.bytes_of(tensor.storage):
            found[tensor.storage.key] = (name, tensor.shape)
    return found
