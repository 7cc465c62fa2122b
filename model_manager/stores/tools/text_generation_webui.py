"""text-generation-webui: `user_data/models` (older: `models`), loras and image models beside it.

Source: oobabooga/text-generation-webui modules/{shared,paths}.py, download-model.py: `huggingface-metadata.txt` holds
"<sha256> <file>" lines.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundBy, FoundModel, FoundRoot, Leftover, Source
from model_manager.stores.host.env import Env, Process
from model_manager.stores.host.flags import last_of, split
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import text_settings
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

TOOL = "text-generation-webui"
_MARKERS = frozenset({"download-model.py", "user_data", "CMD_FLAGS.txt"})
_PLACES = (("models", "--model-dir", "llm"), ("loras", "--lora-dir", "llm/adapters"),
           ("image_models", "--image-model-dir", "diffusion/checkpoints"), ("mmproj", "", "multimodal/projectors"))  # fmt: skip


def find(env: Env) -> Iterator[FoundRoot]:
    """Running programs, then unpacked ones with the words of CMD_FLAGS.txt; a given folder comes before the usual one."""
    roots = RootList(TOOL, env)
    for process in _running(env):
        yield from _install(roots, env, process.place, process.folder, list(process.arguments), "process")
    for folder, names in env.unpacked("server.py", "modules"):
        if names & _MARKERS:
            yield from _install(roots, env, folder, folder, [], "config")


def _running(env: Env) -> Iterator[Process]:
    for process in env.running("server.py"):
        if any(os.path.exists(os.path.join(process.place, name)) for name in _MARKERS):
            yield process


def _install(
    roots: RootList, env: Env, folder: str, working: str, words: list[str], told: FoundBy
) -> Iterator[FoundRoot]:
    data = next((os.path.join(working, env.expand(value)) for value in last_of(words, "--user-data-dir")), "")
    data = data or _user_data(folder)
    words = [*(_flags(data, env) or _flags(folder, env)), *words]
    for name, flag, category in _PLACES:
        for value in last_of(words, flag) if flag else ():
            yield from roots.take(os.path.join(working, env.expand(value)), told, category=category)
        usual: FoundBy = "process" if told == "process" else "default"
        yield from roots.take(os.path.join(data, name), usual, category=category)


def _user_data(folder: str) -> str:
    """`user_data` of the program, else its own folder (before 2025), else the one that portable builds share."""
    own, shared = os.path.join(folder, "user_data"), os.path.join(os.path.dirname(folder), "user_data")
    if os.path.isdir(own) or (os.path.isdir(shared) and not os.path.isdir(os.path.join(folder, "models"))):
        return own if os.path.isdir(own) else shared
    return folder


def _flags(folder: str, env: Env) -> list[str]:
    text = text_settings(os.path.join(folder, "CMD_FLAGS.txt"), env.say)
    return split(" ".join(line for line in text.splitlines() if not line.strip().startswith("#")))


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    plain = Plain(categories={"": root.details.get("category", "llm")})
    for item in describe_tree(root.path, reader, plain):
        yield _with_hashes(item, reader) if isinstance(item, FoundModel) else item


def _with_hashes(found: FoundModel, reader: StoreReader) -> FoundModel:
    """A folder's model with its repository and the hashes that the repository promised when it was downloaded."""
    if not found.is_folder:
        return found
    raw = reader.small(os.path.join(found.path, "huggingface-metadata.txt"), 1 << 20)
    if not raw:
        return found
    text = raw.decode("utf-8", "surrogateescape")
    known = {name: digest for digest, name in re.findall(r"^\s*([0-9a-f]{64})\s+(\S.*?)\s*$", text, re.M)}
    files = tuple(
        file._replace(sha256=known[file.name], sha256_source="index")
        if file.name in known and not file.sha256
        else file
        for file in found.files
    )
    url = re.search(r"^url: https://huggingface\.co/([^/\s]+/[^/\s]+)\s*$", text, re.M)
    source = Source("huggingface", url[1]) if url else None
    claims = (Claim("source_repo", url[1], "sidecar", said("huggingface-metadata.txt")),) if url else ()
    return found._replace(files=files, source=source, claims=(*found.claims, *claims))


STORE = Store(TOOL, find, describe, BY_LAYOUT, _running)
STORES = (STORE,)
