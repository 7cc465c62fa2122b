"""ONNX: a protobuf graph with its weights inside, or beside it in files that it names.

Source: onnx/onnx.proto. ModelProto: 1 ir_version, 2 producer_name, 3 producer_version, 6 doc, 7 graph, 8 opset,
14 metadata. There is no magic: the first fields must look like a model. Weights are sought past, never read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from model_manager.base.facts import GOOD, Claim, Companion, Facts, Health
from model_manager.base.messages import counted, figure, said
from model_manager.formats import onnx_kinds, quants
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.metadata import bounded
from model_manager.formats.onnx_graph import Graph, read_graph
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.protobuf import MessageWalker
from model_manager.formats.tensors import elements, shares

NAME = "onnx"
SUFFIXES = (".onnx", ".ort")
_PIECE = 16 * 1024  # weights lie between the descriptions of tensors: large pieces would read them
_NEWEST_IR = 40
_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
"""ModelProto's fields, and how each is written: 0 a number, 2 a payload with its length."""
_TEXTS = frozenset({2, 3, 4, 6})
_LATER = 64
"""Texts of metadata kept."""
_ABSOLUTE = re.compile(r"^(?:[A-Za-z]:|[\\/])")
_FLOATS = frozenset({"F32", "F16", "BF16", "F64", "FP8_E4M3", "FP8_E5M2"})
_PACKED = frozenset({"INT8", "UINT8", "INT4", "UINT4"})


def matches(head: bytes) -> bool:
    """An ir_version, whatever stands before it, and another field that ModelProto has. Its texts must be plain text
    (Core ML begins alike); they may be longer than the head."""
    if head[4:8] == b"ORTM":
        return True
    found = _begins(head)
    return found is not None and 1 in found and len(found) > 1


def _begins(head: bytes) -> list[int] | None:
    """The fields that begin in a head; None when one is none of ModelProto's."""
    found: list[int] = []
    at = 0
    while at < len(head):
        key, at = _number(head, at)
        field, wire = key >> 3, key & 7
        if _FIELDS.get(field) != wire:
            return None
        value, at = _number(head, at)
        if field == 1 and not 1 <= value <= _NEWEST_IR:
            return None
        if at > len(head):
            return found
        found.append(field)
        if wire == 2:
            if field in _TEXTS and not _is_text(head[at : at + value], field == 6):
                return None
            at += value
        if field == 7:
            return found  # the graph: what lies behind is beyond any head
    return found


def _number(head: bytes, at: int) -> tuple[int, int]:
    """The varint at `at` and where it ends; beyond the head when that cuts it off."""
    value = 0
    for place in range(10):
        if at + place >= len(head):
            break
        value |= (head[at + place] & 0x7F) << 7 * place
        if head[at + place] < 0x80:
            return value, at + place + 1
    return value, len(head) + 1


def _is_text(payload: bytes, lines: bool) -> bool:
    """UTF-8 without control characters; a document may have lines. The head may end within a character."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(payload)
    except UnicodeDecodeError:
        return False
    return not any(ord(sign) < 32 and not (lines and sign in "\t\r\n") for sign in text)


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one ONNX file. What was read before it broke is kept."""
    window = ByteWindow(file, size, piece=_PIECE)
    if window.peek(8)[4:8] == b"ORTM":
        return Facts(NAME, (Claim("tag", "ort", "metadata", said("ONNX Runtime's own form (ORTM)")),))
    if not _begins(window.peek(512)):
        raise FormatProblem("corrupt", said("does not begin as an ONNX model"))
    graph, words = Graph(), dict[str, object]()
    health = GOOD
    try:
        _walk(MessageWalker(window), size, graph, words, limits)
    except FormatProblem as problem:
        if problem.kind == "unknown":
            raise
        health = Health(problem.kind, problem.why)
    if health == GOOD and not graph.seen:
        raise FormatProblem("truncated", said("has no graph"))
    companions, unsafe = _companions(graph)
    claims = (*_weights(graph), *onnx_kinds.claims_of(graph, words), *_words(words))
    inputs, outputs = ", ".join(graph.inputs), ", ".join(graph.outputs)
    figures = {"ONNX.inputs": inputs, "ONNX.outputs": outputs, "ONNX.tensor_count": len(graph.tensors)}
    return Facts(
        NAME, claims, shares(graph.tensors), unsafe or health, companions=companions, metadata=bounded(words | figures)
    )


def places_of(file: BinaryIO, size: int, limits: Limits) -> list[tuple[str, tuple[int, ...], int, int]]:
    """Name, shape, first byte and length of each weight that lies in the file itself. Raises FormatProblem."""
    graph = Graph()
    _walk(MessageWalker(ByteWindow(file, size, piece=_PIECE)), size, graph, {}, limits)
    return graph.places


def _walk(walker: MessageWalker, size: int, graph: Graph, words: dict[str, object], limits: Limits) -> None:
    for field, start, end in walker.fields(0, size):
        if field == 1 and end < 0:
            words["ir_version"] = start
        elif field in (2, 3, 6) and end >= 0:
            key = {2: "producer_name", 3: "producer_version", 6: "doc_string"}[field]
            words[key] = walker.text(start, end)
        elif field == 7 and end >= 0:
            read_graph(walker, start, end, graph, limits)
        elif field == 14 and end >= 0 and len(words) < _LATER:
            key, value = _entry(walker, start, end)
            words.setdefault(key, value)


def _entry(walker: MessageWalker, start: int, end: int) -> tuple[str, str]:
    found = {field: walker.text(*span) for field, *span in walker.fields(start, end) if span[1] >= 0}
    return found.get(1, "")[:200], found.get(2, "")


def _weights(graph: Graph) -> Iterator[Claim]:
    """Parameters, the type of most weights and bits per weight. Shapes and indices (int64) are no weights."""
    weights = {name: one for name, one in graph.tensors.items() if one.dtype in _FLOATS or one.dtype in _PACKED}
    if not weights:
        return
    total = sum(one.bytes for one in weights.values())
    count = sum(elements(one.shape) for one in weights.values())
    sums = quants.bytes_by_type(weights.values())
    dominant = quants.most(sums)
    quant, why = dominant, said("most bytes of its weights are {0}", dominant)
    if graph.bits and dominant in ("UINT8", "INT8"):
        count += sums[dominant] * (8 // graph.bits - 1)  # several weights in each byte
        quant, why = f"INT{graph.bits}", said("MatMulNBits with {0} bits", graph.bits)
    yield Claim(
        "parameters",
        count,
        "tensors",
        counted("{0} initializer", "{0} initializers", len(weights), figure(len(weights))),
    )
    yield Claim("quant", quant, "tensors", why)
    if count:
        yield quants.per_weight(total, count)


_LIKE_WEIGHTS = re.compile(
    r"(?:[._]data|\.(?:bin|pb|weights?|bias|raw|scales?|zero_point|gamma|beta|alpha|value|kernel|npy|qweight|qzeros"
    r"|running_mean|running_var|in_proj_weight|in_proj_bias|lora_[ab]))(?:[._-]\d+)?$"
    r"|^onnx__|_attr__|^constant_|^initializer|^[^.]*_(?:weight|bias|scale|zero_point|quantized|value|\d+)$"
)
"""Names that exporters give to files of weights: one for all (`model.onnx_data`, `weights.pb`), or one for each tensor,
named by it (onnx/onnx external_data_helper.py, torch.onnx, ONNX Runtime, Olive)."""


def _companions(graph: Graph) -> tuple[tuple[Companion, ...], Health | None]:
    """Files of external data with the bytes that they must have. A path that leads elsewhere is refused.

    So is a name that no file of weights has: what a model names goes with it, and a hostile one would name a document.
    """
    found = []
    for location, needed in sorted(graph.external.items()):
        parts = location.replace("\\", "/").split("/")
        if not location or _ABSOLUTE.match(location) or ".." in parts or "\0" in location:
            return (), Health(
                "corrupt", said("its weights are said to lie outside its folder: {0}", repr(location[:200]))
            )
        name = "/".join(part for part in parts if part not in ("", "."))
        if not _LIKE_WEIGHTS.search(name[name.rfind("/") + 1 :].lower()):
            words = said("its weights are said to lie in {0}, which no file of weights is called", repr(name[-100:]))
            return (), Health("unknown", words)
        found.append(Companion(name, needed))
    return tuple(found), None


def _words(words: dict[str, object]) -> Iterator[Claim]:
    for field, key in (("licence", "license"), ("publisher", "model_author"), ("source_repo", "url")):
        value = words.get(key)
        if isinstance(value, str) and value.strip():
            yield Claim(field, value.strip()[:500], "metadata", said("metadata_props {0}", key))


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
