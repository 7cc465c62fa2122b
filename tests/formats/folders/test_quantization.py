"""What a configuration says of its weights' quantisation: a label by the tool that made it."""

from __future__ import annotations

import pytest
from memory_folder import MemoryFolder

from model_manager.base.facts import Claim
from model_manager.formats.folders.quantization import claims_of

FP8_GROUP = {"config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float"}}}}


def claims(config: dict[str, object], **files: object) -> list[Claim]:
    return list(claims_of(MemoryFolder("m", {f"{name}.json": one for name, one in files.items()}), config))


def label(config: dict[str, object], **files: object) -> object:
    found = claims(config, **files)
    assert all((one.field, one.source) == ("quant_label", "metadata") for one in found) and len(found) < 2
    return found[0].value if found else None


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ({"quant_method": "gptq", "bits": 4}, "GPTQ-4bit"), ({"quant_method": "GPTQ", "bits": 8}, "GPTQ-8bit"),
        ({"quant_method": "awq", "w_bit": 4}, "AWQ-4bit"), ({"quant_method": "awq"}, "AWQ"), ({"quant_method": "hqq", "nbits": 3}, "HQQ-3bit"),
        ({"quant_method": "gptq", "bits": True}, "GPTQ"), ({"quant_method": "gptq", "bits": 33}, "GPTQ"), ({"quant_method": "gptq", "bits": 0}, "GPTQ"),
        ({"quant_method": "quip", "weight_bits": 2}, "QuIP#-2bit"), ({"quant_method": "auto-round", "bits": 4}, "AutoRound-4bit"),
        ({"quant_method": "exl2", "bits": 4.25}, "EXL2-4.2bpw"), ({"quant_method": "exl3", "bits": 3}, "EXL3-3.0bpw"), ({"quant_method": "exl2"}, "EXL2"),
        ({"quant_method": "mxfp4"}, "MXFP4"), ({"quant_method": "fp8"}, "FP8_E4M3"), ({"quant_method": "bitnet"}, "BitNet"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}, "NF4"), ({"load_in_4bit": True}, "FP4"),
        ({"quant_method": "bitsandbytes", "_load_in_8bit": True}, "INT8"), ({"load_in_8bit": True}, "INT8"), ({"load_in_8bit": False}, None),
        ({"quant_method": "compressed-tensors", **FP8_GROUP}, "FP8_E4M3"),
        ({"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 4, "type": "float"}}}}, "FP4"),
        ({"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 4, "type": "int"}}}}, "W4A16"),
        ({"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 8}, "input_activations": {"num_bits": 8}}}}, "W8A8"),
        ({"quant_method": "compressed-tensors"}, "compressed-tensors"), ({"quant_method": "compressed-tensors", "config_groups": []}, "compressed-tensors"),
        ({"quant_method": "modelopt", "quant_algo": "FP8"}, "FP8_E4M3"), ({"quant_method": "modelopt", "quant_algo": "nvfp4"}, "NVFP4"),
        ({"quant_method": "modelopt", "quantization": {"quant_algo": "W4A8"}}, "W4A8"), ({"quant_method": "modelopt"}, None),
        ({"quant_method": "brandnew"}, "brandnew"), ({"quant_method": "x" * 99}, "x" * 40), ({"quant_method": 7}, None), ({}, None),
    ],
)  # fmt: skip
def test_a_label_by_its_method(method: dict[str, object], told: str | None) -> None:
    assert label({"quantization_config": method}) == told
    assert label({"text_config": {"quantization_config": method}}) == told


@pytest.mark.parametrize(
    ("one", "told"),
    [
        ({"group_size": 64, "bits": 4}, "MLX-4bit"), ({"group_size": 32, "bits": 4, "mode": "mxfp4"}, "MXFP4"), ({"group_size": 64, "bits": 17}, None),
        ({"bits": 4}, None), ({"group_size": 64, "bits": 4, "desc_act": False}, None), ({"group_size": 64, "bits": 4, "zero_point": True}, None),
    ],
)  # fmt: skip
def test_mlx_names_no_method(one: dict[str, object], told: str | None) -> None:
    assert label({"quantization": one}) == told and label({"quantization_config": one}) == told


def test_files_of_older_tools_in_their_order_and_only_where_the_configuration_says_nothing() -> None:
    assert label({}, quantize_config={"bits": 4}) == "GPTQ-4bit"
    assert label({}, quant_config={"w_bit": 4}) == "AWQ-4bit"
    assert label({}, hf_quant_config={"quantization": {"quant_algo": "NVFP4"}}) == "NVFP4"
    assert (
        label({}, quantization_config={"quant_method": "exl3", "bits": 4}, quantize_config={"bits": 8}) == "EXL3-4.0bpw"
    )
    assert label({}, quantization_config={}, quantize_config={"bits": 8}) == "GPTQ-8bit"
    assert label({"quantization_config": {"quant_method": "fp8"}}, quantize_config={"bits": 8}) == "FP8_E4M3"
    assert claims({}, quantize_config=b"{") == [] == claims({})


def test_it_says_where_it_stands() -> None:
    assert claims({"quantization_config": {"quant_method": "fp8"}})[0].detail == "config.json quantization_config"
    assert claims({"quantization": {"group_size": 64, "bits": 4}})[0].detail == "config.json quantization"
    assert claims({}, quantize_config={"bits": 4})[0].detail == "quantize_config.json"
