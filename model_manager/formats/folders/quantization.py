"""What a configuration says of its weights' quantisation: a label, which the tensors may contradict."""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import Text, json_of, number, within

_WIDTHS = {"gptq": "GPTQ", "awq": "AWQ", "hqq": "HQQ", "aqlm": "AQLM", "quip": "QuIP#", "vptq": "VPTQ", "eetq": "EETQ",
           "auto-round": "AutoRound", "autoround": "AutoRound", "gptqmodel": "GPTQ", "spqr": "SpQR"}  # fmt: skip
_BPW = {"exl2": "EXL2", "exl3": "EXL3"}
_WHOLE = {"mxfp4": "MXFP4", "fp8": "FP8_E4M3", "fbgemm_fp8": "FP8_E4M3", "nvfp4": "NVFP4", "bitnet": "BitNet"}
_SOURCES = ("quantization_config.json", "quantize_config.json", "quant_config.json", "hf_quant_config.json")


def claims_of(folder: ModelFolder, config: Text) -> Iterator[Claim]:
    """`quant_label`, from config.json or from the file of its own that older tools write."""
    label = _label(within(config, "quantization_config")) or _label(
        within(within(config, "text_config"), "quantization_config")
    )
    if label:
        yield Claim("quant_label", label, "metadata", "config.json quantization_config")
        return
    if label := _mlx(within(config, "quantization")):
        yield Claim("quant_label", label, "metadata", said("config.json quantization"))
        return
    for name in _SOURCES:
        if name not in folder.sizes:
            continue
        found = json_of(folder, name)
        told = _label(found) or _modelopt(found) or _older(name, found)
        if told:
            yield Claim("quant_label", told, "metadata", name)
            return


def _label(config: Text) -> str:
    method = config.get("quant_method")
    method = method.lower()[:40] if isinstance(method, str) else ""
    bits = _bits(config)
    if method == "bitsandbytes" or (not method and ("load_in_4bit" in config or "load_in_8bit" in config)):
        if config.get("load_in_4bit") or config.get("_load_in_4bit"):
            return str(config.get("bnb_4bit_quant_type", "fp4"))[:8].upper()
        return "INT8" if config.get("load_in_8bit") or config.get("_load_in_8bit") else ""
    if method in _BPW:
        return f"{_BPW[method]}-{float(bits):.1f}bpw" if bits else _BPW[method]
    if method in _WIDTHS:
        return f"{_WIDTHS[method]}-{bits:g}bit" if bits else _WIDTHS[method]
    if method in _WHOLE:
        return _WHOLE[method]
    if method == "compressed-tensors":
        return _compressed(config)
    if method == "modelopt":
        return _modelopt(config)
    if not method:
        return _mlx(config)
    return method


def _bits(config: Text) -> float:
    for key in ("bits", "w_bit", "nbits", "weight_bits"):
        value = config.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 32:
            return value
    return 0


def _mlx(config: Text) -> str:
    """MLX writes group_size and bits and names no method."""
    bits = number(config.get("bits"))
    if not bits or bits > 16 or "group_size" not in config or "desc_act" in config or "zero_point" in config:
        return ""
    mode = config.get("mode")
    return "MXFP4" if mode == "mxfp4" else f"MLX-{bits}bit"


def _older(name: str, config: Text) -> str:
    bits = _bits(config)
    kind = "AWQ" if name == "quant_config.json" else "GPTQ"
    return f"{kind}-{bits:g}bit" if bits else ""


def _modelopt(config: Text) -> str:
    algorithm = config.get("quant_algo") or within(config, "quantization").get("quant_algo")
    if not isinstance(algorithm, str):
        return ""
    return {"FP8": "FP8_E4M3", "NVFP4": "NVFP4"}.get(algorithm.upper(), algorithm[:40])


def _compressed(config: Text) -> str:
    groups = config.get("config_groups")
    first = next(iter(groups.values()), None) if isinstance(groups, dict) else None
    weights = within(first, "weights")
    bits, kind = number(weights.get("num_bits")), weights.get("type")
    if kind == "float":
        return {8: "FP8_E4M3", 4: "FP4"}.get(bits, "compressed-tensors")
    acts = within(first, "input_activations")
    return f"W{bits}A{number(acts.get('num_bits')) or 16}" if bits else "compressed-tensors"
