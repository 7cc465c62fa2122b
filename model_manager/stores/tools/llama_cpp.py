"""llama.cpp's own cache: the Hugging Face layout where LLAMA_CACHE names it, and the older flat folder.

Source: ggml-org/llama.cpp common/hf-cache.cpp, common/common.cpp fs_get_cache_directory. Flat:
`<user>_<repo>_<file>.gguf` with `.etag` (older `.json`) beside it, `manifest=<user>=<repo>=<tag>.json` for each tag,
`*.downloadInProgress` while it comes. The usual Hugging Face cache belongs to all its users, not to llama.cpp.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundFile, FoundModel, FoundRoot, Leftover, Source
from model_manager.stores.host.env import Env
from model_manager.stores.host.root_list import RootList
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.hub.cache import describe_hub
from model_manager.stores.hub.layout import is_repository
from model_manager.stores.tool_facts import TOOLS
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

TOOL = "llama-cpp"


def find(env: Env) -> Iterator[FoundRoot]:
    roots = RootList(TOOL, env)
    for process in env.running(*TOOLS[TOOL].programs):
        yield from roots.take(env.expand(process.environ.get("LLAMA_CACHE", "")), "process")
    yield from roots.take(env.variable("LLAMA_CACHE"), "environment")
    for base in (env.cache(), *env.flatpaks("cache")):
        yield from roots.take(os.path.join(base, "llama.cpp"), "default")


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    """Both generations may share one folder."""
    names = [entry.name for entry in reader.entries(root.path)]
    hub = frozenset(name.lower() for name in names if is_repository(name))
    if hub or "blobs" in names:
        yield from describe_hub(root.path, reader)
    manifests = _manifests(root.path, names)
    for item in describe_tree(root.path, reader, Plain(passed_over=hub | {"blobs", ".locks"})):
        yield _of_repository(item, manifests, reader) if isinstance(item, FoundModel) else item


def _manifests(root: str, names: list[str]) -> dict[tuple[str, str], list[str]]:
    """Paths of the manifests by owner and repository."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in names:
        parts = name.removesuffix(".json").split("=")
        if len(parts) == 4 and parts[0] == "manifest" and name.endswith(".json"):
            found.setdefault((parts[1], parts[2]), []).append(os.path.join(root, name))
    return found


def _of_repository(found: FoundModel, manifests: dict[tuple[str, str], list[str]], reader: StoreReader) -> FoundModel:
    """Where a flat file came from: its name alone cannot tell owner, repository and file apart, a manifest can."""
    fitting = [key for key in manifests if found.name.startswith(f"{key[0]}_{key[1]}_")]
    if not fitting:
        return found
    owner, repo = max(fitting, key=lambda key: len(key[0]) + len(key[1]))
    file = found.name[len(f"{owner}_{repo}_") :]
    own = []
    for path in manifests[owner, repo]:
        stat = reader.stat(path)
        if stat is not None and _names(path, file, reader):
            own.append(FoundFile(path, stat, "manifest", os.path.basename(path)))
    return found._replace(
        title=file or found.title,
        files=(*found.files, *own),
        source=Source("huggingface", f"{owner}/{repo}"),
        claims=(*found.claims, Claim("publisher", owner, "sidecar", said("llama.cpp's manifest"))),
    )


def _names(path: str, file: str, reader: StoreReader) -> bool:
    """Whether a manifest is about this file (`ggufFile.rfilename`, its folders joined by `_`)."""
    record = reader.json(path)
    listed = record.get("ggufFile") if isinstance(record, dict) else None
    name = listed.get("rfilename") if isinstance(listed, dict) else None
    return isinstance(name, str) and name.replace("/", "_").startswith(file)


STORE = Store(TOOL, find, describe, BY_LAYOUT)
STORES = (STORE,)
