"""SwarmUI: `Models`, or the roots of Data/Settings.fds.

Source: mcmonkeyprojects/SwarmUI src/Core/Settings.cs: `Paths: ModelRoot: Models;/second/root`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundBy, FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import Say, text_settings
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

TOOL = "swarmui"
FOLDERS = {
    "stable-diffusion": "diffusion/checkpoints", "diffusion_models": "diffusion/diffusion_models",
    "unet": "diffusion/diffusion_models", "tensorrt": "diffusion/other", "lora": "diffusion/lora", "vae": "diffusion/vae",
    "embeddings": "diffusion/embeddings", "controlnet": "diffusion/controlnet", "model_patches": "diffusion/other",
    "text_encoders": "diffusion/text_encoders", "clip": "diffusion/text_encoders",
    "clip_vision": "diffusion/clip_vision", "upscale_models": "diffusion/upscale_models",
}  # fmt: skip

_KEYS = {
    "SDModelFolder": "diffusion/checkpoints", "SDLoraFolder": "diffusion/lora", "SDVAEFolder": "diffusion/vae",
    "SDEmbeddingFolder": "diffusion/embeddings", "SDControlNetsFolder": "diffusion/controlnet",
    "SDClipFolder": "diffusion/text_encoders", "SDClipVisionFolder": "diffusion/clip_vision",
}  # fmt: skip
_MARKERS = frozenset({"SwarmUI.csproj", "launch-linux.sh", "launch-windows.bat", "launchtools"})


def find(env: Env) -> Iterator[FoundRoot]:
    """Unpacked programs; a `;` list of roots, the first of which downloads go to."""
    roots = RootList(TOOL, env)
    for folder, names in env.unpacked("src"):
        if "SwarmUI.sln" not in names and not (names & _MARKERS and "Models" in names):
            continue
        path = os.path.join(folder, "Data", "Settings.fds")
        settings = _settings(path, env.say)
        told: FoundBy = "config" if "ModelRoot" in settings else "default"
        for value in _listed(settings.get("ModelRoot", "")) or ["Models"]:
            yield from roots.take(os.path.join(folder, value), "default" if value == "Models" else told, settings=path)
        for key, category in _KEYS.items():
            for value in _listed(settings.get(key, "")):
                yield from roots.take(value, "config", category=category, extra="yes")


def _settings(path: str, say: Say) -> dict[str, str]:
    """The texts of the `Paths` section; a value's backslash is written `\\s`, an edge space `\\x` (FDSUtility.Escape)."""
    text = text_settings(path, say)
    found: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        key, colon, value = line.strip().partition(":")
        if not colon or key.startswith("#"):
            continue
        if not line.startswith(("\t", " ")):
            inside = key == "Paths"
        elif inside:
            found.setdefault(key, value.strip().replace("\\x", "").replace("\\t", "\t").replace("\\s", "\\"))
    return found


def _listed(value: str) -> list[str]:
    return [part.strip() for part in value.split(";") if part.strip()]


def _categories(settings: Mapping[str, str]) -> dict[str, str]:
    """The usual folders and those that the settings name instead of them."""
    named = {
        value.strip("/\\").lower(): category
        for key, category in _KEYS.items()
        for value in _listed(settings.get(key, ""))
    }
    return FOLDERS | named


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    category = root.details.get("category")
    settings = _settings(root.details.get("settings", ""), lambda path, why: reader.problem(path, "settings", why))
    folders = {"": category} if category else _categories(settings)
    return describe_tree(root.path, reader, Plain(categories=folders), remembers=True)


STORE = Store(TOOL, find, describe, BY_LAYOUT)
STORES = (STORE,)
