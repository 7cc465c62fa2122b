"""Names that people know for image and video models, from diffusers' class names and the figures in their configs.

Sources: diffusers `src/diffusers/pipelines`, the config.json files of the original repositories.
"""

from __future__ import annotations

from collections.abc import Mapping

from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.formats.folders.documents import number

# Transformers whose class alone says the family; None where figures decide.
_TRANSFORMERS = {
    "ChromaTransformer2DModel": "Chroma", "SD3Transformer2DModel": "SD 3", "AuraFlowTransformer2DModel": "AuraFlow",
    "PixArtTransformer2DModel": "PixArt", "HunyuanDiT2DModel": "Hunyuan 1", "HunyuanVideoTransformer3DModel":
    "Hunyuan Video", "LTXVideoTransformer3DModel": "LTXV", "LTX2VideoTransformer3DModel": "LTXV2",
    "MochiTransformer3DModel": "Mochi", "CogVideoXTransformer3DModel": "CogVideoX",
    "CogView3PlusTransformer2DModel": "CogView 3", "CogView4Transformer2DModel": "CogView 4",
    "Lumina2Transformer2DModel": "Lumina 2", "LuminaNextDiT2DModel": "Lumina", "SanaTransformer2DModel": "Sana",
    "HiDreamImageTransformer2DModel": "HiDream", "QwenImageTransformer2DModel": "Qwen-Image",
    "ZImageTransformer2DModel": "Z-Image", "OmniGenTransformer2DModel": "OmniGen",
    "CosmosTransformer3DModel": "Cosmos", "AllegroTransformer3DModel": "Allegro",
    "HunyuanImageTransformer2DModel": "Hunyuan Image", "StableAudioDiTModel": "Stable Audio",
    "AceStepTransformer1DModel": "ACE-Step", "StableCascadeUNet": "Stable Cascade",
    "UNetSpatioTemporalConditionModel": "SVD", "Kandinsky3UNet": "Kandinsky 3",
}  # fmt: skip
_PIPELINES = {
    "StableDiffusionXL": "SDXL 1.0", "StableDiffusion3": "SD 3", "StableVideoDiffusion": "SVD", "FluxKontext":
    "Flux.1 Kontext", "FluxFill": "Flux.1 Fill", "Flux2": "Flux.2", "Flux": "Flux.1", "Chroma": "Chroma",
    "QwenImage": "Qwen-Image", "ZImage": "Z-Image", "Wan": "Wan Video", "HunyuanVideo": "Hunyuan Video",
    "HunyuanImage": "Hunyuan Image", "HunyuanDiT": "Hunyuan 1", "LTX2": "LTXV2", "LTX": "LTXV", "Mochi": "Mochi",
    "CogVideoX": "CogVideoX", "AuraFlow": "AuraFlow", "PixArt": "PixArt", "Lumina2": "Lumina 2", "Lumina": "Lumina",
    "Sana": "Sana", "HiDream": "HiDream", "Kolors": "Kolors", "StableCascade": "Stable Cascade", "Kandinsky":
    "Kandinsky", "StableAudio": "Stable Audio", "AudioLDM": "AudioLDM", "MusicLDM": "MusicLDM", "AceStep": "ACE-Step",
    "Cosmos": "Cosmos", "OmniGen": "OmniGen", "Wuerstchen": "Wuerstchen", "Amused": "aMUSEd",
}  # fmt: skip
_AUDIO = ("StableAudio", "AudioLDM", "MusicLDM", "AceStep")
_SDXL_PARTS: dict[tuple[int, ...], str] = {
    (1, 2, 10): "SDXL 1.0",
    (1, 2, 4): "SSD-1B",
    (1, 1, 2): "Segmind Vega",
    (0, 2, 10): "SDXL 1.0",
}


def of_pipeline(class_name: str) -> str:
    """The base by a pipeline's class; the longest name that it begins with decides."""
    for start in sorted(_PIPELINES, key=len, reverse=True):
        if class_name.startswith(start):
            return _PIPELINES[start]
    return ""


def is_audio(class_name: str) -> bool:
    return class_name.startswith(_AUDIO)


def of_class(class_name: str) -> str:
    """The base by a transformer's class alone, as model_index.json names it."""
    return _TRANSFORMERS.get(class_name, "")


def of_component(config: Mapping[str, object]) -> tuple[str, str]:
    """The base of a denoiser or ControlNet and why, both empty when its figures are of none that we know."""
    name = str(config.get("_class_name", ""))[:80]
    if name in ("FluxTransformer2DModel", "FluxControlNetModel"):
        return _flux(config)
    if name == "Flux2Transformer2DModel":
        return _flux2(config)
    if name == "WanTransformer3DModel":
        return _wan(config)
    if name in ("SD3Transformer2DModel", "SD3ControlNetModel"):
        layers = number(config.get("num_layers"))
        if layers == 38:
            return "SD 3.5 Large", later("38 layers")
        if layers == 24 and config.get("dual_attention_layers"):
            return "SD 3.5 Medium", later("24 layers, some with two attentions")
        return "SD 3", said("class {0}", name)
    if "ControlNet" in name and of_pipeline(name):
        return of_pipeline(name), said("class {0}", name)
    if base := of_class(name):
        return base, said("class {0}", name)
    return _unet(config)


def _unet(config: Mapping[str, object]) -> tuple[str, str]:
    """UNets of Stable Diffusion by the width of the text that they attend to."""
    width = config.get("cross_attention_dim")
    if isinstance(width, list) and width and all(one == width[0] for one in width):
        width = width[0]
    why = f"cross_attention_dim {width}" if isinstance(width, int) else ""
    if width == 768:
        return "SD 1.5", why
    if width == 1024:
        return "SD 2.1" if config.get("use_linear_projection", True) else "SD 2.0", why
    if width == 1280:
        return "SDXL Refiner", why
    if width == 2048:
        depth = config.get("transformer_layers_per_block")
        parts = tuple(one for one in depth if isinstance(one, int)) if isinstance(depth, list) else ()
        return _SDXL_PARTS.get(parts, "SDXL 1.0"), why
    return "", ""


def _flux(config: Mapping[str, object]) -> tuple[str, str]:
    channels = number(config.get("in_channels"))
    if channels == 384:
        return "Flux.1 Fill", later("384 input channels")
    if channels == 128:
        return "Flux.1 Canny/Depth", later("128 input channels")
    if "guidance_embeds" not in config:
        return "Flux.1", said("class {0}", str(config.get("_class_name"))[:80])
    if config["guidance_embeds"]:
        return "Flux.1 dev", "guidance_embeds is true"
    return "Flux.1 schnell", "guidance_embeds is false"


def _flux2(config: Mapping[str, object]) -> tuple[str, str]:
    width = number(config.get("joint_attention_dim"))
    base = {7680: "Flux.2 klein 4B", 12288: "Flux.2 klein 9B", 15360: "Flux.2 dev"}.get(width, "Flux.2")
    return base, f"joint_attention_dim {width}" if width else later("class Flux2Transformer2DModel")


def _wan(config: Mapping[str, object]) -> tuple[str, str]:
    heads, channels = number(config.get("num_attention_heads")), number(config.get("in_channels"))
    why = said("{0} heads, {1} input channels", heads, channels)
    if channels == 48:
        return "Wan 2.2 TI2V 5B", why
    if heads == 12:
        return "Wan 2.1 T2V 1.3B", why
    if channels == 36:
        return ("Wan 2.1 I2V 14B" if config.get("image_dim") else "Wan 2.2 I2V A14B"), why
    return "Wan Video", why
