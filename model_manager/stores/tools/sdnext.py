"""SD.Next: `models/…` with Hugging Face caches inside, and the folders of config.json.

Source: vladmandic/sdnext modules/{paths,cmd_args,shared}.py; only settings that are not the default are stored.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundBy, FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env, Process
from model_manager.stores.host.flags import last_of
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import json_settings
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.hub.cache import describe_hub
from model_manager.stores.hub.layout import REPOSITORIES
from model_manager.stores.walk.hash_cache import read_hashes, with_hashes
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

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
    "esrgan_models_path": "diffusion/upscale_models", "realesrgan_models_path": "diffusion/upscale_models",
    "bsrgan_models_path": "diffusion/upscale_models", "swinir_models_path": "diffusion/upscale_models",
    "scunet_models_path": "diffusion/upscale_models", "gfpgan_models_path": "vision", "codeformer_models_path": "vision",
    "clip_models_path": "diffusion/clip_vision",
}  # fmt: skip
_CACHED = (*REPOSITORIES, "blobs", ".")


def find(env: Env) -> Iterator[FoundRoot]:
    """Running programs, then unpacked ones."""
    roots = RootList(TOOL, env)
    for process in _running(env):
        yield from _install(roots, replace(env, environ=process.environ), process.place, process)
    for folder, _names in env.unpacked("webui.py", "modules", "launch.py", "installer.py"):
        yield from _install(roots, env, folder, None)


def _running(env: Env) -> Iterator[Process]:
    for process in env.running("launch.py", "webui.py"):
        if os.path.isfile(os.path.join(process.place, "installer.py")):
            yield process


def _install(roots: RootList, env: Env, folder: str, process: Process | None) -> Iterator[FoundRoot]:
    """Flags, then environment, then config.json; a relative path is taken from the data folder."""
    words = process.arguments if process else ()

    def told(flag: str, variable: str) -> str:
        return next((env.expand(value) for value in last_of(words, flag)), "") or env.variable(variable)

    data = os.path.join(folder, told("--data-dir", "SD_DATADIR"))
    settings = json_settings(os.path.join(data, told("--config", "SD_CONFIG") or "config.json"), env.say)
    chosen, configured = told("--models-dir", "SD_MODELSDIR"), settings.get("models_dir")
    own: FoundBy = "environment" if chosen else "default"
    if not chosen and isinstance(configured, str) and configured:
        chosen, own = env.expand(configured), "config"
    models = os.path.join(data, chosen or "models")
    listed: FoundBy = "process" if process else "config"
    named: FoundBy = "process" if process else "environment"
    own = "process" if process else own
    known = {"data": data, "cache": os.path.join(data, "cache"), "scratch": env.scratch}
    yield from roots.take(models, own, **known)
    for name in ("Diffusers", "huggingface"):
        yield from roots.take(os.path.join(models, name), own, layout="hub")
    if cache := env.variable("SD_HFCACHEDIR"):
        yield from roots.take(os.path.join(data, cache), named, layout="hub")
    for key, category in _KEYS.items():
        value = settings.get(key)
        if not isinstance(value, str) or not value:
            continue
        path = os.path.join(data, env.expand(value))
        if category == "hub":
            yield from roots.take(path, listed, layout="hub")
        else:
            yield from roots.take(path, listed, category=category, extra="yes", **known)


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    if root.details.get("layout") == "hub":
        yield from describe_hub(root.path, reader)
        # Pipelines that people put beside the cached repositories are listed as well (modules/modelloader.py).
        cached = frozenset(entry.name.lower() for entry in reader.entries(root.path) if entry.name.startswith(_CACHED))
        plain = Plain(categories={"": "diffusion/checkpoints"}, passed_over=cached)
        yield from describe_tree(root.path, reader, plain)
        return
    category = root.details.get("category")
    hashes = read_hashes(root.details, reader)
    models = describe_tree(root.path, reader, Plain(categories={"": category} if category else FOLDERS))
    yield from with_hashes(models, root.path, hashes) if hashes else models


STORE = Store(TOOL, find, describe, BY_LAYOUT, _running)
STORES = (STORE,)
