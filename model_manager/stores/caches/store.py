"""Plain caches: what differs between these tools is data, so they are rows of one table and this is their one reader."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from functools import partial

from model_manager.base import reach
from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.stores.caches.removal import must_not_be_bundled, must_not_be_needed
from model_manager.stores.caches.table import CACHES, Cache
from model_manager.stores.contract import Removal, Store
from model_manager.stores.discovered import FoundBy, FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env
from model_manager.stores.host.root_list import RootList
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.hub.cache import describe_hub
from model_manager.stores.hub.layout import MODELS, REPOSITORIES
from model_manager.stores.ollama import models as ollama
from model_manager.stores.ollama import removal as ollama_removal
from model_manager.stores.parts import Part, Placed
from model_manager.stores.tool_facts import TOOLS
from model_manager.stores.walk.localdir import with_downloads
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader, is_folder
from model_manager.stores.walk.tree import describe_tree

_PREFIX = re.compile(r"-([0-9a-f]{8,64})\.[A-Za-z0-9]+$")
_HUB_OWN = (*REPOSITORIES, "blobs", ".locks")
_DEEPEST = 5
_INSIDE = {"cache": "cache", "xdg": "cache", "config": "config", "data": "data"}


def _find(tool: str, env: Env) -> Iterator[FoundRoot]:
    roots = RootList(tool, env)
    for number, cache in enumerate(_rows(tool)):
        for place, found_by in _places(cache, env):
            yield from roots.take(place, found_by, row=str(number))


def _rows(tool: str) -> list[Cache]:
    return [cache for cache in CACHES if cache.tool == tool]


def _places(cache: Cache, env: Env) -> Iterator[tuple[str, FoundBy]]:
    """Variables, then the tool's settings, then its usual places, then those inside Flatpaks."""
    for name, below in cache.variables:
        if value := env.variable(name):
            yield os.path.join(value, below), "environment"
    for chosen in cache.settings(env):
        yield env.expand(chosen), "config"
    bases = {"home": env.home, "cache": env.cache(), "xdg": env.xdg_cache(), "config": env.config(), "data": env.data()}
    for place in cache.places:
        kind, _colon, below = place.partition(":")
        if kind == "named":
            name, _slash, rest = below.partition("/")
            for folder in env.folders:
                if os.path.basename(folder) == name:
                    yield os.path.join(folder, rest), "default"
        else:
            yield (below if kind == "root" else os.path.join(bases[kind], below)), "default"
    for place in cache.places:
        kind, _colon, below = place.partition(":")
        if kind in _INSIDE:
            for base in env.flatpaks(_INSIDE[kind]):  # type: ignore[arg-type]
                yield os.path.join(base, below), "default"


def _describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    rows = _rows(root.tool)
    row = root.details.get("row", "")
    cache = rows[int(row)] if row.isdecimal() and int(row) < len(rows) else rows[0]
    claims = (
        (Claim("category", cache.category, "folder", said("{0}'s folder", TOOLS[cache.tool].label)),)
        if cache.category
        else ()
    )
    if cache.layout == "ollama" and reach.is_dir(os.path.join(root.path, "manifests")):
        yield from ollama.describe(root, reader)
        return
    passed: set[str] = set()
    for hub, names in _hubs(root.path, cache.layout, reader):
        yield from describe_hub(hub, reader, claims)
        passed |= {name.lower() for name in names if name.startswith(_HUB_OWN)}
    plain = Plain(
        cache.categories, frozenset({""}) if cache.whole else frozenset(), claims, passed_over=frozenset(passed)
    )
    for item in with_downloads(describe_tree(root.path, reader, plain), root.path, reader):
        yield _prefixed(item) if cache.prefixed and isinstance(item, FoundModel) else item


def _hubs(folder: str, layout: str, reader: StoreReader) -> Iterator[tuple[str, list[str]]]:
    """Hugging Face caches and the names in them: NeMo makes one for each model, `NeMo_<version>/hf_hub_cache/<model>`."""
    waiting = [(folder, 0)] if layout in ("hub", "hubs") else []
    while waiting:
        reader.step()
        path, depth = waiting.pop()
        entries = reader.entries(path)
        names = [entry.name for entry in entries]
        if (depth == 0 and layout == "hub") or any(name.startswith(MODELS) for name in names):
            yield path, names
        elif layout == "hubs" and depth < _DEEPEST:
            waiting += [(entry.path, depth + 1) for entry in reversed(entries) if is_folder(entry, links=False)]


def _prefixed(found: FoundModel) -> FoundModel:
    """The first digits of a sha256 flag a twin and prove nothing: a detail, not a hash."""
    match = _PREFIX.search(os.path.basename(found.path))
    return found._replace(details={**found.details, "sha256_prefix": match[1]}) if match else found


def remove(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """By layout; Msty keeps an Ollama store."""
    if root.tool == "upscayl":
        must_not_be_bundled(root)
    if root.tool == "speech-note":
        must_not_be_needed(root, places, env)
    tags = [place for place in places if _is_tag(root, place.path)]
    if tags:
        yield from ollama_removal.remove(root, tags, env)
    yield from BY_LAYOUT.places(root, [place for place in places if place not in tags], env)


def remove_leftover(root: FoundRoot, leftover: Leftover, env: Env) -> Iterator[Part]:
    if root.tool == "upscayl":
        must_not_be_bundled(root)
    if root.tool == "msty" and os.path.dirname(leftover.path) == os.path.join(root.path, "blobs"):
        yield from ollama_removal.remove_leftover(root, leftover, env)
    else:
        yield from BY_LAYOUT.leftover(root, leftover, env)


def named_now(root: FoundRoot, gone: Collection[str], env: Env) -> Iterator[str]:
    yield from (ollama_removal.RULE if root.tool == "msty" else BY_LAYOUT).named_now(root, gone, env)


def _is_tag(root: FoundRoot, path: str) -> bool:
    return root.tool == "msty" and path.startswith(os.path.join(root.path, "manifests", ""))


STORES = tuple(
    Store(tool, partial(_find, tool), _describe, Removal(remove, remove_leftover, named_now))
    for tool in dict.fromkeys(cache.tool for cache in CACHES)
)
