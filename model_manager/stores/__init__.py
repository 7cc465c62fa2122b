"""One adapter per tool: what its folders mean. They read; they never change the disk."""

from __future__ import annotations

from model_manager.stores import folder, huggingface, ollama
from model_manager.stores.store import Store

STORES: tuple[Store, ...] = (*ollama.STORES, *huggingface.STORES, *folder.STORES)
"""The most specific first: the first that finds a folder reads it, the others are named beside it."""

BY_TOOL: dict[str, Store] = {store.tool: store for store in STORES}

__all__ = ["BY_TOOL", "STORES", "Store"]
