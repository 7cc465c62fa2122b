"""Builds small files of the lesser formats by hand: protobuf, FlatBuffers, ggml, CTranslate2."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence

from model_manager.base.facts import Facts, settle
from model_manager.formats.sniff import facts_of


def read(data: bytes, name: str) -> Facts:
    return facts_of(io.BytesIO(data), len(data), name)


def values(facts: Facts) -> dict[str, object]:
    """What holds of each field."""
    return {field: claim.value for field, claim in settle(facts.claims).items()}


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def payload(field: int, data: bytes | str) -> bytes:
    raw = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def onnx_tensor(
    shape: Sequence[int], kind: int, data: bytes = b"", location: str = "", offset: int = 0, length: int = 0
) -> bytes:
    out = b"".join(number(1, side) for side in shape) + number(2, kind) + payload(8, "w")
    if location:
        for key, value in (("location", location), ("offset", str(offset)), ("length", str(length))):
            out += payload(13, payload(1, key) + payload(2, value))
        return out + number(14, 1)
    return out + payload(9, data)


def onnx_value(name: str, shape: Sequence[int] = ()) -> bytes:
    sides = b"".join(payload(1, number(1, side) if side else payload(2, "n")) for side in shape)
    return payload(1, name) + payload(2, payload(1, number(1, 1) + payload(2, sides)))


def onnx_bytes(
    inputs: Mapping[str, Sequence[int]], outputs: Sequence[str] = ("output",), tensors: Sequence[bytes] = (),
    operators: Sequence[str] = ("MatMul",), props: Mapping[str, str] | None = None, nodes: Sequence[bytes] = (),
) -> bytes:  # fmt: skip
    graph = b"".join(payload(1, payload(1, "a") + payload(4, operator)) for operator in operators)
    graph += b"".join(payload(1, node) for node in nodes) + payload(2, "graph")
    graph += b"".join(payload(5, tensor) for tensor in tensors)
    graph += b"".join(payload(11, onnx_value(name, shape)) for name, shape in inputs.items())
    graph += b"".join(payload(12, onnx_value(name)) for name in outputs)
    out = number(1, 8) + payload(2, "test") + payload(7, graph) + payload(8, number(2, 17))
    return out + b"".join(payload(14, payload(1, key) + payload(2, value)) for key, value in (props or {}).items())


def ggml_tensor(name: str, shape: Sequence[int], kind: int, size: int) -> bytes:
    raw = name.encode()
    return (
        struct.pack(f"<3i{len(shape)}i", len(shape), len(raw), kind, *shape)
        + raw
        + bytes(range(256)) * (size // 256)
        + bytes(range(size % 256))
    )


def whisper_bytes(hparams: Sequence[int], tensors: bytes = b"", words: int = 3) -> bytes:
    vocabulary = b"".join(struct.pack("<I", 2) + b"ab" for _ in range(words))
    filters = struct.pack("<2i", 2, 2) + bytes(16)
    return b"lmgg" + struct.pack("<11i", *hparams) + filters + struct.pack("<i", words) + vocabulary + tensors


def ctranslate2_bytes(spec: str, variables: Mapping[str, tuple[Sequence[int], int, int]], version: int = 6) -> bytes:
    """name -> (shape, type, bytes)."""

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    out = struct.pack("<I", version) + text(spec) + struct.pack("<2I", 3, len(variables))
    for name, (shape, kind, size) in variables.items():
        out += text(name) + struct.pack(f"<B{len(shape)}I", len(shape), *shape) + struct.pack("<BI", kind, size)
        out += bytes(size)
    return out


class Flat:
    """Writes a FlatBuffer front to back; what is referred to comes later and is patched in at the end."""

    def __init__(self, magic: bytes) -> None:
        self.out = bytearray(bytes(4) + magic)
        self._late: list[tuple[int, str]] = [(0, "root")]
        self._placed: dict[str, int] = {}

    def _begin(self, label: str) -> int:
        self.out.extend(bytes(-len(self.out) % 4))
        self._placed[label] = len(self.out)
        return len(self.out)

    def vector(self, label: str, form: str, items: Sequence[int]) -> None:
        self._begin(label)
        self.out.extend(struct.pack(f"<I{len(items)}{form}", len(items), *items))

    def tables(self, label: str, members: Sequence[str]) -> None:
        at = self._begin(label)
        self.out.extend(struct.pack("<I", len(members)) + bytes(4 * len(members)))
        self._late += [(at + 4 + 4 * index, member) for index, member in enumerate(members)]

    def table(self, label: str, fields: Mapping[int, int | str]) -> None:
        """field -> a number, or the label of what it refers to."""
        layout = self._begin(label)
        slots = max(fields, default=-1) + 1
        offsets = [4 + 8 * index if index in fields else 0 for index in range(slots)]
        self.out.extend(struct.pack(f"<HH{slots}H", 4 + 2 * slots, 4 + 8 * slots, *offsets))
        at = self._begin(label)
        self.out.extend(struct.pack("<i", at - layout) + bytes(8 * slots))
        for field, value in fields.items():
            place = at + 4 + 8 * field
            if isinstance(value, str):
                self._late.append((place, value))
            else:
                struct.pack_into("<I", self.out, place, value)

    def done(self) -> bytes:
        for place, label in self._late:
            struct.pack_into("<I", self.out, place, self._placed[label] - place)
        return bytes(self.out)


def tflite_bytes(shape: Sequence[int] = (1, 224, 224, 3), weights: int = 64, kind: int = 0) -> bytes:
    """One subgraph with an input and one tensor of `weights` bytes."""
    flat = Flat(b"TFL3")
    width = {0: 4, 1: 2, 9: 1}[kind]
    flat.table("root", {0: 3, 2: "graphs", 3: "description", 4: "buffers"})
    flat.tables("graphs", ["graph"])
    flat.table("graph", {0: "tensors", 1: "inputs"})
    flat.tables("tensors", ["first", "second"])
    flat.table("first", {0: "shape", 1: 0, 2: 0, 3: "name"})
    flat.table("second", {0: "sides", 1: kind, 2: 1, 3: "name"})
    flat.vector("inputs", "i", [0])
    flat.vector("shape", "i", shape)
    flat.vector("sides", "i", [weights // width])
    flat.vector("name", "B", b"image")
    flat.vector("description", "B", b"a test")
    flat.tables("buffers", ["empty", "full"])
    flat.table("empty", {})
    flat.table("full", {0: "data"})
    flat.vector("data", "B", bytes(index % 251 for index in range(weights)))
    return flat.done()
