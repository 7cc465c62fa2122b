"""How weights are packed into integers and small floats, by the tensors that stand beside them.

Signatures from the tools that write them: AutoGPTQ, AutoAWQ, MLX, exllamav2, exllamav3, bitsandbytes, ComfyUI's and
transformers' scaled fp8, nunchaku (SVDQuant), SDNQ, gpt-oss (MXFP4), NVIDIA ModelOpt and compressed-tensors (NVFP4).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from model_manager.base.messages import counted, figure
from model_manager.formats.tensors import Tensor, Tensors

_FP8 = {"F8_E4M3": "FP8_E4M3", "F8_E5M2": "FP8_E5M2", "F8_E4M3FNUZ": "FP8_E4M3", "F8_E5M2FNUZ": "FP8_E5M2"}
_FP4_SCALES = {"F8_E4M3": "NVFP4", "F8_E8M0": "MXFP4"}
_GPTQ_BITS = frozenset({2, 3, 4, 8})
_MLX_BITS = frozenset({2, 3, 4, 5, 6, 8})
_MLX_GROUPS = (64, 32, 128)


@dataclass(frozen=True, slots=True)
class Packing:
    """`counts`: true weights of the tensors that hold more or fewer than their shape says, 0 for scales and the
    like; None when it cannot be told. `bytes` are those of the packed tensors and what belongs to them."""

    quant: str
    why: str
    bytes: int
    counts: dict[str, int] | None


Modules = dict[str, dict[str, Tensor]]
"""Module -> last part of a tensor's name -> tensor."""


def find(tensors: Tensors) -> Packing | None:
    """The packing of most weights, None when tensors are what their shapes say."""
    parts = {name[name.rfind(".") + 1 :] for name in tensors}
    fitting = [scheme for needed, scheme in _SCHEMES if needed <= parts]
    if fitting:
        modules: Modules = {}
        for name, tensor in tensors.items():
            module, _, part = name.rpartition(".")
            modules.setdefault(module, {})[part] = tensor
        for scheme in fitting:
            if packing := scheme(modules):
                return packing
    marked = any(part.startswith("bitsandbytes__") or part.endswith("_blocks") for part in parts)
    return _by_name(tensors) if marked else None


def _packing(quant: str, why: str, modules: Iterable[tuple[str, dict[str, Tensor], dict[str, int]]]) -> Packing | None:
    """From (module, its tensors, true weights of some of them); every other tensor of a packed module is overhead,
    but its bias."""
    counts: dict[str, int] = {}
    size = 0
    for module, members, weights in modules:
        for part, tensor in members.items():
            if part not in weights and part == "bias":
                continue
            counts[f"{module}.{part}" if module else part] = weights.get(part, 0)
            size += tensor.bytes
    return Packing(quant, why, size, counts) if counts else None


def _side(tensor: Tensor | None, index: int) -> int:
    return tensor.shape[index] if tensor is not None and -len(tensor.shape) <= index < len(tensor.shape) else 0


def _most(weights: dict[str, int]) -> str:
    return max(weights, key=lambda name: (weights[name], name))


def _gptq(modules: Modules) -> Packing | None:
    """GPTQ packs inputs, qweight [in·bits/32, out]; AWQ outputs, [in, out·bits/32]. scales are [groups, out]."""
    found, bits_of = [], dict[str, int]()
    for module, members in modules.items():
        packed, scales = members.get("qweight"), members.get("scales")
        if packed is None or scales is None or packed.dtype not in ("I32", "U32"):
            continue
        rows, columns, outputs = _side(packed, 0), _side(packed, 1), _side(scales, -1)
        if not rows or not columns or not outputs:
            continue
        if columns == outputs:
            inputs, points = _side(members.get("g_idx"), 0), _side(members.get("qzeros"), -1)
            bits = rows * 32 // inputs if inputs else points * 32 // outputs
            kind, weights = "GPTQ", rows * 32 // bits * columns if bits else 0
        else:
            bits = columns * 32 // outputs
            kind, weights = "AWQ", rows * outputs
        if bits not in _GPTQ_BITS:
            continue
        found.append((module, members, {"qweight": weights}))
        label = f"{kind}-{bits}bit"
        bits_of[label] = bits_of.get(label, 0) + weights
    if not found:
        return None
    return _packing(
        _most(bits_of),
        counted("qweight and scales of {0} layer", "qweight and scales of {0} layers", len(found), figure(len(found))),
        found,
    )


def _svdquant(modules: Modules) -> Packing | None:
    """nunchaku: qweight I8 [out, in/2] with wscales; its AWQ layers have I32 of eight weights. Low-rank parts are
    corrections of the packed weights, not weights of their own."""
    found = []
    kind = "int4"
    for module, members in modules.items():
        packed, scales = members.get("qweight"), members.get("wscales")
        if packed is None or scales is None:
            continue
        if scales.dtype.startswith("F8") or "wcscales" in members or "wtscale" in members:
            kind = "fp4"
        per = {"I8": 2, "U8": 2, "I32": 8, "U32": 8}.get(packed.dtype, 1)
        found.append((module, members, {"qweight": math.prod(packed.shape) * per}))
    return _packing(
        f"SVDQuant-{kind}",
        counted(
            "qweight and wscales of {0} layer", "qweight and wscales of {0} layers", len(found), figure(len(found))
        ),
        found,
    )


def _exl2(modules: Modules) -> Packing | None:
    """exllamav2: q_weight [rows of mixed bits, out]; how many inputs there are says the permutation's length."""
    found = []
    stored = weights = 0
    for module, members in modules.items():
        packed = members.get("q_weight")
        order = members.get("q_invperm") or members.get("q_perm")
        if packed is None or order is None:
            continue
        count = _side(order, 0) * _side(packed, 1)
        found.append((module, members, {"q_weight": count}))
        if not module.endswith("lm_head"):
            stored += sum(tensor.bytes for part, tensor in members.items() if part != "bias")
            weights += count
    if not weights:
        return None
    return _packing(
        f"EXL2-{8 * stored / weights:.1f}bpw",
        counted("q_weight of {0} layer", "q_weight of {0} layers", len(found), figure(len(found))),
        found,
    )


def _exl3(modules: Modules) -> Packing | None:
    """exllamav3: trellis I16 [in/16, out/16, 16·bits]."""
    found = []
    stored = weights = 0
    for module, members in modules.items():
        packed = members.get("trellis")
        if packed is None or len(packed.shape) != 3:
            continue
        count = packed.shape[0] * packed.shape[1] * 256
        found.append((module, members, {"trellis": count}))
        if not module.endswith("lm_head"):
            stored += packed.bytes
            weights += count
    if not weights:
        return None
    return _packing(
        f"EXL3-{8 * stored / weights:.1f}bpw",
        counted("trellis of {0} layer", "trellis of {0} layers", len(found), figure(len(found))),
        found,
    )


def _mlx(modules: Modules) -> Packing | None:
    """MLX: weight U32 [out, in·bits/32], scales [out, in/group], biases alike.

    The two shapes give bits × group only: which of both, a layer norm's length says, else nothing does.
    Without biases and with U8 scales it is MXFP4 (groups of 32).
    """
    quantised = {
        module: members
        for module, members in modules.items()
        if "scales" in members and "weight" in members and members["weight"].dtype == "U32"
    }
    if not quantised:
        return None
    if all("biases" not in members for members in quantised.values()):
        return _packing(
            "MXFP4", counted("weight and scales of {0} layer", "weight and scales of {0} layers", len(quantised), figure(len(quantised))),
            [(name, one, {"weight": math.prod(one["weight"].shape) * 8}) for name, one in quantised.items()],
        )  # fmt: skip
    size = sum(tensor.bytes for members in quantised.values() for tensor in members.values())
    group = _mlx_group(modules, quantised)
    found, sums = [], dict[str, int]()
    for name, one in quantised.items():
        ratio = _side(one["weight"], -1) * 32 // max(_side(one["scales"], -1), 1)
        bits = ratio // group if group else 0
        if bits not in _MLX_BITS:
            return Packing(
                "MLX",
                counted(
                    "weight, scales and biases of {0} layer",
                    "weight, scales and biases of {0} layers",
                    len(quantised),
                    figure(len(quantised)),
                ),
                size,
                None,
            )
        count = math.prod(one["scales"].shape) * group
        found.append((name, one, {"weight": count}))
        sums[f"MLX-{bits}bit"] = sums.get(f"MLX-{bits}bit", 0) + count
    return _packing(
        _most(sums),
        counted(
            "weight, scales and biases of {0} layer, groups of {1}",
            "weight, scales and biases of {0} layers, groups of {1}",
            len(found),
            figure(len(found)),
            group,
        ),
        found,
    )


def _mlx_group(modules: Modules, quantised: Modules) -> int:
    """The group size, from a layer whose input is as long as the norm before it; 0 when nothing says."""
    lengths = {
        _side(members["weight"], 0)
        for module, members in modules.items()
        if "norm" in module and "weight" in members and len(members["weight"].shape) == 1
    }
    for module, members in quantised.items():
        if not module.endswith(("q_proj", "embed_tokens", "qkv_proj", "wq", "up_proj", "query_key_value")):
            continue
        columns, groups = _side(members["weight"], -1), _side(members["scales"], -1)
        fitting = {
            group
            for group in _MLX_GROUPS
            if groups and columns * 32 % (groups * group) == 0 and columns * 32 // (groups * group) in _MLX_BITS
        }
        known = {group for group in fitting if groups * group in lengths}
        if len(known or fitting) == 1:
            return (known or fitting).pop()
    return 0


def _int8(modules: Modules) -> Packing | None:
    """bitsandbytes int8: weight I8 and SCB."""
    found = [
        (module, members, {"weight": math.prod(members["weight"].shape)})
        for module, members in modules.items()
        if "SCB" in members and "weight" in members
    ]
    return _packing(
        "INT8",
        counted(
            "weight and SCB of {0} layer (bitsandbytes)",
            "weight and SCB of {0} layers (bitsandbytes)",
            len(found),
            figure(len(found)),
        ),
        found,
    )


def _scaled(modules: Modules) -> Packing | None:
    """Weights with scales beside them: fp8 of one weight per byte, NVFP4 of two."""
    found, sums = [], dict[str, int]()
    for module, members in modules.items():
        weight = members.get("weight") or members.get("weight_packed")
        scale = next((members[part] for part in _SCALES if part in members), None)
        if weight is None or scale is None:
            continue
        part = "weight" if "weight" in members else "weight_packed"
        if weight.dtype in _FP8:
            label, count = _FP8[weight.dtype], math.prod(weight.shape)
        elif weight.dtype == "I8":
            label, count = "INT8", math.prod(weight.shape)
        elif weight.dtype in ("U8", "F4") and scale.dtype in _FP4_SCALES:
            label, count = _FP4_SCALES[scale.dtype], weight.bytes * 2
        else:
            continue
        found.append((module, members, {part: count}))
        sums[label] = sums.get(label, 0) + count
    return (
        _packing(
            _most(sums),
            counted(
                "weights and scales of {0} layer", "weights and scales of {0} layers", len(found), figure(len(found))
            ),
            found,
        )
        if found
        else None
    )


_SCALES = ("scale_weight", "weight_scale", "weight_scale_inv")


def _sdnq(modules: Modules) -> Packing | None:
    """SDNQ: weight and scale. Weights of less than a byte are packed flat, and how many lie in one is not said."""
    found, packed = [], 0
    for module, members in modules.items():
        weight, scale = members.get("weight"), members.get("scale")
        if weight is None or scale is None or weight.dtype not in ("I8", "U8", "I16", "U16", "I32", "U32"):
            continue
        found.append((module, members, {"weight": math.prod(weight.shape)}))
        packed += weight.dtype != "I8"
    whole = _packing(
        "SDNQ-int8",
        counted("weight and scale of {0} layer", "weight and scale of {0} layers", len(found), figure(len(found))),
        found,
    )
    return Packing("SDNQ", whole.why, whole.bytes, None) if whole and packed else whole


def _by_name(tensors: Tensors) -> Packing | None:
    """Packings whose marks are not last parts: bitsandbytes' quant_state below `weight`, MXFP4's `_blocks`."""
    counts: dict[str, int] = {}
    size = 0
    kinds: dict[str, int] = {}
    for name, tensor in tensors.items():
        stem, mark, kind = name.partition(".quant_state.bitsandbytes__")
        if mark and stem in tensors:
            count = tensors[stem].bytes * 2  # of any storage type: FSDP packs them into BF16
            label, weight = kind.upper()[:8], stem
            members = [one for one in (name, *(f"{stem}.{part}" for part in _BNB)) if one in tensors]
        elif name.endswith("_blocks") and tensor.dtype == "U8" and name[:-7] + "_scales" in tensors:
            count = math.prod(tensor.shape) * 2
            label, weight, members = "MXFP4", name, [name[:-7] + "_scales"]
        else:
            continue
        counts[weight] = count
        counts.update(dict.fromkeys(members, 0))
        size += tensors[weight].bytes + sum(tensors[one].bytes for one in members)
        kinds[label] = kinds.get(label, 0) + count
    if not kinds:
        return None
    return Packing(
        _most(kinds),
        counted(
            "{0} packed weight",
            "{0} packed weights",
            sum(map(bool, counts.values())),
            figure(sum(map(bool, counts.values()))),
        ),
        size,
        counts,
    )


_BNB = ("absmax", "quant_map", "nested_absmax", "nested_quant_map")

_SCHEMES: tuple[tuple[frozenset[str], Callable[[Modules], Packing | None]], ...] = (
    (frozenset({"qweight", "wscales"}), _svdquant),
    (frozenset({"qweight", "scales"}), _gptq),
    (frozenset({"q_weight"}), _exl2),
    (frozenset({"trellis"}), _exl3),
    (frozenset({"scales", "weight"}), _mlx),
    (frozenset({"SCB"}), _int8),
    (frozenset({"weight_scale"}), _scaled),
    (frozenset({"weight_scale_inv"}), _scaled),
    (frozenset({"scale_weight"}), _scaled),
    (frozenset({"weight", "scale"}), _sdnq),
)
