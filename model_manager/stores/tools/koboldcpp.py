"""KoboldCpp keeps no models: its `.kcpps` files name them. Those are found beside the program and in the home folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from model_manager.base import reach
from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import found_at

TOOL = "koboldcpp"
_KEYS = {
    "model_param": "", "model": "", "draftmodel": "", "sdmodel": "", "sdt5xxl": "", "sdclip1": "", "sdclip2": "",
    "sdclipl": "", "sdclipg": "", "mmproj": "multimodal/projectors", "lora": "llm/adapters", "sdlora": "diffusion/lora",
    "sdvae": "diffusion/vae", "sdphotomaker": "diffusion/ipadapter", "whispermodel": "stt", "ttsmodel": "tts",
    "ttswavtokenizer": "audio", "embeddingsmodel": "embedding",
}  # fmt: skip
"""Keys that name a file, and what such a file is where the key leaves no choice (a text encoder may be any LLM)."""
_ENDINGS = (".kcpps", ".kcppt")
_MOST_FILES = 200
_MOST_PATHS = 500


def find(env: Env) -> Iterator[FoundRoot]:
    """Folders with saved configurations."""
    for folder, names in env.folders.items():
        if any(name.lower().endswith(_ENDINGS) for name in names):
            yield FoundRoot(TOOL, folder, "config", {"shared": "yes"})


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    """The models that the configurations of this folder name; files stay where they are."""
    seen: set[str] = set()
    saved = [entry for entry in reader.entries(root.path) if entry.name.lower().endswith(_ENDINGS)]
    for entry in saved[:_MOST_FILES]:
        settings = reader.json(entry.path, 1 << 20) if reader.stat(entry.path) else None
        for key, path in _named(settings) if isinstance(settings, dict) else ():
            reader.step()
            if path in seen or len(seen) >= _MOST_PATHS or not reach.is_file(path):
                continue
            seen.add(path)
            category = _KEYS[key]
            claims = (Claim("category", category, "sidecar", said("{0}: {1}", entry.name, key)),) if category else ()
            found = found_at(path, reader, Plain(claims=claims))
            if found:
                yield found._replace(name=f"{entry.name}: {os.path.basename(path)}")


def _named(settings: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(key, absolute path) of every file; addresses and relative paths, which depend on where it starts, are none."""
    for key in _KEYS:
        value = settings.get(key)
        for path in value if isinstance(value, list) else [value]:
            if isinstance(path, str) and os.path.isabs(path):
                yield key, path


STORE = Store(TOOL, find, describe, BY_LAYOUT)
STORES = (STORE,)
