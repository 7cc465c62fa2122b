"""Which scheme packs a table's weights, how many weights each packed tensor stands for, and what the packing costs."""

from __future__ import annotations

from math import prod

import pytest

from model_manager.formats.packings import Packing, find
from model_manager.formats.tensors import Tensor

_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "I64": 8, "I16": 2, "U16": 2, "U8": 1, "I8": 1, "F8_E4M3": 1,
          "F8_E5M2": 1, "F8_E8M0": 1}  # fmt: skip
Table = dict[str, tuple[str, tuple[int, ...]]]


def tensors(table: Table) -> dict[str, Tensor]:
    return {name: Tensor(shape, dtype, prod(shape) * _BYTES[dtype]) for name, (dtype, shape) in table.items()}


def packing(table: Table) -> Packing:
    found = find(tensors(table))
    assert found is not None
    return found


def size(table: Table, *without: str) -> int:
    return sum(one.bytes for name, one in tensors(table).items() if name not in without)


def gptq(bits: int, inputs: int = 256, outputs: int = 64, layer: str = "l.q") -> Table:
    return {
        f"{layer}.qweight": ("I32", (inputs * bits // 32, outputs)),
        f"{layer}.qzeros": ("I32", (2, outputs * bits // 32)), f"{layer}.scales": ("F16", (2, outputs)),
        f"{layer}.g_idx": ("I32", (inputs,)), f"{layer}.bias": ("F16", (outputs,)),
    }  # fmt: skip


def awq(bits: int, inputs: int = 256, outputs: int = 64) -> Table:
    return {
        "l.q.qweight": ("I32", (inputs, outputs * bits // 32)), "l.q.qzeros": ("I32", (2, outputs * bits // 32)),
        "l.q.scales": ("F16", (2, outputs)),
    }  # fmt: skip


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_gptq_of_every_width_with_and_without_the_order_of_its_inputs(bits: int) -> None:
    table = gptq(bits)
    found = packing(table)
    assert found == Packing(
        f"GPTQ-{bits}bit", "qweight and scales of 1 layer", size(table, "l.q.bias"),
        {"l.q.qweight": 256 * 64, "l.q.qzeros": 0, "l.q.scales": 0, "l.q.g_idx": 0},
    )  # fmt: skip
    del table["l.q.g_idx"]
    assert packing(table).quant == f"GPTQ-{bits}bit" and (packing(table).counts or {})["l.q.qweight"] == 256 * 64


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_awq_packs_outputs(bits: int) -> None:
    found = packing(awq(bits))
    assert found.quant == f"AWQ-{bits}bit" and found.bytes == size(awq(bits))
    assert found.counts == {"l.q.qweight": 256 * 64, "l.q.qzeros": 0, "l.q.scales": 0}


def test_the_width_of_most_weights_names_the_whole() -> None:
    table = {**gptq(8, layer="a"), **gptq(4, inputs=1024, layer="b"), **gptq(8, layer="c")}
    assert packing(table).quant == "GPTQ-4bit" and packing(table).why == "qweight and scales of 3 layers"


@pytest.mark.parametrize(
    "table",
    [
        {"l.weight": ("F16", (4, 4)), "l.bias": ("F16", (4,))},
        {},
        {"l.qweight": ("I32", (4, 4))},
        {"l.qweight": ("F32", (32, 64)), "l.scales": ("F16", (2, 64))},
        {"l.qweight": ("I32", (32, 64)), "l.scales": ("F16", (2, 64)), "l.g_idx": ("I32", (204,))},  # 5 bits
        {"a.qweight": ("I32", (32, 64)), "b.scales": ("F16", (2, 64))},  # of two modules
        {"l.weight": ("F16", (4, 4)), "l.scales": ("F16", (4, 1))},
        {"l.weight": ("F16", (4, 4)), "l.scale": ("F16", (4,))},
        {"l.weight": ("F16", (4, 4)), "l.weight_scale": ("F16", (4,))},
        {"l.q_weight": ("I32", (4, 4))},
        {"l.trellis": ("I16", (4, 4))},
        {"a_blocks": ("U8", (4, 4)), "b_scales": ("U8", (4,))},
        {"a_blocks": ("F16", (4, 4)), "a_scales": ("U8", (4,))},
        {"a.quant_state.bitsandbytes__nf4": ("U8", (80,))},
    ],
)
def test_tensors_that_are_what_their_shapes_say(table: Table) -> None:
    assert find(tensors(table)) is None


@pytest.mark.parametrize(
    ("dtype", "scale", "more", "quant", "per"),
    [("I8", "BF16", "", "SVDQuant-int4", 2), ("I32", "BF16", "", "SVDQuant-int4", 8), ("I8", "F8_E4M3", "", "SVDQuant-fp4", 2),
     ("U8", "BF16", "wcscales", "SVDQuant-fp4", 2), ("I8", "BF16", "wtscale", "SVDQuant-fp4", 2)],
)  # fmt: skip
def test_svdquant(dtype: str, scale: str, more: str, quant: str, per: int) -> None:
    table: Table = {
        "t.qkv.qweight": (dtype, (16, 32)),
        "t.qkv.wscales": (scale, (4, 16)),
        "t.qkv.proj_down": ("BF16", (64, 8)),
    }
    if more:
        table[f"t.qkv.{more}"] = ("BF16", (16,))
    found = packing(table)
    assert found.quant == quant and found.bytes == size(table)
    assert (found.counts or {})["t.qkv.qweight"] == 16 * 32 * per and (found.counts or {})["t.qkv.proj_down"] == 0


def test_exllama_says_how_many_bits_a_weight_costs_without_its_last_layer() -> None:
    layer: Table = {"l.q.q_weight": ("I32", (128, 256)), "l.q.q_invperm": ("I16", (1024,))}
    head: Table = {"lm_head.q_weight": ("I32", (256, 256)), "lm_head.q_perm": ("I16", (1024,))}
    found = packing({**layer, **head})
    assert found.quant == f"EXL2-{8 * size(layer) / (1024 * 256):.1f}bpw" and found.bytes == size(layer) + size(head)
    assert found.counts == {
        "l.q.q_weight": 1024 * 256,
        "l.q.q_invperm": 0,
        "lm_head.q_weight": 1024 * 256,
        "lm_head.q_perm": 0,
    }
    assert find(tensors(head)) is None  # nothing but the head: no figure to tell
    trellis: Table = {
        "l.k.trellis": ("I16", (16, 8, 48)),
        "l.k.suh": ("F16", (256,)),
        "lm_head.trellis": ("I16", (16, 8, 96)),
    }
    third = packing(trellis)
    assert third.quant == "EXL3-3.0bpw" and third.bytes == size(trellis)
    assert third.counts == {"l.k.trellis": 256 * 128, "l.k.suh": 0, "lm_head.trellis": 256 * 128}


def mlx(bits: int, group: int, inputs: int = 1024, outputs: int = 64, layer: str = "l.self_attn.q_proj") -> Table:
    return {
        f"{layer}.weight": ("U32", (outputs, inputs * bits // 32)),
        f"{layer}.scales": ("BF16", (outputs, inputs // group)), f"{layer}.biases": ("BF16", (outputs, inputs // group)),
    }  # fmt: skip


@pytest.mark.parametrize("bits", [2, 3, 4, 5, 6, 8])
@pytest.mark.parametrize("group", [32, 64, 128])
def test_mlx_by_the_norm_before_a_layer(bits: int, group: int) -> None:
    table = mlx(bits, group)
    found = packing({**table, "l.norm.weight": ("BF16", (1024,))})
    assert (found.quant, found.bytes) == (f"MLX-{bits}bit", size(table))
    assert found.why == f"weight, scales and biases of 1 layer, groups of {group}"
    assert (found.counts or {})["l.self_attn.q_proj.weight"] == 1024 * 64 and "l.norm.weight" not in (
        found.counts or {}
    )


def test_mlx_that_does_not_tell_its_groups_has_no_count() -> None:
    table = mlx(4, 64)
    assert packing(table) == Packing("MLX", "weight, scales and biases of 1 layer", size(table), None)
    assert packing({**mlx(4, 64, layer="x"), "norm.weight": ("BF16", (1024,))}).counts is None


def test_mlx_without_biases_is_mxfp4() -> None:
    table: Table = {"q.weight": ("U32", (16, 32)), "q.scales": ("U8", (16, 8))}
    assert packing(table) == Packing(
        "MXFP4", "weight and scales of 1 layer", size(table), {"q.weight": 16 * 256, "q.scales": 0}
    )


@pytest.mark.parametrize(
    ("table", "quant", "counts"),
    [
        ({"q.weight": ("I8", (8, 4)), "q.SCB": ("F32", (8,))}, "INT8", {"q.weight": 32, "q.SCB": 0}),
        ({"q.weight": ("F8_E4M3", (8, 4)), "q.weight_scale": ("F32", ())}, "FP8_E4M3", {"q.weight": 32, "q.weight_scale": 0}),
        ({"q.weight": ("F8_E5M2", (8, 4)), "q.scale_weight": ("F32", ())}, "FP8_E5M2", {"q.weight": 32, "q.scale_weight": 0}),
        ({"q.weight": ("F8_E4M3", (8, 4)), "q.weight_scale_inv": ("F32", ())}, "FP8_E4M3", {"q.weight": 32, "q.weight_scale_inv": 0}),
        ({"q.weight": ("I8", (8, 4)), "q.weight_scale": ("F32", (8,))}, "INT8", {"q.weight": 32, "q.weight_scale": 0}),
        ({"q.weight_packed": ("U8", (8, 4)), "q.weight_scale": ("F8_E4M3", (8,))}, "NVFP4", {"q.weight_packed": 64, "q.weight_scale": 0}),
        ({"q.weight": ("U8", (8, 4)), "q.weight_scale": ("F8_E8M0", (8,))}, "MXFP4", {"q.weight": 64, "q.weight_scale": 0}),
        ({"q.weight": ("I8", (8, 4)), "q.scale": ("F32", (8,))}, "SDNQ-int8", {"q.weight": 32, "q.scale": 0}),
        ({"q.weight": ("U8", (8, 4)), "q.scale": ("F32", (8,))}, "SDNQ", None),
        ({"q.weight": ("U8", (64, 1)), "q.weight.absmax": ("U8", (2,)), "q.weight.quant_state.bitsandbytes__nf4": ("U8", (80,))},
         "NF4", {"q.weight": 128, "q.weight.absmax": 0, "q.weight.quant_state.bitsandbytes__nf4": 0}),
        ({"q.weight": ("BF16", (64, 1)), "q.weight.quant_state.bitsandbytes__fp4": ("U8", (80,))},
         "FP4", {"q.weight": 256, "q.weight.quant_state.bitsandbytes__fp4": 0}),
        ({"e.up_blocks": ("U8", (4, 2, 16)), "e.up_scales": ("U8", (4, 2))}, "MXFP4", {"e.up_blocks": 256, "e.up_scales": 0}),
    ],
)  # fmt: skip
def test_each_scheme_by_what_stands_beside_the_weights(table: Table, quant: str, counts: dict[str, int] | None) -> None:
    plain: Table = {"norm.weight": ("BF16", (16,)), "q.bias": ("BF16", (8,))}
    found = packing({**table, **plain})
    assert (found.quant, found.counts, found.bytes) == (quant, counts, size(table))


def test_how_many_weights_are_packed_is_said() -> None:
    one: Table = {"a.up_blocks": ("U8", (16,)), "a.up_scales": ("U8", (1,))}
    assert packing(one).why == "1 packed weight"
    assert (
        packing({**one, **{name.replace("a.", "b."): entry for name, entry in one.items()}}).why == "2 packed weights"
    )


def test_a_table_without_modules() -> None:
    assert packing({"weight": ("I8", (8, 4)), "SCB": ("F32", (8,))}).counts == {"weight": 32, "SCB": 0}
