"""A folder of the user's own, and the base path: any layout, category folders as evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.walk.localdir import with_downloads
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

# The slugs of our own tree are folder names below the base path, and so are the names that people use.
FOLDERS = {
    slug: slug
    for slug in (
        "llm", "llm/adapters", "embedding", "embedding/rerankers", "diffusion/checkpoints",
        "diffusion/diffusion_models", "diffusion/lora", "diffusion/controlnet", "diffusion/vae",
        "diffusion/vae_approx", "diffusion/text_encoders", "diffusion/clip_vision", "diffusion/embeddings",
        "diffusion/upscale_models", "diffusion/ipadapter", "diffusion/other", "stt", "stt/finetunes", "tts",
        "tts/voices", "audio", "audio/vad", "text", "text/punctuation", "text/diacritics", "text/translation",
        "text/classification", "multimodal", "multimodal/projectors", "vision", "misc",
    )
}  # fmt: skip


def find(env: Env) -> Iterable[FoundRoot]:
    """None by itself: the user adds these."""
    return ()


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    plain = Plain(categories=FOLDERS, believed=False)
    return with_downloads(describe_tree(root.path, reader, plain, remembers=True), root.path, reader)


STORE = Store("folder", find, describe, BY_LAYOUT)
BASE = Store("store", find, describe, BY_LAYOUT)
STORES = (STORE, BASE)
