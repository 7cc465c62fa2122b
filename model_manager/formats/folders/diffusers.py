"""diffusers: a pipeline of component folders under one model_index.json, or one component alone.

Source: huggingface/diffusers `pipelines/pipeline_utils.py`. The component folders are parts, never models of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model_manager.base.facts import GOOD, Claim, Facts, Health
from model_manager.base.messages import counted, joined, said
from model_manager.base.text import later
from model_manager.formats.folders import diffusion_bases, readme
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import Text, front_matter, json_of
from model_manager.formats.folders.weights import health_of, weights_in
from model_manager.formats.metadata import bounded

NAME = "diffusers"
_INDEX = "model_index.json"
_NO_WEIGHTS = ("tokenizer", "scheduler", "feature_extractor", "image_processor", "processor", "video_processor",
               "add_watermarker", "guider")  # fmt: skip
_DENOISERS = ("transformer", "unet", "prior", "decoder", "transformer_2")
_SAME_SHAPE = frozenset({"Kolors", "Flux.1 Kontext"})
"""Bases whose denoiser has another's figures (SDXL's, Flux.1 dev's): here the pipeline's class knows more."""
_MOST = 64
_KINDS = (
    ("ControlNet", "diffusion/controlnet"), ("T2IAdapter", "diffusion/controlnet"),
    ("IPAdapter", "diffusion/ipadapter"),
    ("AutoencoderTiny", "diffusion/vae_approx"), ("Autoencoder", "diffusion/vae"), ("VQModel", "diffusion/vae"),
    ("AsymmetricAutoencoder", "diffusion/vae"), ("ConsistencyDecoderVAE", "diffusion/vae"),
    ("MotionAdapter", "diffusion/other"), ("GLIGEN", "diffusion/other"), ("UNetMotion", "diffusion/diffusion_models"),
    ("UNet", "diffusion/diffusion_models"),
)  # fmt: skip


def matches(names: Mapping[str, int]) -> bool:
    return _INDEX in names or "config.json" in names


def read(folder: ModelFolder) -> Facts | None:
    """The facts of a pipeline or of a component; None when the configuration is no component's."""
    if _INDEX in folder.sizes:
        return _pipeline(folder, json_of(folder, _INDEX))
    config = json_of(folder, "config.json")
    if not isinstance(config.get("_class_name"), str):
        return None
    return _component(folder, config)


def _pipeline(folder: ModelFolder, index: Text) -> Facts:
    name = str(index.get("_class_name", ""))[:100]
    parts = _parts(index)
    claims = (
        Claim("category", "audio" if diffusion_bases.is_audio(name) else "diffusion/checkpoints", "metadata",
              said("model_index.json: {0}", name or later('a pipeline'))),
        Claim("architecture", name or "diffusers", "metadata", "model_index.json"),
        *_base(folder, name, parts),
        *(_claim_tag(tag, name) for tag in ("Inpaint", "Img2Img", "InstructPix2Pix", "Upscale") if tag in name),
        *readme.claims_of(front_matter(folder)),
    )  # fmt: skip
    if not index:
        return Facts(NAME, claims, health=Health("corrupt", said("model_index.json cannot be read as JSON")))
    return Facts(NAME, claims, health=_pipeline_health(folder, parts), metadata=bounded(index))


def _claim_tag(tag: str, name: str) -> Claim:
    return Claim("tag", {"Inpaint": "inpainting"}.get(tag, tag.lower()), "metadata", said("pipeline {0}", name))


def _parts(index: Text) -> dict[str, str]:
    """Component -> class, of those that the pipeline has: an entry of nulls was left out on purpose."""
    found: dict[str, str] = {}
    for key, value in index.items():
        if key.startswith("_") or "/" in key or key in (".", "..") or len(found) == _MOST:
            continue
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], str):
            found[key] = value[1]
    return found


def _base(folder: ModelFolder, pipeline: str, parts: dict[str, str]) -> Iterator[Claim]:
    """By the denoiser's configuration, else its class, else the pipeline's: forks keep another's pipeline class
    (Chroma names FluxPipeline)."""
    by_pipeline = diffusion_bases.of_pipeline(pipeline)
    for part in _DENOISERS if by_pipeline not in _SAME_SHAPE else ():
        if part not in parts:
            continue
        base, why = diffusion_bases.of_component(json_of(folder, f"{part}/config.json"))
        if not base:
            base, why = diffusion_bases.of_class(parts[part]), said("class {0}", parts[part][:80])
        if base:
            yield Claim("base_model", base, "metadata", said("{0}: {1}", part, why))
            return
    if by_pipeline:
        yield Claim("base_model", by_pipeline, "metadata", said("pipeline {0}", pipeline))


def _pipeline_health(folder: ModelFolder, parts: dict[str, str]) -> Health:
    missing: list[str] = []
    details: list[str] = []
    for part, kind in sorted(parts.items()):
        if part.startswith(_NO_WEIGHTS) or kind.endswith(("Tokenizer", "TokenizerFast", "Scheduler", "Processor")):
            continue
        place = part + "/"
        here = any(name.startswith(place) for name in folder.sizes)
        if not weights_in(folder, place):
            missing.append(part)
            details.append(said("{0}: weights are missing", part) if here else said("{0}: the folder is missing", part))
        elif (health := health_of(folder, place)) != GOOD:
            missing.append(part)
            details.append(said("{0}: {1}", part, health.detail))
    if not missing:
        return GOOD
    if len(details) <= 4:
        return Health("incomplete", joined("; ", details))
    rest = counted("{0} is incomplete too", "{0} are incomplete too", len(missing) - 3, ", ".join(missing[3:]))
    return Health("incomplete", joined("; ", [*details[:3], rest]))


def _component(folder: ModelFolder, config: Text) -> Facts:
    name = str(config["_class_name"])[:100]
    base, why = diffusion_bases.of_component(config)
    return Facts(
        NAME,
        (
            *_component_category(name),
            Claim("architecture", name, "metadata", "config.json _class_name"),
            *((Claim("base_model", base, "metadata", why),) if base else _vae_base(name, config)),
            *readme.claims_of(front_matter(folder)),
        ),
        health=health_of(folder),
        metadata=bounded(config),
    )


def _component_category(name: str) -> Iterator[Claim]:
    for part, category in _KINDS:
        if part in name:
            yield Claim("category", category, "metadata", said("config.json: {0}", name))
            return
    if "Transformer" in name or "DiT" in name:
        yield Claim("category", "diffusion/diffusion_models", "metadata", said("config.json: {0}", name))


def _vae_base(name: str, config: Text) -> Iterator[Claim]:
    """The family of a VAE by its channels; 4 are SD 1, 2 and XL alike, told apart by the scaling factor."""
    if name != "AutoencoderKL":
        return
    channels, factor = config.get("latent_channels"), config.get("scaling_factor")
    base = {16: "SD 3/Flux.1 (16-channel)", 32: "Flux.2"}.get(channels) if isinstance(channels, int) else None
    if channels == 4 and factor in (0.18215, 0.13025):
        base = "SD 1.x/2.x" if factor == 0.18215 else "SDXL 1.0"
    if base:
        yield Claim("base_model", base, "metadata", said("latent_channels {0}, scaling_factor {1}", channels, factor))
