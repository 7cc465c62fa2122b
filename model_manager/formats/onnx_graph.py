"""The graph inside an ONNX file: its inputs and outputs, operators and weights.

Source: onnx/onnx.proto. GraphProto: 1 node, 2 name, 5 initializer, 11 input, 12 output, 15 sparse_initializer.
Weights may also be constants of nodes, and of the branches of an `If` (Silero VAD keeps all of its there).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from model_manager.base.messages import figure, said
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.protobuf import MessageWalker
from model_manager.formats.tensors import Tensor, elements

_TYPES = {1: ("F32", 32), 2: ("UINT8", 8), 3: ("INT8", 8), 4: ("U16", 16), 5: ("I16", 16), 6: ("I32", 32),
          7: ("I64", 64), 8: ("STRING", 0), 9: ("BOOL", 8), 10: ("F16", 16), 11: ("F64", 64), 12: ("U32", 32),
          13: ("U64", 64), 14: ("C64", 64), 15: ("C128", 128), 16: ("BF16", 16), 17: ("FP8_E4M3", 8),
          18: ("FP8_E4M3FNUZ", 8), 19: ("FP8_E5M2", 8), 20: ("FP8_E5M2FNUZ", 8), 21: ("UINT4", 4),
          22: ("INT4", 4), 23: ("FP4", 4)}  # fmt: skip
_FULL_NODES = 3_000
"""Nodes looked into; in larger graphs the rest repeats the same layers. A node costs some 10 µs."""
_DEEPEST = 6
_NAMES = 256
_BRANCHING = frozenset({"If", "Loop", "Scan", "Constant", "MatMulNBits"})


@dataclass(slots=True)
class Graph:
    name: str = ""
    seen: bool = False
    inputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Name -> dimensions, 0 for those that vary."""
    outputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    operators: dict[str, int] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    external: dict[str, int] = field(default_factory=dict)
    """Location -> bytes that the file there must have."""
    places: list[tuple[str, tuple[int, ...], int, int]] = field(default_factory=list)
    """Name, shape, first byte and length of the weights that lie in this file."""
    bits: int = 0
    """Of MatMulNBits nodes."""
    nodes: int = 0


def read_graph(walker: MessageWalker, start: int, end: int, graph: Graph, limits: Limits, depth: int = 0) -> None:
    """Adds a graph's parts to `graph`; inputs and outputs of inner graphs are left out."""
    graph.seen = True
    for number, low, high in walker.fields(start, end):
        if high < 0:
            continue
        if number == 1:
            graph.nodes += 1
            if graph.nodes <= _FULL_NODES:
                _node(walker, low, high, graph, limits, depth)
        elif number == 2 and not depth:
            graph.name = walker.text(low, high, 200)
        elif number == 5:
            _tensor(walker, low, high, graph, limits)
        elif number in (11, 12) and not depth:
            into = graph.inputs if number == 11 else graph.outputs
            if len(into) < _NAMES:
                name, shape = _value(walker, low, high)
                into[name] = shape


def _node(walker: MessageWalker, start: int, end: int, graph: Graph, limits: Limits, depth: int) -> None:
    """NodeProto: 4 op_type, 5 attribute."""
    operator = ""
    for number, low, high in walker.fields(start, end):
        if number == 4 and high >= 0:
            operator = walker.text(low, high, 100)
            if len(graph.operators) < 1000 or operator in graph.operators:
                graph.operators[operator] = graph.operators.get(operator, 0) + 1
        elif number == 5 and high >= 0 and operator in _BRANCHING:
            _attribute(walker, low, high, graph, limits, depth)


def _attribute(walker: MessageWalker, start: int, end: int, graph: Graph, limits: Limits, depth: int) -> None:
    """AttributeProto: 1 name, 3 i, 5 t, 6 g."""
    name = ""
    for number, low, high in walker.fields(start, end):
        if number == 1 and high >= 0:
            name = walker.text(low, high, 100)
        elif number == 3 and high < 0 and name == "bits" and low in (2, 4, 8):
            graph.bits = low
        elif number == 5 and high >= 0:
            _tensor(walker, low, high, graph, limits)
        elif number == 6 and high >= 0:
            if depth >= _DEEPEST:
                raise FormatProblem("unknown", said("graphs are nested more than {0} deep", _DEEPEST))
            read_graph(walker, low, high, graph, limits, depth + 1)


@dataclass(slots=True)
class _Stated:
    """What the fields of one TensorProto say, before any of it is believed."""

    sides: list[int] = field(default_factory=list)
    kind: int = 0
    name: str = ""
    location: dict[str, str] = field(default_factory=dict)
    """Key -> text of its external data: `location`, `offset`, `length`."""
    inside: int = 0
    """Bytes of data in this file; `place` is where the last of them begin."""
    place: int = 0


def _tensor(walker: MessageWalker, start: int, end: int, graph: Graph, limits: Limits) -> None:
    """Adds one tensor. No number of it is believed before it is compared with a limit."""
    stated = _stated(walker, start, end, limits)
    count = elements(stated.sides)
    if count > 1 << 50:
        raise FormatProblem("corrupt", said("a tensor claims {0} elements", f"{count:.3g}"))
    if len(graph.tensors) >= limits.tensors:
        raise FormatProblem("unknown", said("lists more than {0} tensors", figure(limits.tensors)))
    dtype, bits = _TYPES.get(stated.kind, (f"type {stated.kind}", 0))
    size, sides = (count * bits + 7) // 8, tuple(stated.sides)
    if "location" in stated.location:
        _outside(stated.location, size, graph, limits)
    elif not bits:
        size = stated.inside
    elif stated.inside == size:
        graph.places.append((stated.name, sides, stated.place, size))
    graph.tensors[str(len(graph.tensors))] = Tensor(sides, dtype, size)


def _stated(walker: MessageWalker, start: int, end: int, limits: Limits) -> _Stated:
    """TensorProto: 1 dims, 2 data_type, 8 name, 13 external_data, 14 data_location; every other field is data."""
    stated = _Stated()
    for number, low, high in walker.fields(start, end):
        if number == 1:
            stated.sides.extend([low] if high < 0 else walker.numbers(low, high, limits.nesting))
        elif number == 2 and high < 0:
            stated.kind = low
        elif number == 13 and high >= 0:
            entry = {part: walker.text(*span) for part, *span in walker.fields(low, high) if span[1] >= 0}
            stated.location[entry.get(1, "")] = entry.get(2, "")
        elif number in (4, 5, 6, 7, 9, 10, 11) and high >= 0:
            stated.inside, stated.place = stated.inside + high - low, low
        elif number == 8 and high >= 0:
            stated.name = walker.text(low, high, _NAMES)
        if len(stated.sides) > limits.nesting:
            raise FormatProblem("corrupt", said("a tensor claims more dimensions than any has"))
    return stated


def _outside(location: dict[str, str], size: int, graph: Graph, limits: Limits) -> None:
    """Notes how long the file must be that holds a tensor's data: several tensors lie in one, each at its offset."""
    needed = _whole(location.get("offset")) + (_whole(location.get("length")) or size)
    graph.external[location["location"]] = max(graph.external.get(location["location"], 0), needed)
    if len(graph.external) > limits.keys:
        raise FormatProblem("unknown", said("names too many files of weights"))


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else 0


def _value(walker: MessageWalker, start: int, end: int) -> tuple[str, tuple[int, ...]]:
    """ValueInfoProto: 1 name, 2 type {1 tensor_type {2 shape {1 dim {1 dim_value}}}}."""
    name, sides = "", list[int]()
    for number, low, high in walker.fields(start, end):
        if number == 1 and high >= 0:
            name = walker.text(low, high, 200)
        elif number == 2 and high >= 0:
            for span in _within(walker, [(low, high)], (1, 2, 1)):
                known = [value for part, value, stop in walker.fields(*span) if part == 1 and stop < 0]
                sides.append(known[0] if known and known[0] < 1 << 40 else 0)
    return name, tuple(sides[:32])


def _within(walker: MessageWalker, spans: list[tuple[int, int]], path: tuple[int, ...]) -> list[tuple[int, int]]:
    """The payloads that lie at a path of field numbers below these payloads."""
    for step in path:
        spans = [
            (low, high) for span in spans for number, low, high in walker.fields(*span) if number == step and high >= 0
        ]
    return spans
