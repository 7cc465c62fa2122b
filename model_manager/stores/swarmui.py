"""SwarmUI: `Models`, or the roots of Data/Settings.fds.

Source: mcmonkeyprojects/SwarmUI src/Core/Settings.cs: `Paths: ModelRoot: Models;/second/root`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from model_manager.base.reading import read_small
from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundRoot, Leftover
from model_manager.stores.look import Look
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

TOOL = "swarmui"
FOLDERS = {
    "stable-diffusion": "diffusion/checkpoints", "diffusion_models": "diffusion/diffusion_models",
    "unet": "diffusion/diffusion_models", "tensorrt": "diffusion/other", "lora": "diffusion/lora", "vae": "diffusion/vae",
    "embeddings": "diffusion/embeddings", "controlnet": "diffusion/controlnet", "model_patches": "diffusion/other",
    "text_encoders": "diffusion/text_encoders", "clip": "diffusion/text_encoders",
    "clip_vision": "diffusion/clip_vision", "upscale_models": "diffusion/upscale_models",
}  # fmt: skip

_MARKERS = frozenset({"SwarmUI.csproj", "launch-linux.sh", "launch-windows.bat"})


def find(env: Env) -> Iterator[FoundRoot]:
    seen: set[str] = set()
    for folder, names in env.unpacked("src"):
        if "SwarmUI.sln" not in names and not (names & _MARKERS and "Models" in names):
            continue
        for number, value in enumerate(_model_roots(os.path.join(folder, "Data", "Settings.fds"))):
            path = os.path.normpath(os.path.join(folder, env.expand(value)))
            if path not in seen and os.path.isdir(path):
                seen.add(path)
                yield FoundRoot(TOOL, path, "default" if number == 0 and value == "Models" else "config")


def _model_roots(path: str) -> list[str]:
    try:
        text = read_small(path, 1 << 20).decode("utf-8", "replace")
    except OSError:
        return ["Models"]
    match = re.search(r"^\s*ModelRoot:[ \t]*(.*?)\s*$", text, re.MULTILINE)
    values = [part.strip() for part in match[1].split(";")] if match else []
    return [value for value in values if value] or ["Models"]


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    return describe_tree(root.path, look, Plain(categories=FOLDERS))


STORE = Store(TOOL, "SwarmUI", find, describe)
STORES = (STORE,)
