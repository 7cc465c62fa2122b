"""Which projectors belong to which GGUF: by name, and all of them where a folder holds one family."""

from __future__ import annotations

import pytest

from model_manager.stores.grouping.projectors import fitting


def fit(key: str, projectors: set[str], *others: str) -> set[str]:
    return fitting(key, projectors, {name: {name} for name in {key, *others, *projectors}})


def test_in_a_folder_of_one_family_every_projector_belongs_to_each_quant() -> None:
    both = {"mmproj-F16.gguf", "mmproj-BF16.gguf"}
    assert fit("gemma-3-Q4_K_M.gguf", both, "gemma-3-Q8_0.gguf", "gemma-3-UD-IQ2_XXS.gguf") == both


def test_among_several_families_a_projector_without_a_name_belongs_to_each() -> None:
    assert fit("gemma-3-Q4_K_M.gguf", {"mmproj-F16.gguf"}, "qwen-Q8_0.gguf") == {"mmproj-F16.gguf"}
    assert fit("gemma-3-Q4_K_M.gguf", {"mmproj-model-f16.gguf"}, "qwen-Q8_0.gguf") == {"mmproj-model-f16.gguf"}


@pytest.mark.parametrize(
    ("projector", "mine"),
    [("mmproj-gemma-3-F16.gguf", "gemma-3-4b-Q4_K_M.gguf"), ("gemma-3-4b-mmproj-f16.gguf", "gemma-3-4b-Q8_0.gguf"),
     ("mmproj-Gemma-3-4B-it-bf16.gguf", "gemma-3-4b-Q4_0.gguf")],
)  # fmt: skip
def test_by_its_name_it_belongs_to_one_family_alone(projector: str, mine: str) -> None:
    projectors = {projector, "mmproj-qwen2-vl-F16.gguf"}
    assert fit(mine, projectors, "qwen2-vl-7b-Q4_K_M.gguf") == {projector}
    assert fit("qwen2-vl-7b-Q4_K_M.gguf", projectors, mine) == {"mmproj-qwen2-vl-F16.gguf"}
    assert fit("llama-Q4_K_M.gguf", projectors, mine, "qwen2-vl-7b-Q4_K_M.gguf") == set()


def test_owner_and_repository_stand_before_it_in_a_flat_cache() -> None:
    first, second = "me_gemma_mmproj-F16.gguf", "me_qwen_mmproj-F16.gguf"
    assert fit("me_gemma_gemma-3-Q4_K_M.gguf", {first, second}, "me_qwen_qwen-Q4_K_M.gguf") == {first}


@pytest.mark.parametrize(
    "quant",
    [
        "Q4_K_M",
        "q8_0",
        "IQ3_XXS",
        "IQ4_NL",
        "Q2_K_XL",
        "UD-Q4_K_XL",
        "i1-Q6_K",
        "TQ1_0",
        "MXFP4_MOE",
        "NVFP4",
        "BF16",
        "fp16",
        "f32",
        "FP8_E4M3FN",
    ],
)
@pytest.mark.parametrize("mark", ["-", "_", "."])
def test_quants_of_one_model_are_one_family(quant: str, mark: str) -> None:
    assert fit(f"m{mark}{quant}.gguf", {"mmproj.gguf", "mmproj-other-F16.gguf"}, "m-Q4_0.gguf") == {
        "mmproj.gguf",
        "mmproj-other-F16.gguf",
    }


def test_other_kinds_of_files_are_no_families() -> None:
    assert fit("m-Q4_0.gguf", {"mmproj-x-F16.gguf"}, "other.safetensors") == {"mmproj-x-F16.gguf"}
    assert fit("m-Q4_0.gguf", set()) == set()
