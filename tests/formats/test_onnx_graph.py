"""The graph in an ONNX file: what goes in and out, its weights, where they lie, and what is refused."""

from __future__ import annotations

import io

import pytest
from headers import number, onnx_tensor, onnx_value, payload, varint
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.onnx_graph import Graph, read_graph
from model_manager.formats.problem import LIMITS, FormatProblem, Limits
from model_manager.formats.protobuf import MessageWalker
from model_manager.formats.tensors import Tensor


def graph_of(*parts: bytes, limits: Limits = LIMITS) -> Graph:
    data, graph = b"".join(parts), Graph()
    read_graph(MessageWalker(ByteWindow(io.BytesIO(data), len(data))), 0, len(data), graph, limits)
    return graph


def refusal(*parts: bytes, limits: Limits = LIMITS) -> tuple[str, str]:
    with pytest.raises(FormatProblem) as caught:
        graph_of(*parts, limits=limits)
    return caught.value.kind, caught.value.why


def node(operator: str, *attributes: bytes) -> bytes:
    """With its operator's name in front, as far as the attributes are looked at."""
    return payload(1, payload(4, operator) + b"".join(payload(5, one) for one in attributes))


def inner(*parts: bytes) -> bytes:
    """An attribute that is a graph."""
    return payload(6, b"".join(parts))


def tensor(*one: bytes) -> bytes:
    return payload(5, b"".join(one))


def test_names_shapes_and_operators() -> None:
    graph = graph_of(
        payload(2, "main"),
        payload(11, onnx_value("pixels", (1, 3, 0, 224))),
        payload(12, onnx_value("logits", (0, 1000))),
        payload(12, onnx_value("bare")),
        node("Conv"), node("Relu"), node("Conv"),
    )  # fmt: skip
    assert graph.seen and graph.name == "main" and graph.nodes == 3
    assert graph.inputs == {"pixels": (1, 3, 0, 224)} and graph.outputs == {"logits": (0, 1000), "bare": ()}
    assert graph.operators == {"Conv": 2, "Relu": 1}


def test_an_empty_graph_was_seen() -> None:
    assert graph_of().seen and not Graph().seen


@pytest.mark.parametrize(
    ("kind", "dtype", "bits"),
    [(1, "F32", 32), (2, "UINT8", 8), (3, "INT8", 8), (7, "I64", 64), (9, "BOOL", 8), (10, "F16", 16), (11, "F64", 64),
     (15, "C128", 128), (16, "BF16", 16), (17, "FP8_E4M3", 8), (21, "UINT4", 4), (22, "INT4", 4), (23, "FP4", 4)],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(), (3,), (5, 7), (2, 0, 9)])
def test_weights_of_every_type(kind: int, dtype: str, bits: int, shape: tuple[int, ...]) -> None:
    count = 1
    for side in shape:
        count *= side
    size = -(-count * bits // 8)
    graph = graph_of(payload(5, onnx_tensor(shape, kind, b"\1" * size)))
    assert graph.tensors == {"0": Tensor(shape, dtype, size)}


def test_where_weights_lie_in_the_file() -> None:
    first, second = onnx_tensor((2, 2), 1, b"A" * 16), onnx_tensor((3,), 10, b"B" * 6)
    parts = payload(2, "g"), payload(5, first), payload(5, second)
    data = b"".join(parts)
    graph = graph_of(*parts)
    assert graph.places == [("w", (2, 2), data.index(b"A" * 16), 16), ("w", (3,), data.index(b"B" * 6), 6)]


def test_data_of_another_length_or_in_pieces_has_no_one_place() -> None:
    assert graph_of(payload(5, onnx_tensor((2, 2), 1, b"A" * 15))).places == []
    texts = graph_of(payload(5, onnx_tensor((2,), 8, b"words")))
    assert texts.tensors == {"0": Tensor((2,), "STRING", 5)} and texts.places == []
    strange = graph_of(payload(5, onnx_tensor((2,), 99, b"1234")))
    assert strange.tensors == {"0": Tensor((2,), "type 99", 4)}


def test_sides_may_be_packed() -> None:
    packed = payload(1, varint(300) + varint(2)) + number(2, 1)
    assert graph_of(payload(5, packed)).tensors == {"0": Tensor((300, 2), "F32", 2400)}


@settings(max_examples=20)
@given(st.lists(st.integers(0, 1 << 12), max_size=4), st.sampled_from([(1, 4), (10, 2), (3, 1)]), st.booleans())
def test_any_shape_is_what_its_sides_say(shape: list[int], kind: tuple[int, int], packed: bool) -> None:
    sides = payload(1, b"".join(map(varint, shape))) if packed else b"".join(number(1, side) for side in shape)
    graph = graph_of(payload(5, sides + number(2, kind[0])))
    (one,) = graph.tensors.values()
    product = 1
    for side in shape:
        product *= side
    assert one.shape == tuple(shape) and one.bytes == product * kind[1]


def test_files_beside_it_are_as_long_as_their_last_weight_needs() -> None:
    graph = graph_of(
        payload(5, onnx_tensor((4,), 1, location="w.data", offset=64, length=16)),
        payload(5, onnx_tensor((8,), 1, location="w.data", offset=0, length=32)),
        payload(5, onnx_tensor((8,), 1, location="other.data", offset=100)),
    )
    assert graph.external == {"w.data": 80, "other.data": 132} and graph.places == []
    assert [one.bytes for one in graph.tensors.values()] == [16, 32, 32]


@pytest.mark.parametrize("offset", ["-5", "1e3", "9" * 20, "٣", ""])
def test_an_offset_that_is_no_number_counts_as_none(offset: str) -> None:
    entries = (("location", "w"), ("offset", offset))
    stated = b"".join(payload(13, payload(1, key) + payload(2, value)) for key, value in entries)
    assert graph_of(payload(5, number(1, 4) + number(2, 1) + stated)).external == {"w": 16}


def test_weights_in_branches_and_constants_are_found_and_their_ins_and_outs_are_not() -> None:
    branch = inner(
        payload(5, onnx_tensor((2,), 1)), payload(11, onnx_value("inside")), payload(2, "inside"), node("Gemm")
    )
    graph = graph_of(payload(2, "g"), node("If", branch, branch), node("Constant", payload(5, onnx_tensor((3,), 1))))
    assert [one.shape for one in graph.tensors.values()] == [(2,), (2,), (3,)]
    assert graph.inputs == {} and graph.name == "g" and graph.operators["Gemm"] == 2


def test_attributes_of_other_operators_are_not_looked_into() -> None:
    assert graph_of(node("Conv", payload(5, onnx_tensor((3,), 1)))).tensors == {}


@pytest.mark.parametrize(("name", "bits", "told"), [("bits", 4, 4), ("bits", 8, 8), ("bits", 3, 0), ("K", 4, 0)])
def test_bits_of_packed_weights(name: str, bits: int, told: int) -> None:
    assert graph_of(node("MatMulNBits", payload(1, name) + number(3, bits))).bits == told


def test_graphs_within_graphs_up_to_six_deep() -> None:
    def nested(depth: int) -> bytes:
        return node("Loop", inner(nested(depth - 1))) if depth else payload(5, onnx_tensor((1,), 1))

    assert len(graph_of(nested(6)).tensors) == 1
    assert refusal(nested(7)) == ("unknown", "graphs are nested more than 6 deep")


def test_nodes_beyond_the_first_are_only_counted() -> None:
    graph = graph_of(*[node("Add")] * 3_000, node("Mul"))
    assert graph.nodes == 3_001 and graph.operators == {"Add": 3_000}


def test_no_number_is_believed_before_it_is_compared() -> None:
    assert refusal(payload(5, onnx_tensor((1 << 26, 1 << 25), 1))) == ("corrupt", "a tensor claims 2.25e+15 elements")
    assert refusal(payload(5, number(1, 1) * 65)) == ("corrupt", "a tensor claims more dimensions than any has")
    assert graph_of(payload(5, number(1, 1) * 64 + number(2, 1))).tensors["0"].bytes == 4
    three = [payload(5, onnx_tensor((1,), 1))] * 3
    assert refusal(*three, limits=Limits(tensors=2)) == ("unknown", "lists more than 2 tensors")
    assert len(graph_of(*three, limits=Limits(tensors=3)).tensors) == 3
    files = [payload(5, onnx_tensor((1,), 1, location=name)) for name in "abc"]
    assert refusal(*files, limits=Limits(keys=2)) == ("unknown", "names too many files of weights")
    assert len(graph_of(*files, limits=Limits(keys=3)).external) == 3


def test_a_side_that_cannot_be_varies() -> None:
    assert graph_of(payload(11, onnx_value("x", ((1 << 40) - 1, 1 << 40)))).inputs == {"x": ((1 << 40) - 1, 0)}


def test_inputs_beyond_a_number_are_left_out() -> None:
    assert len(graph_of(*(payload(11, onnx_value(f"i{n}")) for n in range(300))).inputs) == 256
