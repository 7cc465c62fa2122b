"""Pipelines and single components: category, base, what is missing."""

from __future__ import annotations

import pytest
from memory_folder import facts, values

UNET = {"_class_name": "UNet2DConditionModel", "cross_attention_dim": 768}
INDEX = {
    "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.6.0", "safety_checker": [None, None],
    "feature_extractor": ["transformers", "CLIPImageProcessor"], "scheduler": ["diffusers", "PNDMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
}  # fmt: skip
WHOLE: dict[str, object] = {
    "model_index.json": INDEX, "unet/config.json": UNET, "unet/diffusion_pytorch_model.safetensors": 10,
    "vae/diffusion_pytorch_model.fp16.safetensors": 10, "text_encoder/model.safetensors": 10,
    "scheduler/scheduler_config.json": {},
}  # fmt: skip


def test_a_whole_pipeline() -> None:
    found = facts(WHOLE)
    assert found.format == "diffusers" and found.health.verdict == "good"
    assert values(found)["category"] == "diffusion/checkpoints" and values(found)["base_model"] == "SD 1.5"


def test_what_is_missing_is_named() -> None:
    found = facts({name: one for name, one in WHOLE.items() if name != "unet/diffusion_pytorch_model.safetensors"})
    assert found.health.verdict == "incomplete" and found.health.detail == "unet: weights are missing"
    found = facts({name: one for name, one in WHOLE.items() if not name.startswith("text_encoder")})
    assert found.health.detail == "text_encoder: the folder is missing"
    index = {"weight_map": {"a": "diffusion_pytorch_model-00001-of-00002.safetensors",
                            "b": "diffusion_pytorch_model-00002-of-00002.safetensors"}}  # fmt: skip
    sharded = {name: one for name, one in WHOLE.items() if name != "unet/diffusion_pytorch_model.safetensors"}
    sharded |= {"unet/diffusion_pytorch_model.safetensors.index.json": index,
                "unet/diffusion_pytorch_model-00001-of-00002.safetensors": 5}  # fmt: skip
    assert "00002-of-00002.safetensors is missing" in facts(sharded).health.detail


@pytest.mark.parametrize(
    ("config", "category", "base"),
    [
        (UNET, "diffusion/diffusion_models", "SD 1.5"),
        ({**UNET, "cross_attention_dim": 1024}, "diffusion/diffusion_models", "SD 2.1"),
        ({**UNET, "cross_attention_dim": 2048, "transformer_layers_per_block": [1, 2, 10]},
         "diffusion/diffusion_models", "SDXL 1.0"),
        ({**UNET, "cross_attention_dim": 1280}, "diffusion/diffusion_models", "SDXL Refiner"),
        ({"_class_name": "ControlNetModel", "cross_attention_dim": 768}, "diffusion/controlnet", "SD 1.5"),
        ({"_class_name": "FluxControlNetModel", "guidance_embeds": True}, "diffusion/controlnet", "Flux.1 dev"),
        ({"_class_name": "T2IAdapter"}, "diffusion/controlnet", None),
        ({"_class_name": "AutoencoderKL", "latent_channels": 4, "scaling_factor": 0.13025}, "diffusion/vae",
         "SDXL 1.0"),
        ({"_class_name": "AutoencoderTiny"}, "diffusion/vae_approx", None),
        ({"_class_name": "FluxTransformer2DModel", "guidance_embeds": False}, "diffusion/diffusion_models",
         "Flux.1 schnell"),
        ({"_class_name": "FluxTransformer2DModel", "in_channels": 384}, "diffusion/diffusion_models", "Flux.1 Fill"),
        ({"_class_name": "Flux2Transformer2DModel", "joint_attention_dim": 12288}, "diffusion/diffusion_models",
         "Flux.2 klein 9B"),
        ({"_class_name": "WanTransformer3DModel", "num_attention_heads": 40, "in_channels": 36, "image_dim": 1280},
         "diffusion/diffusion_models", "Wan 2.1 I2V 14B"),
        ({"_class_name": "ZImageTransformer2DModel"}, "diffusion/diffusion_models", "Z-Image"),
    ],
)  # fmt: skip
def test_components_alone(config: dict[str, object], category: str, base: str | None) -> None:
    found = facts({"config.json": config, "diffusion_pytorch_model.safetensors": 10})
    held = values(found)
    assert found.health.verdict == "good" and held["category"] == category and held.get("base_model") == base


@pytest.mark.parametrize(
    ("pipeline", "transformer", "base"),
    [
        ("FluxPipeline", "ChromaTransformer2DModel", "Chroma"),
        ("QwenImageEditPipeline", "QwenImageTransformer2DModel", "Qwen-Image"),
        ("FluxKontextPipeline", "FluxTransformer2DModel", "Flux.1 Kontext"),
        ("StableDiffusionXLInpaintPipeline", "", "SDXL 1.0"),
        ("KolorsPipeline", "", "Kolors"),
    ],
)
def test_bases_of_pipelines(pipeline: str, transformer: str, base: str) -> None:
    index = {"_class_name": pipeline, **({"transformer": ["diffusers", transformer]} if transformer else {})}
    held = values(facts({"model_index.json": index}))
    assert held["base_model"] == base
    config = {"_class_name": "FluxTransformer2DModel", "guidance_embeds": True}
    if base == "Flux.1 Kontext":
        assert values(facts({"model_index.json": index, "transformer/config.json": config}))["base_model"] == base


def test_an_index_that_cannot_be_read() -> None:
    assert facts({"model_index.json": b"{"}).health.verdict == "corrupt"


def test_of_many_missing_parts_three_are_explained_and_all_are_named() -> None:
    index = {"_class_name": "FluxPipeline", **{f"part{n}": ["diffusers", "Model"] for n in range(6)}}
    found = facts({"model_index.json": index})
    assert found.health.verdict == "incomplete"
    assert found.health.detail.startswith("part0: the folder is missing; part1: ")
    assert found.health.detail.endswith("; part3, part4, part5 are incomplete too")


def test_bases_that_nothing_tells() -> None:
    """An unknown class claims nothing, and neither does a VAE with channels of its own."""
    index = {"_class_name": "MadeUpPipeline", "transformer": ["diffusers", "MadeUpModel"]}
    assert "base_model" not in values(facts({"model_index.json": index}))
    for config in (
        {"_class_name": "AutoencoderKL", "latent_channels": 7},
        {"_class_name": "AutoencoderKL", "latent_channels": 4, "scaling_factor": 1.0},
        {"_class_name": "AutoencoderKL", "latent_channels": "16"},
    ):
        held = values(facts({"config.json": config, "diffusion_pytorch_model.safetensors": 9}))
        assert held["category"] == "diffusion/vae" and "base_model" not in held
    sixteen = {"_class_name": "AutoencoderKL", "latent_channels": 16}
    held = values(facts({"config.json": sixteen, "diffusion_pytorch_model.safetensors": 9}))
    assert held["base_model"] == "SD 3/Flux.1 (16-channel)"
    new = {"_class_name": "BrandNewScorer"}
    assert "category" not in values(facts({"config.json": new, "diffusion_pytorch_model.safetensors": 9}))
