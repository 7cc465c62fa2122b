"""The Hugging Face cache: `hf download`, transformers, diffusers, faster-whisper, MLX and most Python tools."""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.base import reach
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.hub.cache import describe_hub
from model_manager.stores.walk.store_reader import StoreReader

TOOL = "huggingface"


def find(env: Env) -> Iterator[FoundRoot]:
    """HF_HUB_CACHE > HUGGINGFACE_HUB_CACHE > HF_HOME/hub > XDG_CACHE_HOME > ~/.cache (huggingface_hub constants.py).

    Tools started without those variables write to the default place, so it is looked at as well.
    """
    home = env.variable("HF_HOME")
    for path in (
        env.variable("HF_HUB_CACHE"),
        env.variable("HUGGINGFACE_HUB_CACHE"),
        home and os.path.join(home, "hub"),
    ):
        if path:
            yield from _if_folder(path, "environment")
    default = os.path.join("huggingface", "hub")
    if env.environ.get("XDG_CACHE_HOME"):
        yield from _if_folder(os.path.join(env.xdg_cache(), default), "environment")
    yield from _if_folder(env.path(".cache", default), "default")
    for base in env.flatpaks("cache"):
        yield from _if_folder(os.path.join(base, default), "default")


def _if_folder(path: str, found_by: str) -> Iterator[FoundRoot]:
    if os.path.isabs(path) and reach.is_dir(path):
        yield FoundRoot(TOOL, path, found_by)  # type: ignore[arg-type]


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    return describe_hub(root.path, reader)


STORE = Store(TOOL, find, describe, BY_LAYOUT)
STORES = (STORE,)
