"""llama.cpp's own cache: the Hugging Face layout where LLAMA_CACHE names it, and the older flat folder.

Source: ggml-org/llama.cpp common/hf-cache.cpp, common/common.cpp fs_get_cache_directory. Flat:
`<user>_<repo>_<file>.gguf` with `.etag` (older `.json`) beside it, `*.downloadInProgress` while it comes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundBy, FoundRoot, Leftover
from model_manager.stores.hub_cache import describe_hub
from model_manager.stores.look import Look
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

TOOL = "llama-cpp"


def find(env: Env) -> Iterator[FoundRoot]:
    places: list[tuple[str, FoundBy]] = []
    for process in env.running("llama-server"):
        places.append((env.expand(process.environ.get("LLAMA_CACHE", "")), "process"))
    places.append((env.variable("LLAMA_CACHE"), "environment"))
    places.append((os.path.join(env.cache(), "llama.cpp"), "default"))
    places += [(os.path.join(base, "llama.cpp"), "default") for base in env.flatpaks("cache")]
    seen: set[str] = set()
    for place, found_by in places:
        path = os.path.normpath(place) if place else ""
        if path and path not in seen and os.path.isdir(path):
            seen.add(path)
            yield FoundRoot(TOOL, path, found_by)


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    """Both generations may share one folder."""
    yield from describe_hub(root.path, look)
    passed = frozenset(_repositories(root.path, look))
    yield from describe_tree(root.path, look, Plain(passed_over=passed))


def _repositories(path: str, look: Look) -> list[str]:
    return [
        entry.name.lower() for entry in look.entries(path) if entry.name.startswith("models--") or entry.name == "blobs"
    ]


STORE = Store(TOOL, "llama.cpp", find, describe)
STORES = (STORE,)
