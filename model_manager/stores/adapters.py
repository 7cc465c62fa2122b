"""All adapters, by name: a frozen program cannot look into a folder. Importing this loads every one of them."""

from __future__ import annotations

from model_manager.stores.caches import store as caches
from model_manager.stores.contract import Store
from model_manager.stores.docker import store as docker_model_runner
from model_manager.stores.hub import store as huggingface
from model_manager.stores.invokeai import store as invokeai
from model_manager.stores.localai import store as localai
from model_manager.stores.ollama import store as ollama
from model_manager.stores.ramalama import store as ramalama
from model_manager.stores.tools import (
    a1111,
    comfyui,
    folder,
    fooocus,
    gpt4all,
    jan,
    koboldcpp,
    llama_cpp,
    lm_studio,
    modelscope,
    sdnext,
    stability_matrix,
    swarmui,
    text_generation_webui,
)

STORES: tuple[Store, ...] = tuple(
    store
    for module in (
        ollama, huggingface, lm_studio, jan, gpt4all, docker_model_runner, ramalama, localai, modelscope, stability_matrix,
        invokeai, sdnext, a1111, fooocus, swarmui, text_generation_webui, comfyui, caches, llama_cpp, koboldcpp, folder,
    )
    for store in module.STORES
)  # fmt: skip
"""The most specific first: the first that finds a folder reads it, the others are named beside it."""

BY_TOOL: dict[str, Store] = {store.tool: store for store in STORES}
