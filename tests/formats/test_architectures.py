"""What a model is by its tensors alone: the deciding keys of every kind, as tools write them."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (unet(768, 4, WHOLE), (CHECKPOINT, "sd1", "SD 1.5")),
        (unet(768, 8), (ALONE, "sd1", "SD 1.5 instruct-pix2pix")),
        (unet(1024), (ALONE, "sd2", "SD 2.1")),
        (unet(1024, 5), (ALONE, "sd2", "SD 2.0 depth")),
        (unet(1024, 7), (ALONE, "sd2", "SD x4 upscaler")),
        (unet(1280, block="input_blocks.4.1", **{"label_emb.0.0.weight": (1536, 2560)}), (ALONE, "sdxl-refiner", "SDXL Refiner")),
        (unet(2048, 4, *deep(10), block="input_blocks.4.1"), (ALONE, "sdxl", "SDXL 1.0")),
        (unet(2048, 4, *deep(4), block="input_blocks.4.1"), (ALONE, "ssd-1b", "SSD-1B")),
        (unet(2048, 4, *deep(2), block="input_blocks.4.1"), (ALONE, "vega", "Segmind Vega")),
        (unet(2048, 4, *deep(6), block="input_blocks.4.1"), (ALONE, "koala", "KOALA")),
        (unet(2048, 4, *deep(3), block="input_blocks.4.1"), (ALONE, "sdxl", "SDXL distilled")),
        (unet(2048, 4, "edm_mean", block="input_blocks.4.1"), (ALONE, "sdxl", "Playground v2.5")),
        (unet(1024, 4, f"{UNET}input_blocks.1.1.time_stack.0.weight"), (ALONE, "svd", "SVD")),
    ],
)  # fmt: skip
def test_unets(shapes: Shapes, expected: tuple[object, ...]) -> None:
    assert told(shapes) == expected


def test_what_a_unet_is_made_for_is_a_tag() -> None:
    assert tags(unet(768, 9)) == {"inpainting"} and tags(unet(768, 8)) == {"instruct-pix2pix"}
    assert tags(unet(2048, 4, "v_pred", block="input_blocks.4.1")) == {"v-pred"}
    assert tags(unet(768, 6)) == set() and told(unet(333)) == (None, None, None)
    assert (
        told({f"{UNET}{name}": (4, 4) for name in ("input_blocks.0", "output_blocks.0", "a.0", "b", "c", "d")})[0]
        is None
    )


@pytest.mark.parametrize(
    ("cross", "expected"), [(768, ("sd1", "SD 1.5")), (2048, ("sdxl", "SDXL 1.0")), (9, ("unet", None))]
)
def test_diffusers_unets(cross: int, expected: tuple[object, object]) -> None:
    shapes = of("up_blocks.0.x", "time_embedding.linear_1.weight", **{"conv_in.weight": (320, 9, 3, 3)})
    shapes["down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight"] = (640, cross)
    assert told(shapes)[1:] == expected and tags(shapes) == {"inpainting"}
    assert told(shapes | of("down_blocks.0.temp_convs.0.weight"))[1:] == ("svd", "SVD")


FLUX = "double_blocks.0.img_attn.norm.key_norm.scale"


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


KOHYA = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
TO_K = "transformer_blocks.0.attn.to_k"


@pytest.mark.parametrize(
    ("shapes", "base"),
    [
        ({f"{KOHYA}.lora_down.weight": (4, 768), f"{KOHYA}.lora_up.weight": (320, 4)}, "SD 1.5"),
        ({f"{KOHYA}.lora_down.weight": (4, 1024)}, "SD 2.1"),
        ({f"{KOHYA}.lora_down.weight": (4, 2048)}, "SDXL 1.0"),
        ({f"{KOHYA}.hada_w1_b": (4, 768), f"{KOHYA}.dora_scale": (1,)}, "SD 1.5"),
        ({"lora_te2_text_model_x.lora_down.weight": (4, 9), "lora_unet_a.alpha": ()}, "SDXL 1.0"),
        ({"unet:0:down": (4, 2048), "unet:0:up": (9, 4)}, "SDXL 1.0"),
        ({"unet:0:down": (4, 1024), "unet:0:up": (9, 4)}, "SD 2.1"),
        ({"text_encoder:0:down": (4, 768), "text_encoder:0:up": (9, 4)}, "SD 1.5"),
        ({"unet:0:down": (4, 99), "unet:0:up": (9, 4)}, None),
        ({"lora_te_text_model_encoder_layers_0_q_proj.lora_down.weight": (4, 768)}, None),
        ({"lora_unet_double_blocks_0_img_attn_proj.lora_down.weight": (4, 3072)}, "Flux.1"),
        ({"lora_unet_double_blocks_0_img_mlp_0.lora_up.weight": (18432, 4)}, "Flux.2"),
        ({"transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight": (4, 3072)}, "Flux.1"),
        ({"transformer.transformer_blocks.0.img_mod.1.lora_A.weight": (4, 3072)}, "Qwen-Image"),
        ({"transformer_blocks.0.attn.add_k_proj.lora_A.weight": (4, 9), "context_embedder.lora_A.weight": (4, 4)}, "SD 3"),
        ({f"{TO_K}.lora_A.weight": (4, 3072)}, "Qwen-Image"),
        ({f"{TO_K}.lora_A.weight": (4, 1536)}, "SD 3"),
        ({"lora_unet_transformer_blocks_0_attn_to_k.lora_down.weight": (4,)}, None),
        ({"lora_unet_a_transformer_blocks_3_attn1_to_q.lora_down.weight": (4, 640)}, "SDXL 1.0"),
        ({"diffusion_model.layers.0.attention.to_q.lora_A.weight": (4, 4)}, "Z-Image"),
        ({"blocks.0.cross_attn.k.lora_A.weight": (4, 4)}, "Wan Video"),
    ],
)  # fmt: skip
def test_loras(shapes: Shapes, base: str | None) -> None:
    category, architecture, found = told(shapes)
    assert (category, architecture, found) == ("diffusion/lora", "lora", base)
    assert ("base not certain" in tags(shapes)) == (base is None)


def test_kinds_of_adapters() -> None:
    assert tags({f"{KOHYA}.hada_w1_b": (4, 768), f"{KOHYA}.dora_scale": (1,)}) == {"lora", "lycoris", "dora"}
    language = {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": (8, 4096)}
    assert told(language)[:2] == ("llm/adapters", "lora")
    control = of(
        "x_embedder.lora_A.weight", "transformer.single_transformer_blocks.0.norm.lora_B.bias", "a.lora_B.weight"
    )
    assert told(control)[1] == "control-lora" and "control-lora" in tags(control)
    assert told(of("lora_controlnet", "input_blocks.0.lora_up.weight"))[1:] == ("control-lora", "SDXL 1.0")
    assert told({}) == (None, None, None)


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
        (of("image_encoder.a", "mask_decoder.a"), "vision", "sam", "SAM"),
        (of("model.0.conv.weight", "model.22.cv2.a"), "vision", "yolo", "YOLO"),
        (of("model.encoder.conv1.weight", "model.decoder.layers.0.a"), "stt", "whisper", "Whisper"),
        (of("stft.conv.weight", "lstm.weight"), "audio/vad", "silero-vad", "silero"),
        ({"a": (510, 1, 256)}, "tts/voices", "kokoro-voice", "kokoro"),
        ({"tokens": (9, 32), "mask": (9, 33)}, "tts/voices", "csm-voices", "sesame-csm"),
    ],
)  # fmt: skip
def test_parts_and_other_senses(shapes: Shapes, category: str, architecture: str, base: str | None) -> None:
    assert told(shapes) == (category, architecture, base)


@pytest.mark.parametrize(
    "shapes",
    [
        of("text_model.encoder.layers.0.a", "vision_model.encoder.layers.5.a"),
        of("vision_model.encoder.layers.3.a"),
        {"string_to_param.*": (4, 9)},
        {"emb": (1, 2, 768)},
        {"nothing": ()},
        {"0.weight": (5, 5, 3, 3), "3.conv.0.weight": (5, 5, 3, 3)},
        of("params.whatever"),
    ],
)
def test_what_could_be_anything_is_nothing(shapes: Shapes) -> None:
    assert told(shapes)[:2] in ((None, None), ("diffusion/text_encoders", "clip-l"))


@pytest.mark.parametrize(
    ("names", "category", "also"),
    [
        (("model.layers.0.self_attn.q_proj.weight", "model.embed_tokens.weight"), "llm", set()),
        (("model.layers.0.mlp.experts.0.weight", "model.embed_tokens.weight"), "llm", {"tag"}),
        (("model.layers.0.self_attn.a", "model.embed_tokens.weight", "visual.patch_embed.weight"), "multimodal", {"vision"}),
        (("model.layers.0.self_attn.a", "model.embed_tokens.weight", "audio_tower.a"), "multimodal", {"audio"}),
        (("encoder.layer.0.attention.self.query.weight", "embeddings.word_embeddings.weight"), "embedding", set()),
        (("bert.encoder.layer.0.attention.self.query.weight", "bert.embeddings.word_embeddings.weight", "classifier.weight"), "text/classification", set()),
    ],
)  # fmt: skip
def test_language(names: tuple[str, ...], category: str, also: set[str]) -> None:
    found = claims(of(*names))
    assert settle(found)["category"].value == category
    assert {claim.field for claim in found} - {"category"} == also


def test_a_reranker_has_one_output() -> None:
    shapes = of(
        "encoder.layer.0.attention.self.a", "embeddings.word_embeddings.weight", **{"classifier.weight": (1, 384)}
    )
    assert told(shapes)[0] == "embedding/rerankers"
    assert told(of("model.layers.0.self_attn_norm"))[0] in (None, "llm")
