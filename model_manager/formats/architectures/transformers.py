"""Diffusion transformers: Flux, SD 3, Wan, Qwen-Image, LTX, HunyuanVideo, Lumina and the rest, one rule each.

Deciding keys: ComfyUI comfy/model_detection.py, diffusers single_file_utils.py, InvokeAI. A rule is (key, needs, who).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.formats.architectures.names import Names, claims
from model_manager.formats.architectures.unet import is_whole

_Answer = tuple[str, str | None, list[str]]


def claims_of(names: Names) -> Iterator[Claim]:
    bare = names.bare
    for keys, who in _RULES:
        if all(bare.begins(key) for key in keys):
            architecture, base, tags = who(bare)
            category = "diffusion/checkpoints" if is_whole(names) else "diffusion/diffusion_models"
            if architecture in ("ace-step", "stable-audio"):
                category = "audio"
            elif architecture == "hunyuan3d":
                category = "diffusion/other"
            yield from claims(category, architecture, base, said("{0} among the tensors", keys[0]), tags)
            return


def _flux(names: Names) -> _Answer:
    if names.begins("distilled_guidance_layer."):
        return ("chroma", "Chroma Radiance" if names.begins("nerf_blocks.") else "Chroma", [])
    width = names.side("img_in.weight", 1)
    guided = names.begins("guidance_in.")
    tags = {384: ["fill", "inpainting"], 128: ["control"], 96: ["inpainting"]}.get(width, []) if guided else []
    base = "Flux.1 Fill" if width == 384 and guided else "Flux.1 dev" if guided else "Flux.1 schnell"
    return ("flux", base, tags)


def _flux2(names: Names) -> _Answer:
    context = names.side("txt_in.weight", 1) or names.side("context_embedder.weight", 1)
    base = {7680: "Flux.2 klein 4B", 12288: "Flux.2 klein 9B", 15360: "Flux.2 dev"}.get(context)
    if base is None:
        hidden = names.side("img_in.weight", 0) or names.side("x_embedder.weight", 0)
        base = {3072: "Flux.2 klein 4B", 4096: "Flux.2 klein 9B", 6144: "Flux.2 dev"}.get(hidden, "Flux.2")
    return ("flux2", base, [])


def _flux_diffusers(names: Names) -> _Answer:
    if names.begins("distilled_guidance_layer."):
        return ("chroma", "Chroma", [])
    width = names.side("x_embedder.weight", 1)
    if names.begins("time_guidance_embed.", "double_stream_modulation_img."):
        return _flux2(names)
    guided = names.begins("time_text_embed.guidance_embedder.")
    if width == 384:
        return ("flux", "Flux.1 Fill", ["fill", "inpainting"])
    return ("flux", "Flux.1 dev" if guided else "Flux.1 schnell", [])


def _sd3(names: Names) -> _Answer:
    if names.begins("joint_blocks.37."):
        return ("sd3", "SD 3.5 Large", [])
    cells = names.side("pos_embed", 1)
    return (
        "sd3",
        {36864: "SD 3 Medium", 147456: "SD 3.5 Medium"}.get(
            cells, "SD 3.5 Large" if names.begins("joint_blocks.30.") else "SD 3"
        ),
        [],
    )


def _wan(names: Names) -> _Answer:
    hidden, inputs = names.side("patch_embedding.weight", 0), names.side("patch_embedding.weight", 1)
    if names.begins("vace_blocks."):
        return ("wan", "Wan 2.1 VACE", ["vace"])
    if names.begins("face_adapter."):
        return ("wan", "Wan 2.2 Animate", [])
    if (hidden, inputs) == (3072, 48):
        return ("wan", "Wan 2.2 TI2V-5B", [])
    if inputs == 36:
        return ("wan", "Wan 2.1 I2V-14B" if names.begins("img_emb.") else "Wan 2.2 I2V-A14B", ["i2v"])
    if hidden == 1536:
        return ("wan", "Wan 2.1 T2V-1.3B", ["t2v"])
    return ("wan", "Wan T2V-14B", ["t2v"])  # 2.1 and one expert of 2.2 are alike


def _lumina(names: Names) -> _Answer:
    width = names.side("cap_embedder.1.weight", 0)
    if width == 3840 or names.has("cap_pad_token"):
        return ("z-image", "Z-Image", [])
    return ("lumina2", "Lumina 2", [])


def _hunyuan_video(names: Names) -> _Answer:
    inputs = names.side("img_in.proj.weight", 1)
    return ("hyvid", {33: "Hunyuan Video I2V", 32: "SkyReels"}.get(inputs, "Hunyuan Video"), [])


def _ltx(names: Names) -> _Answer:
    return ("ltxv", "LTX-2" if names.holds("av_ca_a2v_gate", "audio_patchify_proj") else "LTXV", [])


def _pixart(names: Names) -> _Answer:
    return ("pixart", "PixArt α" if names.holds("ar_embedder") else "PixArt Σ", [])


def _qwen(names: Names) -> _Answer:
    edit = names.has("__index_timestep_zero__")
    return ("qwen-image", "Qwen-Image Edit" if edit else "Qwen-Image", ["edit"] if edit else [])


def _one(architecture: str, base: str) -> Callable[[Names], _Answer]:
    return lambda names: (architecture, base, [])


_RULES: tuple[tuple[tuple[str, ...], Callable[[Names], _Answer]], ...] = (
    (("llm_adapter.",), _one("anima", "Anima")),
    (("double_stream_modulation_img.lin.weight",), _flux2),
    (("double_stream_modulation",), _flux2),
    (("txt_in.individual_token_refiner",), _hunyuan_video),
    (("double_blocks.0.img_attn.norm.key_norm.scale",), _flux),
    (("double_blocks.0.img_attn.qkv",), _flux),
    (("double_blocks.0.", "single_blocks.0."), _flux),
    (("joint_blocks.0.context_block",), _sd3),
    (("double_layers.0.attn.w1q",), _one("aura", "AuraFlow")),
    (("joint_transformer_blocks.0.attn.add_k_proj",), _one("aura", "AuraFlow")),
    (("t_block.1.weight", "x_embedder"), _pixart),
    (("adaln_single.linear", "pos_embed.proj", "caption_projection"), _pixart),
    (("mlp_t5.0.weight",), _one("hunyuan-dit", "Hunyuan 1")),
    (("t5_yproj",), _one("mochi", "Mochi")),
    (("patchify_proj", "adaln_single.emb.timestep_embedder"), _ltx),
    (("patchify_proj", "transformer_blocks.0.scale_shift_table"), _ltx),
    (("cap_embedder.1.weight",), _lumina),
    (("context_refiner.0.", "cap_embedder"), _lumina),
    (("head.modulation", "patch_embedding.weight"), _wan),
    (("caption_projection.0.linear",), _one("hidream", "HiDream")),
    (("double_stream_blocks.0.", "single_stream_blocks.0."), _one("hidream", "HiDream")),
    (("txt_norm.weight", "img_in.weight"), _qwen),
    (("text_fusion",), _one("krea2", "Krea-2")),
    (("txtfusion",), _one("krea2", "Krea-2")),
    (("time_caption_embed.",), _one("omnigen2", "OmniGen2")),
    (("blocks.0.cross_attn.q_linear",), _one("sana", "Sana")),
    (("genre_embedder.weight",), _one("ace-step", "ACE-Step")),
    (("transformer.rotary_pos_emb.inv_freq",), _one("stable-audio", "Stable Audio")),
    (("rotary_pos_emb.inv_freq", "to_timestep_embed."), _one("stable-audio", "Stable Audio")),
    (("clf.1.weight",), _one("stable-cascade", "Stable Cascade")),
    (("latent_in.weight",), _one("hunyuan3d", "Hunyuan3D")),
    (("blocks.block0.blocks.0.",), _one("cosmos", "Cosmos")),
    (("blocks.0.adaln_modulation_self_attn.1.weight",), _one("cosmos", "Cosmos Predict2")),
    (("single_transformer_blocks.0.", "transformer_blocks.0."), _flux_diffusers),
    (("transformer_blocks.0.attn.add_k_proj", "context_embedder.weight"), _one("sd3", "SD 3")),
    (("patch_embed.proj", "transformer_blocks.0.norm1.linear", "proj_out"), _one("cogvideox", "CogVideoX")),
)  # fmt: skip
