"""Fooocus: `models/<folder>` and the folders of config.txt (which is JSON).

Source: lllyasviel/Fooocus modules/config.py. A variable of the same lower-case name wins over the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from model_manager.base import reach
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundBy, FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env, Process
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import json_settings
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

TOOL = "fooocus"
FOLDERS = {
    "checkpoints": "diffusion/checkpoints", "loras": "diffusion/lora", "embeddings": "diffusion/embeddings",
    "vae": "diffusion/vae", "vae_approx": "diffusion/vae_approx", "controlnet": "diffusion/controlnet",
    "upscale_models": "diffusion/upscale_models", "inpaint": "diffusion/other", "clip_vision": "diffusion/clip_vision",
    "prompt_expansion": "llm", "safety_checker": "vision", "sam": "vision",
}  # fmt: skip
_MARKERS = frozenset({"fooocus_version.py", "entry_with_update.py"})
_KEYS = {f"path_{name}": category for name, category in FOLDERS.items()} | {"path_fooocus_expansion": "llm"}


def find(env: Env) -> Iterator[FoundRoot]:
    """Running programs, then unpacked ones: variables win over config.txt."""
    roots = RootList(TOOL, env)
    for process in _running(env):
        yield from _install(roots, replace(env, environ=process.environ), process.place, "process")
    for folder, names in env.unpacked("launch.py", "modules"):
        if names & _MARKERS:
            yield from _install(roots, env, folder, "default")


def _running(env: Env) -> Iterator[Process]:
    for process in env.running("launch.py", "entry_with_update.py"):
        if any(reach.is_file(os.path.join(process.place, name)) for name in _MARKERS):
            yield process


def _install(roots: RootList, env: Env, folder: str, own: FoundBy) -> Iterator[FoundRoot]:
    settings = json_settings(os.path.join(folder, env.variable("config_path") or "config.txt"), env.say)
    yield from roots.take(os.path.join(folder, "models"), own)
    for key, category in _KEYS.items():
        value = env.variable(key)
        told: FoundBy = "environment" if value else "config"
        listed: list[object] = [value]
        if not value:
            given = settings.get(key)
            listed = given if isinstance(given, list) else [given]
        # The program enters its own folder first (launch.py), and takes a list only when all of it is there.
        paths = [os.path.join(folder, env.expand(path)) for path in listed if isinstance(path, str) and path]
        if len(paths) == len(listed) and all(reach.is_dir(path) for path in paths):
            for path in paths:
                yield from roots.take(path, told if own != "process" else own, category=category, extra="yes")


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    category = root.details.get("category")
    return describe_tree(root.path, reader, Plain(categories={"": category} if category else FOLDERS), remembers=True)


STORE = Store(TOOL, find, describe, BY_LAYOUT, _running)
STORES = (STORE,)
