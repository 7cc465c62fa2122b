"""Fooocus: `models/<folder>` and the folders of config.txt (which is JSON).

Source: lllyasviel/Fooocus modules/config.py. A variable of the same lower-case name wins over the file.
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

TOOL = "fooocus"
FOLDERS = {
    "checkpoints": "diffusion/checkpoints", "loras": "diffusion/lora", "embeddings": "diffusion/embeddings",
    "vae": "diffusion/vae", "vae_approx": "diffusion/vae_approx", "controlnet": "diffusion/controlnet",
    "upscale_models": "diffusion/upscale_models", "inpaint": "diffusion/other", "clip_vision": "diffusion/clip_vision",
    "prompt_expansion": "llm", "safety_checker": "vision", "sam": "vision",
}  # fmt: skip
_KEYS = {f"path_{name}": category for name, category in FOLDERS.items()} | {"path_fooocus_expansion": "llm"}


def find(env: Env) -> Iterator[FoundRoot]:
    seen: set[str] = set()
    for folder, names in env.unpacked("launch.py", "modules"):
        if not names & {"fooocus_version.py", "entry_with_update.py"}:
            continue
        yield from _root(os.path.join(folder, "models"), "", seen)
        settings = json_settings(env.variable("config_path") or os.path.join(folder, "config.txt"))
        for key, category in _KEYS.items():
            value = env.variable(key) or settings.get(key)
            for path in value if isinstance(value, list) else [value]:
                if isinstance(path, str) and path:
                    # Fooocus takes relative paths from its modules/ folder (config.py get_dir_or_set_default).
                    yield from _root(os.path.join(folder, "modules", env.expand(path)), category, seen)


def _root(path: str, category: str, seen: set[str]) -> Iterator[FoundRoot]:
    path = os.path.normpath(path)
    if path not in seen and os.path.isdir(path):
        seen.add(path)
        details = {"category": category, "extra": "yes"} if category else {}
        yield FoundRoot(TOOL, path, "config" if category else "default", details)


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    category = root.details.get("category")
    return describe_tree(root.path, look, Plain(categories={"": category} if category else FOLDERS))


STORE = Store(TOOL, "Fooocus", find, describe)
STORES = (STORE,)
