"""True parameters and quants of packed weights."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base.facts import settle
from model_manager.formats import packed
from model_manager.formats.tensors import Tensor, elements, shares

_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "I64": 8, "I16": 2, "U8": 1, "I8": 1, "F8_E4M3": 1,
          "F8_E5M2": 1, "F8_E8M0": 1}  # fmt: skip
Table = dict[str, tuple[str, tuple[int, ...]]]


def known(table: Table) -> dict[str, object]:
    tensors = {name: Tensor(shape, dtype, elements(shape) * _BYTES[dtype]) for name, (dtype, shape) in table.items()}
    return {field: claim.value for field, claim in settle(packed.claims_of(tensors, shares(tensors))).items()}


NORM: Table = {"model.norm.weight": ("BF16", (256,))}
GPTQ: Table = {
    "l.0.q_proj.qweight": ("I32", (256 // 8, 128)), "l.0.q_proj.qzeros": ("I32", (2, 128 // 8)),
    "l.0.q_proj.scales": ("F16", (2, 128)), "l.0.q_proj.g_idx": ("I32", (256,)), "l.0.q_proj.bias": ("F16", (128,)),
}  # fmt: skip
AWQ: Table = {
    "l.0.q_proj.qweight": ("I32", (256, 128 // 8)), "l.0.q_proj.qzeros": ("I32", (2, 128 // 8)),
    "l.0.q_proj.scales": ("F16", (2, 128)),
}  # fmt: skip
MLX: Table = {
    "model.layers.0.self_attn.q_proj.weight": ("U32", (128, 256 * 4 // 32)),
    "model.layers.0.self_attn.q_proj.scales": ("BF16", (128, 4)),
    "model.layers.0.self_attn.q_proj.biases": ("BF16", (128, 4)),
}
EXL2: Table = {
    "l.0.q_proj.q_weight": ("I32", (128, 1024)), "l.0.q_proj.q_invperm": ("I16", (1024,)),
    "l.0.q_proj.q_scale": ("I32", (8, 16)), "l.0.q_proj.q_groups": ("I16", (16,)),
}  # fmt: skip
NF4: Table = {
    "m.q.weight": ("U8", (128 * 256 // 2, 1)), "m.q.weight.absmax": ("U8", (512,)),
    "m.q.weight.quant_map": ("F32", (16,)), "m.q.weight.quant_state.bitsandbytes__nf4": ("U8", (80,)),
}  # fmt: skip
SVD: Table = {
    "t.qkv.qweight": ("I8", (128, 256 // 2)), "t.qkv.wscales": ("BF16", (4, 128)),
    "t.qkv.smooth_factor": ("BF16", (256,)), "t.qkv.proj_down": ("BF16", (256, 8)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "quant", "count"),
    [
        (NORM, "BF16", 256),
        (GPTQ, "GPTQ-4bit", 256 * 128 + 128),
        ({name: one for name, one in GPTQ.items() if "g_idx" not in name}, "GPTQ-4bit", 256 * 128 + 128),
        (AWQ, "AWQ-4bit", 256 * 128),
        ({**NORM, **MLX}, "MLX-4bit", 256 * 128 + 256),
        (EXL2, "EXL2-4.0bpw", 1024 * 1024),
        ({"l.0.k.trellis": ("I16", (16, 8, 48)), "l.0.k.suh": ("F16", (256,))}, "EXL3-3.0bpw", 256 * 128),
        (NF4, "NF4", 128 * 256),
        ({name.replace("nf4", "fp4"): one for name, one in NF4.items()}, "FP4", 128 * 256),
        ({"m.q.weight": ("I8", (64, 32)), "m.q.SCB": ("F32", (64,))}, "INT8", 64 * 32),
        ({"m.weight": ("F8_E4M3", (64, 32)), "m.scale_weight": ("F32", ()), **NORM}, "FP8_E4M3", 64 * 32 + 256),
        ({"m.weight": ("F8_E5M2", (64, 32))}, "FP8_E5M2", 64 * 32),
        ({"m.weight": ("F8_E4M3", (64, 32)), "m.weight_scale_inv": ("F32", (1, 1))}, "FP8_E4M3", 64 * 32),
        ({"m.weight": ("U8", (64, 16)), "m.weight_scale": ("F8_E4M3", (64, 2)), "m.weight_scale_2": ("F32", ())},
         "NVFP4", 64 * 32),
        (SVD, "SVDQuant-int4", 128 * 256),
        ({"m.weight": ("I8", (64, 32)), "m.scale": ("F32", (64, 1))}, "SDNQ-int8", 64 * 32),
        ({"e.gate_up_proj_blocks": ("U8", (4, 64, 2, 16)), "e.gate_up_proj_scales": ("U8", (4, 64, 2))},
         "MXFP4", 4 * 64 * 64),
        ({"q.weight": ("U32", (128, 32)), "q.scales": ("U8", (128, 8))}, "MXFP4", 128 * 256),
    ],
)  # fmt: skip
def test_quant_and_count(table: Table, quant: str, count: int) -> None:
    held = known(table)
    assert held["quant"] == quant and held["parameters"] == count


@pytest.mark.parametrize("bits", [2, 3, 8])
def test_gptq_of_other_widths(bits: int) -> None:
    table: Table = {
        "a.qweight": ("I32", (256 * bits // 32, 128)),
        "a.qzeros": ("I32", (2, 128 * bits // 32)),
        "a.scales": ("F16", (2, 128)),
    }
    assert known(table) | {"bits_per_weight": 0} == {
        "parameters": 256 * 128, "quant": f"GPTQ-{bits}bit", "bits_per_weight": 0
    }  # fmt: skip


def test_mlx_that_does_not_tell_its_bits_has_no_count() -> None:
    held = known({name.replace("q_proj", "odd"): one for name, one in MLX.items()})
    assert held == {"quant": "MLX"}


def test_a_packed_part_does_not_name_the_whole() -> None:
    held = known({**NF4, "unet.weight": ("F16", (1024, 1024))})
    assert held["quant"] == "F16" and held["parameters"] == 1024 * 1024 + 128 * 256


def test_bits_per_weight_is_what_it_costs() -> None:
    assert known(GPTQ)["bits_per_weight"] == pytest.approx(
        8 * (16384 + 128 + 512 + 1024 + 256) / (256 * 128 + 128), abs=0.01
    )


def test_a_plain_model_of_2531_tensors_is_quick() -> None:
    tensors = {f"model.{index}.weight": Tensor((640, 640), "F16", 819200) for index in range(2531)}
    best = 1.0
    for _ in range(5):
        started = time.perf_counter()
        list(packed.claims_of(tensors, shares(tensors)))
        best = min(best, time.perf_counter() - started)
    assert best < 0.01  # 0.6 ms here; ten times that for a busy machine


_PART = st.sampled_from(["qweight", "scales", "qzeros", "g_idx", "weight", "biases", "q_weight", "q_invperm", "trellis",
                         "SCB", "wscales", "weight_scale", "scale", "weight.absmax", "x_blocks", "x_scales",
                         "weight.quant_state.bitsandbytes__nf4"])  # fmt: skip
_TENSOR = st.tuples(st.sampled_from(sorted(_BYTES)), st.lists(st.integers(0, 4096), max_size=4).map(tuple))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.tuples(st.sampled_from(["a", "b.q_proj", ""]), _PART).map(".".join), _TENSOR))
def test_any_shapes_are_survived(table: Table) -> None:
    known(table)
