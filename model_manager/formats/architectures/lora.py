"""LoRA and its kin in every dialect: what they are for, by the width of what they hook into.

Dialects: kohya `lora_unet_…lora_down`, diffusers `…lora_A`/`to_k_lora.down`, PEFT `base_model.model.`, cloneofsimo
`text_encoder:0:down`, XLabs `…processor.qkv_lora1`, LyCORIS `hada_`, `lokr_`, `oft_`, OneTrainer `lora_transformer_`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.formats.architectures.names import Names, claims

_MARKS = (".lora_down.", ".lora_up.", ".lora_A.", ".lora_B.", "lora.down.", "lora.up.", "_lora.down", "_lora.up", "lora_A.weight",
          "lora_B.weight", ".hada_w", ".lokr_w", ".oft_", ".oft_diag", ".ia3", "qkv_lora1", "qkv_lora2", "proj_lora", ".dora_scale",
          ".diff_b", ".lora_magnitude_vector", "lora_linear_layer", ":down", ":up")  # fmt: skip
_SIMO = re.compile(r"\n(?:unet|text_encoder):\d+:(?:down|up)")
_LANGUAGE = re.compile(r"\n(?:base_model\.model\.)?(?:model\.)?(?:language_model\.)?layers\.\d+\.(?:self_attn|mlp)\.")
_KOHYA_BLOCK = re.compile(
    r"\nlora_unet_(?:\w+?_)?(input_blocks|output_blocks|middle_block|down_blocks|up_blocks|mid_block)_"
)


def claims_of(names: Names) -> Iterator[Claim]:
    marked = sum(names.times(mark) for mark in _MARKS)
    if marked < max(1, len(names.tensors) * 0.3) and not names.begins("lora_unet_", "lora_te", "lora_transformer_"):
        return
    if names.begins("lora_controlnet") or names.has("lora_controlnet"):
        return
    tags = _tags(names)
    if _is_language(names):
        yield from claims("llm/adapters", "lora", None, said("adapter of a language model's layers"), ["lora", *tags])
        return
    base, why = _base(names)
    kind = "control-lora" if _is_control(names) else "lora"
    if kind == "control-lora":
        tags.append("control-lora")
    if base is None:
        tags.append("base not certain")
    yield from claims("diffusion/lora", kind, base, why, ["lora", *tags])


def _tags(names: Names) -> list[str]:
    tags = []
    if names.holds(".hada_w", ".lokr_w", ".oft_", ".ia3"):
        tags.append("lycoris")
    if names.holds(".dora_scale", "lora_magnitude_vector"):
        tags.append("dora")
    return tags


def _is_control(names: Names) -> bool:
    """BFL's depth and canny LoRA: they widen img_in and carry norms of their own."""
    return names.holds("img_in.lora_A", "\nx_embedder.lora_A", "transformer.x_embedder.lora_A") and names.holds(
        "norm.key_norm", "norm_added", "lora_B.bias"
    )


def _is_language(names: Names) -> bool:
    if names.holds("double_blocks", "single_transformer_blocks", "diffusion_model", "unet", "lora_te"):
        return False
    return bool(_LANGUAGE.search(names.text)) or names.holds(
        "transformer.h.0.attn", ".self_attn.q_proj.lora_A", ".query_key_value.lora_A"
    )


def _base(names: Names) -> tuple[str | None, str]:
    for parts, known in _KEYS:
        if names.holds(*parts):
            return _refined(names, known), said("{0} among the keys", parts[0].strip())
    width = _cross_width(names)
    if width:
        base = {768: "SD 1.5", 1024: "SD 2.1", 2048: "SDXL 1.0", 1280: "SDXL 1.0"}.get(width)
        return base, said("cross attention takes {0}", width)
    if names.holds("transformer_blocks.0.attn.to_k", "transformer_blocks_0_attn_to_k") and not names.holds(
        "attn1", "attn2"
    ):
        return _plain_transformer(names)
    if _deep(names):
        return "SDXL 1.0", later("more than one transformer block in a row: only SDXL has that")
    return None, later("LoRA keys, but nothing that tells SD 1, 2 and XL apart")


_KEYS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("llm_adapter", "blocks_0_adaln_modulation", "blocks.0.adaln_modulation"), "Anima"),
    (("double_stream_modulation",), "Flux.2"),
    (("lora_unet_double_blocks_", "double_blocks.0", "double_blocks.1", "double_blocks.", "lora_transformer_single_transformer_blocks",
      "single_transformer_blocks", "lora_unet_single_blocks"), "Flux.1"),
    (("joint_blocks",), "SD 3"),
    (("cross_attn.k_img", "blocks_0_cross_attn_k", "blocks.0.cross_attn.k", "blocks_1_cross_attn_k", "blocks.0.cross_attn.q.lora"),
     "Wan Video"),
    (("diffusion_model.layers.0.attention", "diffusion_model.layers.0.", "lora_unet_layers_0_", "noise_refiner"), "Z-Image"),
    (("transformer_blocks.0.attn.add_k_proj", "transformer_blocks_0_attn_add_k_proj", "img_mlp", "txt_mlp",
      "transformer_blocks.0.img_mod"), "Qwen-Image"),
    (("adaln_single", "patchify_proj"), "LTXV"),
    (("individual_token_refiner",), "Hunyuan Video"),
)  # fmt: skip


def _plain_transformer(names: Names) -> tuple[str | None, str]:
    """`transformer_blocks.N.attn.to_k` without single blocks: Qwen-Image is 3072 wide, SD 3 is 1536 or 2432."""
    for name, tensor in names.tensors.items():
        if (
            ("attn.to_k" in name or "attn_to_k" in name)
            and ("down" in name or "lora_A" in name)
            and len(tensor.shape) == 2
        ):
            width = tensor.shape[1]
            base = {3072: "Qwen-Image", 1536: "SD 3", 2432: "SD 3", 2560: "HiDream"}.get(width)
            return base, said("plain transformer blocks {0} wide", width)
    return None, later("plain transformer blocks of unknown width")


def _refined(names: Names, base: str) -> str:
    """Flux.1 and Flux.2 klein 4B are both 3072 wide; the width of the MLP tells them apart."""
    if base == "Flux.1":
        for name, tensor in names.tensors.items():
            if (
                ("img_mlp" in name or "ff.net" in name)
                and ("lora_up" in name or "lora_B" in name)
                and len(tensor.shape) == 2
            ):
                if tensor.shape[0] in (18432, 24576, 36864):
                    return "Flux.2"
    if base == "Qwen-Image" and names.holds("context_embedder") and not names.holds("img_mlp", "txt_mlp"):
        return "SD 3"
    return base


def _cross_width(names: Names) -> int:
    """In-dimension of what is laid beside a cross attention's keys: 768, 1024 or 2048."""
    for name, tensor in names.tensors.items():
        if len(tensor.shape) < 2:
            continue
        if ("attn2_to_k" in name or "attn2.to_k" in name or "attn2.processor.to_k" in name) and (
            "down" in name or "lora_A" in name or "hada_w1_b" in name or "lokr_w2_b" in name
        ):
            return tensor.shape[1]
    if names.begins("lora_te2_"):
        return 2048
    match = _SIMO.search(names.text)
    if match:
        return _simo(names)
    te = names.find("lora_te_text_model") or names.find("lora_te1_text_model")
    if te and not _KOHYA_BLOCK.search(names.text):
        return 0
    return 0


def _simo(names: Names) -> int:
    """cloneofsimo's files only number their layers: the widest input of the UNet's or the text encoder's downs."""
    widths = {
        tensor.shape[-1] for name, tensor in names.tensors.items() if name.endswith(":down") and len(tensor.shape) == 2
    }
    if 2048 in widths:
        return 2048
    if 1024 in widths and 768 not in widths:
        return 1024
    return 768 if 768 in widths else 0


def _deep(names: Names) -> bool:
    return bool(re.search(r"transformer_blocks[._][2-9][._]", names.text)) and names.holds("attn1", "attn2")
