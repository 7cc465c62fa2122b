"""KoboldCpp keeps no models: its `.kcpps` files name them. Those are found beside the program and in the home folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundRoot, Leftover
from model_manager.stores.look import Look
from model_manager.stores.settings_file import json_settings
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, found_at

TOOL = "koboldcpp"
_KEYS = ("model_param", "model", "mmproj", "lora", "draftmodel", "sdmodel", "sdlora", "sdvae", "sdt5xxl", "sdclip1",
         "sdclip2", "sdphotomaker", "whispermodel", "ttsmodel", "ttswavtokenizer", "embeddingsmodel")  # fmt: skip
_ENDINGS = (".kcpps", ".kcppt")


def find(env: Env) -> Iterator[FoundRoot]:
    """Folders with saved configurations."""
    for folder, names in env.folders.items():
        if any(name.lower().endswith(_ENDINGS) for name in names):
            yield FoundRoot(TOOL, folder, "config", {"shared": "yes"})


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    """The models that the configurations of this folder name; files stay where they are."""
    seen: set[str] = set()
    for entry in look.entries(root.path):
        if not entry.name.lower().endswith(_ENDINGS):
            continue
        settings = json_settings(entry.path)
        for key in _KEYS:
            value = settings.get(key)
            for path in value if isinstance(value, list) else [value]:
                if isinstance(path, str) and os.path.isabs(path) and path not in seen:
                    seen.add(path)
                    found = found_at(path, look, Plain())
                    if found:
                        yield replace(found, name=f"{entry.name}: {os.path.basename(path)}")


STORE = Store(TOOL, "KoboldCpp", find, describe, status="partly-verified")
STORES = (STORE,)
