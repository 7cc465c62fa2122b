"""OpenVINO: an `.xml` that describes the network, its weights in the `.bin` of the same stem.

Source: openvino docs "OpenVINO IR format", versions 10 and 11: `Const` layers with element_type, shape, offset, size.
The XML is parsed in pieces; one that declares a document type is refused, so no entity is ever expanded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO
from xml.parsers import expat

from model_manager.base.facts import Claim, Companion, Facts
from model_manager.base.messages import counted, figure, said, told_by
from model_manager.formats import onnx_kinds, quants
from model_manager.formats.metadata import bounded
from model_manager.formats.onnx_graph import Graph
from model_manager.formats.problem import SAME_STEM, FormatProblem, Limits
from model_manager.formats.tensors import Tensor, elements, shares

NAME = "openvino"
SUFFIXES = (".xml",)
_PIECE = 64 * 1024
_MOST_ELEMENTS = 200_000
_MOST_CONSTANTS = 20_000
_LONGEST_TAG = 256 * 1024
"""Bytes of one tag: expat looks at an unfinished one anew with every piece."""
_TYPES = {"f32": ("F32", 32), "f16": ("F16", 16), "bf16": ("BF16", 16), "f64": ("F64", 64), "i8": ("INT8", 8),
          "u8": ("UINT8", 8), "i4": ("INT4", 4), "u4": ("INT4", 4), "nf4": ("NF4", 4), "f8e4m3": ("FP8_E4M3", 8),
          "f8e5m2": ("FP8_E5M2", 8), "i32": ("I32", 32), "i64": ("I64", 64), "u1": ("BIN", 1), "boolean": ("BOOL", 8),
          "f4e2m1": ("FP4", 4), "u2": ("INT2", 2)}  # fmt: skip
_KEPT = frozenset({"conversion_parameters", "optimum", "framework", "Runtime_version", "MO_version"})
_NO_WEIGHTS = frozenset({"I32", "I64", "BOOL", "BIN"})


def matches(head: bytes) -> bool:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text.startswith(b"<net ") or (text.startswith(b"<?xml") and b"<net " in text)


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one network."""
    if size > limits.header:
        raise FormatProblem(
            "unknown", said("{0} bytes of XML are over the limit of {1}", figure(size), figure(limits.header))
        )
    network = _Network(limits)
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = network.begin
    try:
        fed = 0
        while piece := file.read(_PIECE):
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > _LONGEST_TAG:
                raise FormatProblem("unknown", said("a tag longer than {0} bytes", figure(_LONGEST_TAG)))
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        cut = error.code in _CUT
        raise FormatProblem(
            "truncated" if cut else "corrupt", said("the XML breaks off or is wrong: {0}", error)
        ) from None
    except (ValueError, LookupError) as error:
        raise FormatProblem("corrupt", said("the XML cannot be read: {0}", told_by(error, 120))) from None
    if not network.attributes:
        raise FormatProblem("corrupt", said("is XML, but not a network of OpenVINO"))
    companions = (Companion(f"{SAME_STEM}.bin", network.needed),) if network.needed else ()
    words = {
        "name": network.attributes.get("name", ""),
        "ir_version": network.attributes.get("version", ""),
        "openvino.inputs": ", ".join(network.graph.inputs),
        "openvino.layers": sum(network.graph.operators.values()),
        **network.words,
    }
    tensors = network.graph.tensors
    claims = (*_weights(tensors), *onnx_kinds.claims_of(network.graph, {}), *_told(words))
    return Facts(NAME, claims, shares(tensors), companions=companions, metadata=bounded(words))


_CUT = frozenset({expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
                  expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
                  expat.errors.codes[expat.errors.XML_ERROR_PARTIAL_CHAR]})  # fmt: skip


def _refuse(*_: object) -> None:
    raise FormatProblem("corrupt", said("the XML declares a document type or an entity, which no network does"))


class _Network:
    """Gathers what the elements say, and nothing of their text."""

    def __init__(self, limits: Limits) -> None:
        self.attributes: Mapping[str, str] = {}
        self.words: dict[str, object] = {}
        self.graph = Graph()
        self.needed = 0
        self._limits = limits
        self._elements = 0
        self._layer: Mapping[str, str] = {}

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise FormatProblem("unknown", said("more than {0} XML elements", figure(_MOST_ELEMENTS)))
        if tag == "net" and self._elements == 1:
            self.attributes = {key: value[:200] for key, value in list(attributes.items())[:20]}
        elif tag == "layer":
            self._layer = attributes
            kind = attributes.get("type", "")[:100]
            if len(self.graph.operators) < 1000 or kind in self.graph.operators:
                self.graph.operators[kind] = self.graph.operators.get(kind, 0) + 1
        elif tag == "data":
            self._data(attributes)
        elif tag in _KEPT and "value" in attributes:
            self.words[tag] = attributes["value"][:200]

    def _data(self, attributes: dict[str, str]) -> None:
        kind = self._layer.get("type")
        shape = tuple(_whole(side) for side in attributes.get("shape", "").replace("?", "0").split(",") if side.strip())
        if kind == "Parameter" and len(self.graph.inputs) < 64:
            self.graph.inputs[self._layer.get("name", "")[:200]] = shape[:32]
        elif kind == "Const" and "offset" in attributes:
            if len(self.graph.tensors) >= _MOST_CONSTANTS:
                raise FormatProblem("unknown", said("lists more than {0} constants", figure(_MOST_CONSTANTS)))
            if len(shape) > self._limits.nesting:
                raise FormatProblem("corrupt", said("a constant of {0} dimensions", figure(len(shape))))
            size = _whole(attributes.get("size", ""))
            self.needed = max(self.needed, _whole(attributes["offset"]) + size)
            dtype, _ = _TYPES.get(attributes.get("element_type", ""), ("?", 0))
            self.graph.tensors[str(len(self.graph.tensors))] = Tensor(shape, dtype, size)


def _whole(text: str) -> int:
    """A number, 0 for what varies (`-1`, `?`, `1..10`)."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _weights(tensors: Mapping[str, Tensor]) -> Iterator[Claim]:
    weights = [one for one in tensors.values() if one.dtype not in _NO_WEIGHTS and one.bytes]
    count = sum(elements(one.shape) for one in weights)
    if not count or count > 1 << 50:
        return
    total = sum(one.bytes for one in weights)
    told = counted("{0} constant", "{0} constants", len(weights), figure(len(weights)))
    yield from quants.of_bytes(weights, count, total, told)


def _told(words: Mapping[str, object]) -> Iterator[Claim]:
    name = words.get("name")
    if isinstance(name, str) and name and name not in ("Model0", "torch_jit", "main_graph", "saved_model"):
        yield Claim("name", name, "metadata", said("the network's name"))


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
