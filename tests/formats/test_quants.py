"""The true quant by what most weights are, not by what a name says."""

from __future__ import annotations

import pytest

from model_manager.formats.quants import bits, of_gguf
from model_manager.formats.tensors import Tensor


def told(tensors: dict[str, tuple[str, tuple[int, ...]]], label: str = "") -> dict[str, object]:
    return {
        claim.field: claim.value
        for claim in of_gguf({name: Tensor(shape, kind, 100) for name, (kind, shape) in tensors.items()}, label)
    }


BIG, SMALL, TABLE = (100, 100), (10, 10), (1000, 1000)


def test_bits_are_those_of_all_weights() -> None:
    assert (bits(100, 200), bits(45, 100), bits(1, 0)) == (4.0, 3.6, 0.0)
    assert told({"a": ("F16", BIG), "b": ("F32", (100,))})["bits_per_weight"] == round(8 * 200 / 10_100, 2)


@pytest.mark.parametrize(
    ("tensors", "label", "quant"),
    [
        ({"a": ("Q4_K", BIG), "b": ("Q6_K", SMALL)}, "", "Q4_K_M"), ({"a": ("Q4_K", BIG)}, "", "Q4_K_S"), ({"a": ("Q4_K", BIG)}, "Q4_K_M", "Q4_K_M"),
        ({"a": ("Q5_K", BIG), "b": ("Q6_K", SMALL)}, "Q8_0", "Q5_K_M"), ({"a": ("Q3_K", BIG), "b": ("Q5_K", SMALL)}, "", "Q3_K_L"),
        ({"a": ("Q3_K", BIG), "b": ("Q4_K", SMALL)}, "", "Q3_K_M"), ({"a": ("Q3_K", BIG)}, "", "Q3_K_S"), ({"a": ("Q8_0", BIG)}, "", "Q8_0"),
        ({"a": ("Q4_K", BIG), "output.weight": ("Q6_K", TABLE)}, "", "Q4_K_S"), ({"token_embd.weight": ("Q6_K", TABLE)}, "", "Q6_K"),
        ({"a": ("Q8_0", BIG), "b": ("F32", (10**6,))}, "", "Q8_0"), ({"a": ("F32", (7,))}, "", "F32"),
    ],
)  # fmt: skip
def test_what_most_matrices_are_beside_the_tables(
    tensors: dict[str, tuple[str, tuple[int, ...]]], label: str, quant: str
) -> None:
    assert told(tensors, label)["quant"] == quant


def test_a_label_is_told_beside_what_is_true() -> None:
    found = told({"a": ("Q8_0", BIG)}, "Q4_K_M")
    assert (found["quant"], found["quant_label"]) == ("Q8_0", "Q4_K_M")
    assert told({}, "Q4_K_M") == {"quant_label": "Q4_K_M"} and told({}) == {}
