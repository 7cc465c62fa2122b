"""LM Studio: `<models>/<publisher>/<repository>/<file>`, exactly two levels.

Source: lmstudio-ai/lms src/lmstudioPaths.ts, lmstudio-js findLMStudioHome.ts. Files at another depth are there, but LM
Studio does not see them (bug tracker 406, 834).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from model_manager.base.facts import Claim
from model_manager.base.reading import read_small
from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundRoot, Leftover, Source
from model_manager.stores.look import Look
from model_manager.stores.settings_file import json_settings
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

TOOL = "lm-studio"


def find(env: Env) -> Iterator[FoundRoot]:
    """The home that the pointer names, else the old one, else the new; its `downloadsFolder`, else `models`."""
    seen: set[str] = set()
    for home in _homes(env):
        chosen = json_settings(os.path.join(home, "settings.json")).get("downloadsFolder")
        if isinstance(chosen, str) and os.path.isdir(env.expand(chosen)):
            yield from _root(env.expand(chosen), True, seen)
        yield from _root(os.path.join(home, "models"), False, seen)


def _homes(env: Env) -> Iterator[str]:
    try:
        pointer = env.expand(os.fsdecode(read_small(env.path(".lmstudio-home-pointer"), 65_536)).strip())
    except OSError:
        pointer = ""
    if pointer:
        yield pointer
    yield env.path(".cache", "lm-studio")
    yield env.path(".lmstudio")


def _root(path: str, configured: bool, seen: set[str]) -> Iterator[FoundRoot]:
    path = os.path.normpath(path)
    if path not in seen and os.path.isdir(path):
        seen.add(path)
        yield FoundRoot(TOOL, path, "config" if configured else "default")


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    for item in describe_tree(root.path, look, Plain()):
        yield _named(item) if isinstance(item, Found) else item


def _named(found: Found) -> Found:
    parts = found.name.split("/")
    depth = len(parts) if found.is_folder and os.path.isdir(found.path) else len(parts) - 1
    if depth < 2 or depth > 2:
        unseen = Claim(
            "tag", "not seen by LM Studio", "folder", "it wants publisher/repository/file, exactly two folders"
        )
        return replace(found, claims=(*found.claims, unseen))
    publisher = Claim("publisher", parts[0], "folder", "LM Studio's folder")
    source = Source("huggingface", "/".join(parts[:2]))
    title = "/".join(parts[:2]) if depth == len(parts) else found.title
    return replace(found, claims=(*found.claims, publisher), source=source, title=title)


def in_use(env: Env) -> str | None:
    running = next(iter(env.running("lm-studio", "lms")), None)
    return f"LM Studio is running (process {running.pid})" if running else None


STORE = Store(TOOL, "LM Studio", find, describe, in_use, "partly-verified")
STORES = (STORE,)
