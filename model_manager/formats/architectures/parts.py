"""The parts of image models that come as files of their own: ControlNet, IP-Adapter, VAE, text and image encoders,
textual inversions, upscalers, motion modules."""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.formats.architectures.names import Names, claims

_BY_WIDTH = {768: "SD 1.5", 1024: "SD 2.1", 2048: "SDXL 1.0"}


def controlnet(names: Names) -> Iterator[Claim]:
    place = "diffusion/controlnet"
    if names.begins("control_model."):
        width = names.side(names.find(".1.transformer_blocks.0.attn2.to_k.weight"), -1)
        yield from claims(
            place, "controlnet", _BY_WIDTH.get(width), said("control_model with cross attention of {0}", width)
        )
    elif names.begins("controlnet_cond_embedding."):
        width = names.side(names.find("transformer_blocks.0.attn2.to_k.weight"), -1)
        union = ["union"] if names.begins("control_add_embedding") else []
        yield from claims(place, "controlnet", _BY_WIDTH.get(width), "controlnet_cond_embedding", union)
    elif names.begins(
        "controlnet_blocks.", "controlnet_x_embedder", "controlnet_mode_embedder", "controlnet_single_blocks."
    ):
        base = (
            "Flux.1"
            if names.begins("double_blocks.", "single_transformer_blocks.", "input_hint_block")
            else (
                "Qwen-Image"
                if names.begins("txt_norm.")
                else "SD 3"
                if names.begins("pos_embed", "transformer_blocks.0.norm1_context")
                else None
            )
        )
        yield from claims(place, "controlnet", base, "controlnet_blocks")
    elif names.holds("\nlora_controlnet"):
        yield from claims(place, "control-lora", "SDXL 1.0", "lora_controlnet", ["control-lora"])
    elif names.begins("control_all_x_embedder", "control_layers."):
        yield from claims(place, "controlnet", "Z-Image", said("control layers"))
    elif names.begins("body.0.in_conv", "adapter.body.", "body.0.resnets.") and names.holds("conv_in"):
        yield from claims(place, "t2i-adapter", None, said("T2I-Adapter body"), ["t2i-adapter"])


def ipadapter(names: Names) -> Iterator[Claim]:
    place = "diffusion/ipadapter"
    if names.holds("ip_adapter_double_stream", "ip_adapter_single_stream"):
        yield from claims(place, "ip-adapter", "Flux.1", said("ip_adapter_double_stream beside Flux blocks"))
    elif names.holds("to_k_ip.weight") and names.begins("ip_adapter.", "image_proj.", "unet.ip_adapter"):
        width = names.side(names.find("to_k_ip.weight"), -1)
        base = {768: "SD 1.5", 1024: "SD 2.1", 2048: "SDXL 1.0", 1280: "SDXL 1.0"}.get(width)
        yield from claims(place, "ip-adapter", base, said("ip_adapter with to_k_ip of {0}", width))
    elif names.begins("image_proj.latents", "image_proj.proj"):
        yield from claims(place, "ip-adapter", None, "image_proj")
    elif names.begins("pulid_encoder.", "pulid_ca.", "id_adapter."):
        yield from claims(place, "pulid", None, said("PuLID layers"))
    elif names.begins("id_encoder.", "lora_weights.") and names.holds("visual_projection_2"):
        yield from claims(place, "photomaker", "SDXL 1.0", said("PhotoMaker's encoder"))


def vae(names: Names) -> Iterator[Claim]:
    bare = names
    for wrapper in ("first_stage_model.", "vae."):
        if names.times("\n" + wrapper) > 10 and not names.begins("model.diffusion_model."):
            bare = names.below(wrapper)
    if bare.begins("decoder.middle.0.residual") or (
        bare.has("decoder.conv1.weight") and bare.begins("encoder.downsamples")
    ):
        width = bare.side("decoder.conv1.weight", 1)
        yield from claims(
            "diffusion/vae",
            "wan-vae",
            "Wan 2.2" if width == 48 else "Wan 2.1, Qwen-Image",
            said("decoder.middle in five dimensions"),
        )
    elif bare.begins("decoder.up_blocks.0.res_blocks.") and not bare.begins("decoder.conv_in.weight"):
        yield from claims("diffusion/vae", "ltx-vae", "LTXV", "decoder.up_blocks.0.res_blocks")
    elif bare.begins("decoder.conv_in.") and bare.begins("decoder.up.", "decoder.up_blocks.", "decoder.mid"):
        width = bare.side("decoder.conv_in.weight", 1) or bare.side("decoder.conv_in.conv.weight", 1)
        base, architecture = {4: ("SD 1.x", "AutoencoderKL"), 16: ("SD3/Flux.1 (16-channel)", "AutoencoderKL-16ch"),
                              32: ("Flux.2", "AutoencoderKL-32ch"), 64: ("HunyuanImage", "AutoencoderKL-64ch")}.get(
            width, (None, "AutoencoderKL"))  # fmt: skip
        yield from claims("diffusion/vae", architecture, base, said("a decoder of {0} channels", width))
    elif names.begins("vocoder.") and names.begins("audio_vae.", "decoder."):
        yield from claims("diffusion/vae", "audio-vae", None, said("a vocoder beside a decoder"), ["audio"])


def vae_approx(names: Names) -> Iterator[Claim]:
    """TAESD numbers its layers (`1.weight` is the first convolution, 64 wide); A1111's VAE-approx has conv1 to conv8."""
    place = "diffusion/vae_approx"
    if names.has("conv1.weight") and names.has("conv8.weight") and names.side("conv1.weight", 1) == 4:
        yield from claims(place, "vae-approx", "SD 1.x", said("conv1 to conv8 from four channels"))
        return
    for prefix in (
        "",
        "encoder.layers.",
        "decoder.layers.",
        "taesd_encoder.",
        "taesd_decoder.",
        "encoder.",
        "decoder.",
    ):
        if names.has(f"{prefix}3.conv.0.weight") or names.has(f"{prefix}1.conv.0.weight"):
            first = names.shape(f"{prefix}0.weight") or names.shape(f"{prefix}1.weight")
            last = max((tensor.shape[0] for tensor in names.tensors.values() if len(tensor.shape) == 4), default=0)
            if len(first) == 4 and 64 in (first[0], last):
                latent = min(min(t.shape[:2]) for t in names.tensors.values() if len(t.shape) == 4)
                wide = {side for t in names.tensors.values() if len(t.shape) == 4 for side in t.shape[:2]} - {3, 64}
                latent = min(wide) if wide else latent
                base = {4: "SD 1.x", 16: "SD 3", 32: "Flux.2", 128: "Flux.2"}.get(latent)
                yield from claims(place, "taesd", base, said("64-wide convolutions to {0} channels", latent))
                return


def text_encoder(names: Names) -> Iterator[Claim]:
    place = "diffusion/text_encoders"
    bare = names.bare if names.begins("transformer.text_model.", "model.text_model.") else names
    if bare.begins("text_model.encoder.layers.") and not bare.begins("vision_model."):
        for layer, architecture, base in ((30, "clip-g", "CLIP-G"), (22, "clip-h", "CLIP-H"), (0, "clip-l", "CLIP-L")):
            if bare.begins(f"text_model.encoder.layers.{layer}."):
                yield from claims(place, architecture, base, said("text_model with layer {0}", layer))
                return
    if names.holds("encoder.block.0.layer.0.SelfAttention.k.weight") and not names.holds("decoder.block."):
        deep = names.find("encoder.block.0.layer.1.DenseReluDense.wi_1.weight") or names.find(
            "DenseReluDense.wi.weight"
        )
        width = names.side(deep, -1)
        if names.side(names.find("SelfAttention.k.weight"), 0) == 384:
            yield from claims(place, "byt5", "ByT5", "SelfAttention of 384")
        else:
            base = {4096: "T5-XXL", 2048: "T5-XL", 1024: "T5-Large", 768: "T5-Base"}.get(width, "T5")
            yield from claims(place, base.lower(), base, said("T5 encoder of {0}, no decoder", width))


def clip_vision(names: Names) -> Iterator[Claim]:
    if not names.begins("vision_model.encoder.layers.") or names.begins(
        "text_model.", "model.layers.", "language_model."
    ):
        return
    width = names.side("vision_model.embeddings.patch_embedding.weight", 0)
    for layer, base in ((47, "CLIP bigG"), (30, "CLIP-H"), (22, "CLIP-L")):
        if names.begins(f"vision_model.encoder.layers.{layer}."):
            base = "SigLIP" if width == 1152 else base
            yield from claims("diffusion/clip_vision", "clip-vision", base, said("vision_model with layer {0}", layer))
            return


def embedding(names: Names) -> Iterator[Claim]:
    """Textual inversions: a few short vectors under known names, never many."""
    if len(names.tensors) > 4:
        return
    for key in ("string_to_param", "emb_params", "clip_l", "clip_g", "t5xxl"):
        name = names.find(key)
        if name:
            width = names.side(name, -1)
            base = (
                "SDXL 1.0"
                if names.has("clip_g")
                else {768: "SD 1.x", 1024: "SD 2.x", 1280: "SDXL 1.0", 4096: "Flux.1"}.get(width)
            )
            if base:
                yield from claims("diffusion/embeddings", "textual-inversion", base, said("{0} of {1}", key, width))
            return
    if len(names.tensors) == 1:
        ((name, tensor),) = names.tensors.items()
        width = tensor.shape[-1] if tensor.shape else 0
        flat = len(tensor.shape) == 1 or (len(tensor.shape) == 2 and tensor.shape[0] <= 128)
        base = {768: "SD 1.x", 1024: "SD 2.x"}.get(width)
        if flat and base and (name.startswith("<") or name in ("*", "emb")):
            yield from claims("diffusion/embeddings", "textual-inversion", base, said("{0} of {1}", name, width))


def upscaler(names: Names) -> Iterator[Claim]:
    place = "diffusion/upscale_models"
    bare = names
    for wrapper in ("params_ema.", "params.", "module.", "model_state_dict."):
        if names.begins(wrapper):
            bare = Names({name.removeprefix(wrapper): one for name, one in names.tensors.items()})
            break
    rules = (
        (("model.0.weight", "model.1.sub."), "ESRGAN"), (("conv_first.", "body.0.rdb1."), "RealESRGAN"),
        (("conv_first.", "RRDB_trunk."), "ESRGAN"), (("conv_first.", "layers.0.residual_group."), "SwinIR, HAT or DAT"),
        (("conv_first.", "trunk."), "ESRGAN"), (("conv_1.sk.", "block_1.c1_r."), "SPAN"), (("conv_1.eval_conv.",), "SPAN"),
        (("unet1.conv1.", "unet2.conv1."), "Real-CUGAN"), (("feats.0.", "blocks.0.", "to_img."), "PLKSR"),
        (("to_feat.", "feats.0.norm"), "SAFMN"), (("conv_first.", "conv_after_body."), "SwinIR, HAT or DAT"),
        (("head.0.weight", "body.0.body.0.weight", "tail."), "EDSR"), (("fc.0.", "patch_embed", "upsample.0."), "SwinIR"),
    )  # fmt: skip
    for keys, base in rules:
        if all(bare.begins(key) for key in keys):
            yield from claims(place, "upscaler", base, said("{0} and {1}", keys[0], keys[-1]))
            return
    if bare.has("body.0.weight") and bare.has("body.1.weight") and bare.side("body.0.weight", 1) == 3:
        yield from claims(place, "upscaler", "RealESRGAN Compact", said("body.0 from three channels"))


def other(names: Names) -> Iterator[Claim]:
    place = "diffusion/other"
    if names.holds("motion_modules.") and not names.begins("model.diffusion_model."):
        yield from claims(place, "motion-module", None, "motion_modules", ["animatediff"])
    elif names.holds("fuser.alpha_attn", "position_net."):
        yield from claims(place, "gligen", "SD 1.5", said("GLIGEN's fuser"), ["gligen"])
    elif names.begins("redux_down.", "redux_up."):
        yield from claims(place, "flux-redux", "Flux.1", said("redux layers"), ["style"])
    elif names.tensors and all(
        name.split(".")[0] in ("320", "640", "768", "1024", "1280", "2048") for name in names.tensors
    ):
        yield from claims(place, "hypernetwork", None, said("keys are layer widths"), ["hypernetwork"])
