"""What architectures tell of tables of tensors that tests write down by names and shapes."""

from __future__ import annotations

from model_manager.base.facts import Claim, settle
from model_manager.formats import architectures
from model_manager.formats.tensors import Tensor

Shapes = dict[str, tuple[int, ...]]


UNET = "model.diffusion_model."


def claims(shapes: Shapes) -> list[Claim]:
    return list(architectures.claims_of({name: Tensor(shape, "F16", 2) for name, shape in shapes.items()}))


def told(shapes: Shapes) -> tuple[object, object, object]:
    held = settle(claims(shapes))
    return tuple(held[field].value if field in held else None for field in ("category", "architecture", "base_model"))  # type: ignore[return-value]


def tags(shapes: Shapes) -> set[object]:
    return {claim.value for claim in claims(shapes) if claim.field == "tag"}


def of(*names: str, **shapes: tuple[int, ...]) -> Shapes:
    return dict.fromkeys(names, (4, 4)) | shapes


def unet(
    cross: int, channels: int = 4, *more: str, block: str = "input_blocks.1.1", **other: tuple[int, ...]
) -> Shapes:
    table = {
        f"{UNET}input_blocks.0.0.weight": (320, channels, 3, 3), f"{UNET}output_blocks.0.0.weight": (4, 4),
        f"{UNET}{block}.transformer_blocks.0.attn2.to_k.weight": (320, cross),
        f"{UNET}time_embed.0.weight": (4, 4), f"{UNET}middle_block.0.weight": (4, 4), f"{UNET}out.0.weight": (4,),
    }  # fmt: skip
    return table | {f"{UNET}{name}": shape for name, shape in other.items()} | dict.fromkeys(more, (4, 4))


def deep(blocks: int) -> tuple[str, ...]:
    return tuple(f"{UNET}input_blocks.7.1.transformer_blocks.{n}.norm.weight" for n in range(blocks))


WHOLE = "first_stage_model.decoder.conv_in.weight"


CHECKPOINT, ALONE = "diffusion/checkpoints", "diffusion/diffusion_models"


FLUX = "double_blocks.0.img_attn.norm.key_norm.scale"


KOHYA = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"


TO_K = "transformer_blocks.0.attn.to_k"
