"""One adapter per tool: what its folders mean. They read; they never change the disk."""

from __future__ import annotations

from model_manager.stores import (
    a1111,
    caches,
    comfyui,
    docker_model_runner,
    folder,
    fooocus,
    gpt4all,
    huggingface,
    invokeai,
    jan,
    koboldcpp,
    llama_cpp,
    lm_studio,
    localai,
    modelscope,
    ollama,
    sdnext,
    stability_matrix,
    swarmui,
    text_generation_webui,
)
from model_manager.stores.store import Store

STORES: tuple[Store, ...] = tuple(
    store
    for module in (
        ollama, huggingface, lm_studio, jan, gpt4all, docker_model_runner, localai, modelscope, stability_matrix,
        invokeai, sdnext, a1111, fooocus, swarmui, text_generation_webui, comfyui, caches, llama_cpp, koboldcpp, folder,
    )
    for store in module.STORES
)  # fmt: skip
"""The most specific first: the first that finds a folder reads it, the others are named beside it."""

BY_TOOL: dict[str, Store] = {store.tool: store for store in STORES}

__all__ = ["BY_TOOL", "STORES", "Store"]
