"""The parts of image models that are files of their own."""

from __future__ import annotations

import pytest
from tensor_shapes import Shapes, of, told


@pytest.mark.parametrize(
    ("shapes", "category", "architecture", "base"),
    [
        ({"control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (1, 768)}, "diffusion/controlnet", "controlnet", "SD 1.5"),
        (of("controlnet_cond_embedding.a", **{"a.transformer_blocks.0.attn2.to_k.weight": (1, 2048)}), "diffusion/controlnet", "controlnet", "SDXL 1.0"),
        (of("controlnet_blocks.0.weight", "single_transformer_blocks.0.a"), "diffusion/controlnet", "controlnet", "Flux.1"),
        (of("controlnet_blocks.0.weight", "txt_norm.weight"), "diffusion/controlnet", "controlnet", "Qwen-Image"),
        (of("controlnet_blocks.0.weight", "pos_embed"), "diffusion/controlnet", "controlnet", "SD 3"),
        (of("controlnet_blocks.0.weight"), "diffusion/controlnet", "controlnet", None),
        (of("control_layers.0.a"), "diffusion/controlnet", "controlnet", "Z-Image"),
        (of("adapter.body.0.x", "adapter.conv_in.weight"), "diffusion/controlnet", "t2i-adapter", None),
        (of("ip_adapter_double_stream_layers.0.a"), "diffusion/ipadapter", "ip-adapter", "Flux.1"),
        (of("image_proj.a", **{"ip_adapter.1.to_k_ip.weight": (1, 768)}), "diffusion/ipadapter", "ip-adapter", "SD 1.5"),
        (of("image_proj.latents"), "diffusion/ipadapter", "ip-adapter", None),
        (of("pulid_encoder.a"), "diffusion/ipadapter", "pulid", None),
        (of("id_encoder.visual_projection_2.weight"), "diffusion/ipadapter", "photomaker", "SDXL 1.0"),
        (of("encoder.a", "decoder.mid.a", **{"decoder.conv_in.weight": (512, 16)}), "diffusion/vae", "AutoencoderKL-16ch", "SD3/Flux.1 (16-channel)"),
        ({f"first_stage_model.decoder.up.{n}.a": (1,) for n in range(11)} | {"first_stage_model.decoder.conv_in.weight": (1, 4)}, "diffusion/vae", "AutoencoderKL", "SD 1.x"),
        (of("decoder.middle.0.residual.0.a", **{"decoder.conv1.weight": (1, 48)}), "diffusion/vae", "wan-vae", "Wan 2.2"),
        (of("encoder.downsamples.0.a", **{"decoder.conv1.weight": (1, 16)}), "diffusion/vae", "wan-vae", "Wan 2.1, Qwen-Image"),
        (of("decoder.up_blocks.0.res_blocks.0.a"), "diffusion/vae", "ltx-vae", "LTXV"),
        (of("vocoder.a", "audio_vae.a"), "diffusion/vae", "audio-vae", None),
        (of("conv8.weight", **{"conv1.weight": (8, 4, 7, 7)}), "diffusion/vae_approx", "vae-approx", "SD 1.x"),
        ({"1.weight": (64, 4, 3, 3), "3.conv.0.weight": (64, 64, 3, 3), "19.weight": (3, 64, 3, 3)}, "diffusion/vae_approx", "taesd", "SD 1.x"),
        ({"decoder.layers.1.weight": (64, 16, 3, 3), "decoder.layers.3.conv.0.weight": (64, 64, 3, 3)}, "diffusion/vae_approx", "taesd", "SD 3"),
        (of("text_model.encoder.layers.0.a"), "diffusion/text_encoders", "clip-l", "CLIP-L"),
        (of("text_model.encoder.layers.31.a", "text_model.encoder.layers.30.a"), "diffusion/text_encoders", "clip-g", "CLIP-G"),
        ({"encoder.block.0.layer.0.SelfAttention.k.weight": (4096, 4096), "encoder.block.0.layer.1.DenseReluDense.wi_1.weight": (1, 4096)}, "diffusion/text_encoders", "t5-xxl", "T5-XXL"),
        ({"encoder.block.0.layer.0.SelfAttention.k.weight": (384, 1472)}, "diffusion/text_encoders", "byt5", "ByT5"),
        (of("vision_model.encoder.layers.22.a"), "diffusion/clip_vision", "clip-vision", "CLIP-L"),
        (of("vision_model.encoder.layers.30.a", **{"vision_model.embeddings.patch_embedding.weight": (1152, 3)}), "diffusion/clip_vision", "clip-vision", "SigLIP"),
        ({"string_to_param.*": (4, 768)}, "diffusion/embeddings", "textual-inversion", "SD 1.x"),
        ({"clip_l": (4, 768), "clip_g": (4, 1280)}, "diffusion/embeddings", "textual-inversion", "SDXL 1.0"),
        ({"<cat-toy>": (1024,)}, "diffusion/embeddings", "textual-inversion", "SD 2.x"),
        (of("model.0.weight", "model.1.sub.0.a"), "diffusion/upscale_models", "upscaler", "ESRGAN"),
        (of("params_ema.conv_first.weight", "params_ema.body.0.rdb1.a"), "diffusion/upscale_models", "upscaler", "RealESRGAN"),
        ({"body.0.weight": (64, 3, 3, 3), "body.1.weight": (64,)}, "diffusion/upscale_models", "upscaler", "RealESRGAN Compact"),
        (of("down_blocks.0.motion_modules.0.a"), "diffusion/other", "motion-module", None),
        (of("position_net.a", "x.fuser.alpha_attn"), "diffusion/other", "gligen", "SD 1.5"),
        (of("redux_down.weight", "redux_up.weight"), "diffusion/other", "flux-redux", "Flux.1"),
        (of("320.0.linear.weight", "640.0.linear.weight"), "diffusion/other", "hypernetwork", None),
    ],
)  # fmt: skip
def test_parts_and_other_senses(shapes: Shapes, category: str, architecture: str, base: str | None) -> None:
    assert told(shapes) == (category, architecture, base)
