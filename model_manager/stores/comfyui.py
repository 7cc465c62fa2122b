"""ComfyUI and ComfyUI Desktop: `models/<folder>`, plus the places of `extra_model_paths.yaml`.

Source: Comfy-Org/ComfyUI folder_paths.py, utils/extra_config.py; Comfy-Org/desktop comfyServerConfig.ts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from model_manager.base.reading import read_small
from model_manager.stores.env import Env
from model_manager.stores.flags import values_of
from model_manager.stores.found import Found, FoundBy, FoundRoot, Leftover
from model_manager.stores.look import Look
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

TOOL = "comfyui"
FOLDERS = {
    "checkpoints": "diffusion/checkpoints", "loras": "diffusion/lora", "vae": "diffusion/vae",
    "text_encoders": "diffusion/text_encoders", "clip": "diffusion/text_encoders",
    "unet": "diffusion/diffusion_models", "diffusion_models": "diffusion/diffusion_models",
    "clip_vision": "diffusion/clip_vision", "style_models": "diffusion/other", "embeddings": "diffusion/embeddings",
    "diffusers": "diffusion/checkpoints", "vae_approx": "diffusion/vae_approx", "controlnet": "diffusion/controlnet",
    "t2i_adapter": "diffusion/controlnet", "gligen": "diffusion/other", "upscale_models": "diffusion/upscale_models",
    "latent_upscale_models": "diffusion/upscale_models", "hypernetworks": "diffusion/other",
    "photomaker": "diffusion/ipadapter", "model_patches": "diffusion/other", "audio_encoders": "audio",
    "background_removal": "vision", "frame_interpolation": "vision", "geometry_estimation": "vision",
    "optical_flow": "vision", "detection": "vision", "ipadapter": "diffusion/ipadapter",
    "animatediff_models": "diffusion/other", "animatediff_motion_lora": "diffusion/lora", "insightface": "vision",
    "ultralytics": "vision", "sams": "vision", "instantid": "diffusion/ipadapter", "llm": "llm",
    "liveportrait": "vision", "xlabs": "diffusion/other", "cogvideo": "diffusion/checkpoints", "blip": "multimodal",
    "joy_caption": "multimodal", "classifiers": "misc", "facerestore_models": "vision", "facedetection": "vision",
}  # fmt: skip
_RESERVED = frozenset(
    {"base_path", "is_default", "custom_nodes", "configs", "download_model_base", "fonts", "datasets"}
)
_SMALL = 1 << 20


def find(env: Env) -> Iterator[FoundRoot]:
    """Running programs first, then Desktop's settings, then unpacked folders; extra paths of each."""
    seen: set[str] = set()
    for process in env.running("main.py"):
        if os.path.isfile(os.path.join(process.folder, "folder_paths.py")):
            for flag in ("--base-directory", "--models-directory"):
                for value in values_of(process.arguments, flag):
                    path = os.path.join(process.folder, value)
                    yield from _root(path if flag.startswith("--m") else os.path.join(path, "models"), "process", seen)
            for value in values_of(process.arguments, "--extra-model-paths-config"):
                yield from _extra(os.path.join(process.folder, value), env, "process", seen)
    desktop = os.path.join(env.config(), "ComfyUI")
    for path in _desktop_bases(os.path.join(desktop, "extra_models_config.yaml"), env):
        yield from _root(os.path.join(path, "models"), "config", seen)
    yield from _extra(os.path.join(desktop, "extra_models_config.yaml"), env, "config", seen)
    for folder, _names in env.unpacked("folder_paths.py", "main.py"):
        yield from _root(os.path.join(folder, "models"), "default", seen)
        yield from _extra(os.path.join(folder, "extra_model_paths.yaml"), env, "config", seen)


def _root(path: str, found_by: FoundBy, seen: set[str]) -> Iterator[FoundRoot]:
    path = os.path.normpath(path)
    if path not in seen and os.path.isdir(path):
        seen.add(path)
        yield FoundRoot(TOOL, path, found_by)


def sections(path: str) -> Mapping[str, Mapping[str, object]]:
    """The sections of a YAML file of paths; empty when it is missing, huge or no mapping of mappings."""
    import yaml

    try:
        record = yaml.safe_load(read_small(path, _SMALL).decode("utf-8", "replace"))
    except (OSError, yaml.YAMLError, RecursionError, ValueError):
        return {}
    if not isinstance(record, dict):
        return {}
    return {str(name): section for name, section in record.items() if isinstance(section, dict)}


def _desktop_bases(path: str, env: Env) -> Iterator[str]:
    for name, section in sections(path).items():
        base = section.get("base_path")
        if name in ("comfyui_desktop", "comfyui") and isinstance(base, str):
            yield env.expand(base)


def _extra(path: str, env: Env, found_by: FoundBy, seen: set[str]) -> Iterator[FoundRoot]:
    """One root for each path of each section, with the category of its key."""
    for name, section in sections(path).items():
        if name in ("comfyui_desktop", "desktop_extensions"):
            continue
        base = section.get("base_path")
        # base_path is expanded and taken from the YAML file's folder; without it `~` is not expanded (issue 2389).
        start = os.path.join(os.path.dirname(path), env.expand(base)) if isinstance(base, str) else ""
        for key, value in section.items():
            if key in _RESERVED or not isinstance(value, str):
                continue
            for line in value.splitlines():
                place = (
                    os.path.normpath(os.path.join(start or os.path.dirname(path), line.strip())) if line.strip() else ""
                )
                if place and place not in seen and os.path.isdir(place):
                    seen.add(place)
                    details = {"category": FOLDERS.get(str(key).lower(), ""), "extra": "yes"}
                    yield FoundRoot(TOOL, place, found_by, details)


def in_use(env: Env) -> str | None:
    for process in env.running("main.py"):
        if os.path.isfile(os.path.join(process.folder, "folder_paths.py")):
            return f"ComfyUI is running (process {process.pid})"
    return None


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    category = root.details.get("category")
    return describe_tree(root.path, look, Plain(categories={"": category} if category else FOLDERS))


STORE = Store(TOOL, "ComfyUI", find, describe, in_use)
STORES = (STORE,)
