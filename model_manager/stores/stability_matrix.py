"""Stability Matrix: one `Models` folder for all of its packages, which lead into it by links.

Source: LykosAI/StabilityMatrix SharedFolderType.cs, SettingsManager.cs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundRoot, Leftover
from model_manager.stores.look import Look
from model_manager.stores.settings_file import json_settings
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

TOOL = "stability-matrix"
FOLDERS = {
    "stablediffusion": "diffusion/checkpoints", "lora": "diffusion/lora", "lycoris": "diffusion/lora",
    "esrgan": "diffusion/upscale_models", "gfpgan": "vision", "bsrgan": "diffusion/upscale_models",
    "codeformer": "vision", "diffusers": "diffusion/checkpoints", "realesrgan": "diffusion/upscale_models",
    "swinir": "diffusion/upscale_models", "vae": "diffusion/vae", "approxvae": "diffusion/vae_approx",
    "karlo": "diffusion/other", "deepdanbooru": "multimodal", "embeddings": "diffusion/embeddings",
    "textualinversion": "diffusion/embeddings", "hypernetwork": "diffusion/other", "controlnet": "diffusion/controlnet",
    "ldsr": "diffusion/upscale_models", "textencoders": "diffusion/text_encoders", "clip": "diffusion/text_encoders",
    "scunet": "diffusion/upscale_models", "gligen": "diffusion/other", "afterdetailer": "vision",
    "ipadapter": "diffusion/ipadapter", "t2iadapter": "diffusion/controlnet", "ipadapters15": "diffusion/ipadapter",
    "ipadaptersxl": "diffusion/ipadapter", "clipvision": "diffusion/clip_vision", "svd": "diffusion/checkpoints",
    "ultralytics": "vision", "sams": "vision", "promptexpansion": "llm", "unet": "diffusion/diffusion_models",
    "diffusionmodels": "diffusion/diffusion_models", "stylemodels": "diffusion/other", "audioencoders": "audio",
    "modelpatches": "diffusion/other", "backgroundremoval": "vision",
}  # fmt: skip


def find(env: Env) -> Iterator[FoundRoot]:
    """The library of library.json, then portable ones: `<program>/Data/.sm-portable`."""
    library = json_settings(os.path.join(env.config(), "StabilityMatrix", "library.json")).get("LibraryPath")
    places: list[tuple[str, bool]] = [(env.expand(library), True)] if isinstance(library, str) and library else []
    for folder, _names in env.unpacked("Data"):
        if os.path.exists(os.path.join(folder, "Data", ".sm-portable")):
            places.append((os.path.join(folder, "Data"), False))
    seen: set[str] = set()
    for place, configured in places:
        chosen = json_settings(os.path.join(place, "settings.json")).get("ModelDirectoryOverride")
        models = os.path.normpath(
            env.expand(chosen) if isinstance(chosen, str) and chosen else os.path.join(place, "Models")
        )
        if models not in seen and os.path.isdir(models):
            seen.add(models)
            yield FoundRoot(TOOL, models, "config" if configured or chosen else "default")


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    return describe_tree(root.path, look, Plain(categories=FOLDERS))


STORE = Store(TOOL, "Stability Matrix", find, describe)
STORES = (STORE,)
