"""Diffusion transformers by their deciding keys."""

from __future__ import annotations

import pytest
from tensor_shapes import ALONE, CHECKPOINT, FLUX, UNET, Shapes, of, told


@pytest.mark.parametrize(
    ("shapes", "architecture", "base"),
    [
        (of(FLUX, **{"img_in.weight": (3072, 64)}), "flux", "Flux.1 schnell"),
        (of(FLUX, "guidance_in.in_layer.weight", **{"img_in.weight": (3072, 64)}), "flux", "Flux.1 dev"),
        (of(FLUX, "guidance_in.in_layer.weight", **{"img_in.weight": (3072, 384)}), "flux", "Flux.1 Fill"),
        (of(FLUX, "distilled_guidance_layer.norms.0.scale"), "chroma", "Chroma"),
        (of(FLUX, "distilled_guidance_layer.a", "nerf_blocks.0.a"), "chroma", "Chroma Radiance"),
        (of("double_stream_modulation_img.lin.weight", **{"txt_in.weight": (3072, 7680)}), "flux2", "Flux.2 klein 4B"),
        (of("double_stream_modulation_img.lin.weight", **{"img_in.weight": (6144, 128)}), "flux2", "Flux.2 dev"),
        (of("double_stream_modulation_txt.linear.weight", **{"context_embedder.weight": (1, 15360)}), "flux2", "Flux.2 dev"),
        (of("transformer_blocks.0.x", "single_transformer_blocks.0.x", **{"x_embedder.weight": (1, 64)}), "flux", "Flux.1 schnell"),
        (of("transformer_blocks.0.x", "single_transformer_blocks.0.x", **{"x_embedder.weight": (1, 384)}), "flux", "Flux.1 Fill"),
        (of("transformer_blocks.0.x", "single_transformer_blocks.0.x", "time_text_embed.guidance_embedder.a"), "flux", "Flux.1 dev"),
        (of("transformer_blocks.0.x", "single_transformer_blocks.0.x", "distilled_guidance_layer.a"), "chroma", "Chroma"),
        (of("transformer_blocks.0.x", "single_transformer_blocks.0.x", "time_guidance_embed.a"), "flux2", "Flux.2"),
        (of("joint_blocks.0.context_block.a", "joint_blocks.37.a"), "sd3", "SD 3.5 Large"),
        (of("joint_blocks.0.context_block.a", pos_embed=(1, 36864, 1536)), "sd3", "SD 3 Medium"),
        (of("joint_blocks.0.context_block.a", "joint_blocks.30.a"), "sd3", "SD 3.5 Large"),
        (of("joint_blocks.0.context_block.a"), "sd3", "SD 3"),
        (of("head.modulation", "vace_blocks.0.a", **{"patch_embedding.weight": (5120, 16)}), "wan", "Wan 2.1 VACE"),
        (of("head.modulation", "face_adapter.a", **{"patch_embedding.weight": (5120, 16)}), "wan", "Wan 2.2 Animate"),
        (of("head.modulation", **{"patch_embedding.weight": (3072, 48)}), "wan", "Wan 2.2 TI2V-5B"),
        (of("head.modulation", "img_emb.a", **{"patch_embedding.weight": (5120, 36)}), "wan", "Wan 2.1 I2V-14B"),
        (of("head.modulation", **{"patch_embedding.weight": (5120, 36)}), "wan", "Wan 2.2 I2V-A14B"),
        (of("head.modulation", **{"patch_embedding.weight": (1536, 16)}), "wan", "Wan 2.1 T2V-1.3B"),
        (of("head.modulation", **{"patch_embedding.weight": (5120, 16)}), "wan", "Wan T2V-14B"),
        ({"cap_embedder.1.weight": (3840, 2560)}, "z-image", "Z-Image"),
        ({"cap_embedder.1.weight": (2304, 2304)}, "lumina2", "Lumina 2"),
        (of("txt_in.individual_token_refiner.a", **{"img_in.proj.weight": (3072, 33)}), "hyvid", "Hunyuan Video I2V"),
        (of("txt_in.individual_token_refiner.a"), "hyvid", "Hunyuan Video"),
        (of("patchify_proj.weight", "adaln_single.emb.timestep_embedder.a"), "ltxv", "LTXV"),
        (of("patchify_proj.weight", "transformer_blocks.0.scale_shift_table", "audio_patchify_proj.weight"), "ltxv", "LTX-2"),
        (of("t_block.1.weight", "x_embedder.proj.weight"), "pixart", "PixArt Σ"),
        (of("t_block.1.weight", "x_embedder.proj.weight", "ar_embedder.a"), "pixart", "PixArt α"),
        (of("txt_norm.weight", "img_in.weight"), "qwen-image", "Qwen-Image"),
        (of("txt_norm.weight", "img_in.weight", "__index_timestep_zero__"), "qwen-image", "Qwen-Image Edit"),
        (of("double_layers.0.attn.w1q.weight"), "aura", "AuraFlow"),
        (of("transformer_blocks.0.attn.add_k_proj.weight", "context_embedder.weight"), "sd3", "SD 3"),
    ],
)  # fmt: skip
def test_diffusion_transformers(shapes: Shapes, architecture: str, base: str) -> None:
    assert told(shapes) == (ALONE, architecture, base)
    assert told({f"{UNET}{name}": shape for name, shape in (shapes | of(*"abcdef")).items()})[1:] == (
        architecture,
        base,
    )


def test_transformers_of_other_things() -> None:
    assert told(of("genre_embedder.weight"))[:2] == ("audio", "ace-step")
    assert told(of("latent_in.weight"))[:2] == ("diffusion/other", "hunyuan3d")
    assert told(of(FLUX, "vae.decoder.a"))[0] == CHECKPOINT
