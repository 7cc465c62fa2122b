"""Stability Matrix: one `Models` folder for all of its packages, which lead into it by links.

Source: LykosAI/StabilityMatrix SharedFolderType.cs, SettingsManager.cs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundBy, FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import json_settings
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

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
    # Names of older versions, renamed when Stability Matrix meets them.
    "invokeclipvision": "diffusion/clip_vision", "invokeipadapters15": "diffusion/ipadapter",
    "invokeipadaptersxl": "diffusion/ipadapter",
}  # fmt: skip


def find(env: Env) -> Iterator[FoundRoot]:
    """The library of library.json, then portable ones: `<program>/Data/.sm-portable`."""
    roots = RootList(TOOL, env)
    library = json_settings(os.path.join(env.config(), "StabilityMatrix", "library.json"), env.say).get("LibraryPath")
    if isinstance(library, str) and os.path.isabs(library):
        yield from _library(roots, library, "config")
    for folder, names in env.folders.items():
        if ".sm-portable" in names or (
            "Data" in names and os.path.exists(os.path.join(folder, "Data", ".sm-portable"))
        ):
            yield from _library(roots, folder if ".sm-portable" in names else os.path.join(folder, "Data"), "default")


def _library(roots: RootList, place: str, found_by: FoundBy) -> Iterator[FoundRoot]:
    chosen = json_settings(os.path.join(place, "settings.json")).get("ModelDirectoryOverride")
    if isinstance(chosen, str) and chosen:
        yield from roots.take(os.path.join(place, chosen), "config")
    else:
        yield from roots.take(os.path.join(place, "Models"), found_by)


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    return describe_tree(root.path, reader, Plain(categories=FOLDERS), remembers=True)


STORE = Store(TOOL, find, describe, BY_LAYOUT)
STORES = (STORE,)
