"""SD.Next: `models/…` with Hugging Face caches inside, and the folders of config.json.

Source: vladmandic/sdnext modules/{paths,cmd_args,shared}.py; only settings that are not the default are stored.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundRoot, Leftover
from model_manager.stores.hub_cache import describe_hub
from model_manager.stores.look import Look
from model_manager.stores.settings_file import json_settings
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

TOOL = "sdnext"
FOLDERS = {
    "stable-diffusion": "diffusion/checkpoints", "vae": "diffusion/vae", "unet": "diffusion/diffusion_models",
    "text-encoder": "diffusion/text_encoders", "lora": "diffusion/lora", "embeddings": "diffusion/embeddings",
    "control": "diffusion/controlnet", "yolo": "vision", "esrgan": "diffusion/upscale_models",
    "realesrgan": "diffusion/upscale_models", "bsrgan": "diffusion/upscale_models", "swinir": "diffusion/upscale_models",
    "scunet": "diffusion/upscale_models", "gfpgan": "vision", "codeformer": "vision", "rembg": "vision",
    "onnx": "diffusion/checkpoints", "openclip": "diffusion/clip_vision", "interrogator": "multimodal",
}  # fmt: skip
_KEYS = {
    "ckpt_dir": "diffusion/checkpoints", "diffusers_dir": "hub", "hfcache_dir": "hub", "vae_dir": "diffusion/vae",
    "unet_dir": "diffusion/diffusion_models", "te_dir": "diffusion/text_encoders", "lora_dir": "diffusion/lora",
    "embeddings_dir": "diffusion/embeddings", "control_dir": "diffusion/controlnet", "yolo_dir": "vision",
    "esrgan_models_path": "diffusion/upscale_models",
}  # fmt: skip


def find(env: Env) -> Iterator[FoundRoot]:
    seen: set[str] = set()
    for folder, _names in env.unpacked("webui.py", "modules", "launch.py", "installer.py"):
        data = env.variable("SD_DATADIR") or folder
        settings = json_settings(os.path.join(data, "config.json"))
        chosen = env.variable("SD_MODELSDIR") or str(settings.get("models_dir") or "models")
        models = os.path.join(data, env.expand(chosen))
        yield from _root(models, {}, seen)
        for name in ("Diffusers", "huggingface"):
            yield from _root(os.path.join(models, name), {"layout": "hub"}, seen)
        if cache := env.variable("SD_HFCACHEDIR"):
            yield from _root(cache, {"layout": "hub"}, seen)
        for key, category in _KEYS.items():
            value = settings.get(key)
            if isinstance(value, str) and value:
                details = {"layout": "hub"} if category == "hub" else {"category": category, "extra": "yes"}
                yield from _root(os.path.join(data, env.expand(value)), details, seen)


def _root(path: str, details: dict[str, str], seen: set[str]) -> Iterator[FoundRoot]:
    path = os.path.normpath(path)
    if path not in seen and os.path.isdir(path):
        seen.add(path)
        yield FoundRoot(TOOL, path, "config" if "extra" in details else "default", details)


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    if root.details.get("layout") == "hub":
        return describe_hub(root.path, look)
    category = root.details.get("category")
    return describe_tree(root.path, look, Plain(categories={"": category} if category else FOLDERS))


STORE = Store(TOOL, "SD.Next", find, describe)
STORES = (STORE,)
