"""Stable Diffusion 1, 2, XL and their kin: UNets, alone or as whole checkpoints.

Keys and shapes: diffusers single_file_utils.py CHECKPOINT_KEY_NAMES, ComfyUI supported_models.py, InvokeAI configs/main.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.formats.architectures.names import Names, claims

_PARTS = ("first_stage_model.", "cond_stage_model.", "conditioner.", "vae.", "text_encoders.", "text_encoder.")


def claims_of(names: Names) -> Iterator[Claim]:
    bare = names.bare
    if bare.begins("input_blocks.") and bare.begins("output_blocks."):
        yield from _original(names, bare)
    elif (
        bare.begins("down_blocks.")
        and bare.begins("up_blocks.")
        and bare.has("conv_in.weight")
        and bare.begins("time_emb")
    ):
        yield from _diffusers(bare)


def is_whole(names: Names) -> bool:
    """Whether text encoder or VAE lie in the same file."""
    return names.begins(*_PARTS)


def _place(names: Names) -> str:
    return "diffusion/checkpoints" if is_whole(names) else "diffusion/diffusion_models"


def _original(names: Names, bare: Names) -> Iterator[Claim]:
    channels = bare.side("input_blocks.0.0.weight", 1)
    cross = _cross(bare)
    why = said("UNet with cross attention of {0}", cross)
    tags = (
        []
        if channels in (0, 4)
        else [{9: "inpainting", 8: "instruct-pix2pix", 5: "depth", 7: "upscaler"}.get(channels, "")]
    )
    tags = [tag for tag in tags if tag]
    label = bare.side("label_emb.0.0.weight", 1)
    if bare.holds("time_stack.", "time_mixer"):
        yield from claims(_place(names), "svd", "SVD", said("temporal layers in a UNet"), tags)
    elif cross == 768:
        base = "SD 1.5 instruct-pix2pix" if channels == 8 else "SD 1.5"
        yield from claims(_place(names), "sd1", base, why, tags)
    elif cross == 1024:
        base = "SD 2.0 depth" if channels == 5 else "SD x4 upscaler" if channels == 7 else "SD 2.1"
        yield from claims(_place(names), "sd2", base, why, tags)
    elif cross == 1280 and (label == 2560 or bare.side("input_blocks.0.0.weight", 0) == 384):
        yield from claims(_place(names), "sdxl-refiner", "SDXL Refiner", why, [*tags, "refiner"])
    elif cross == 2048:
        yield from _xl(names, bare, why, tags)


def _cross(bare: Names) -> int:
    """The in-dimension of the first cross attention: 768 SD 1, 1024 SD 2, 2048 SDXL, 1280 its refiner."""
    for block in ("input_blocks.1.1", "input_blocks.2.1", "input_blocks.4.1", "input_blocks.5.1", "input_blocks.7.1"):
        name = f"{block}.transformer_blocks.0.attn2.to_k.weight"
        if bare.has(name):
            return bare.side(name, -1)
    return 0


def _xl(names: Names, bare: Names, why: str, tags: list[str]) -> Iterator[Claim]:
    depth = bare.count("middle_block.1.transformer_blocks.{}.")
    deep = bare.count("input_blocks.7.1.transformer_blocks.{}.")
    base, architecture = "SDXL 1.0", "sdxl"
    if deep and deep < 10:
        base, architecture = {
            4: ("SSD-1B", "ssd-1b"),
            2: ("Segmind Vega", "vega"),
            5: ("KOALA", "koala"),
            6: ("KOALA", "koala"),
        }.get(deep, ("SDXL distilled", "sdxl"))
    if names.has("edm_mean") or names.has("model.edm_mean"):
        base = "Playground v2.5"
    if names.has("v_pred"):
        tags = [*tags, "v-pred"]
    yield from claims(_place(names), architecture, base, said("{0}, depth {1}", why, deep or depth), tags)


def _diffusers(bare: Names) -> Iterator[Claim]:
    name = bare.find(".attentions.0.transformer_blocks.0.attn2.to_k.weight")
    cross = bare.side(name, -1)
    channels = bare.side("conv_in.weight", 1)
    tags = ["inpainting"] if channels == 9 else []
    base, architecture = {768: ("SD 1.5", "sd1"), 1024: ("SD 2.1", "sd2"), 2048: ("SDXL 1.0", "sdxl"),
                          1280: ("SDXL Refiner", "sdxl-refiner")}.get(cross, (None, "unet"))  # fmt: skip
    if bare.holds("temp_convs", "temporal_transformer"):
        base, architecture = "SVD", "svd"
    yield from claims(
        "diffusion/diffusion_models",
        architecture,
        base,
        said("diffusers UNet with cross attention of {0}", cross),
        tags,
    )
