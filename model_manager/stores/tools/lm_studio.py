"""LM Studio: `<models>/<publisher>/<repository>/<file>`, exactly two levels.

Source: lmstudio-ai/lms src/lmstudioPaths.ts, lmstudio-js findLMStudioHome.ts. Files at another depth are there, but LM
Studio does not see them (bug tracker 406, 834).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from model_manager.base import reach
from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundBy, FoundModel, FoundRoot, Leftover, Source
from model_manager.stores.host.env import Env
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import json_settings, text_settings
from model_manager.stores.hub.by_layout import BY_LAYOUT, remove_folders
from model_manager.stores.walk.localdir import with_downloads
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

TOOL = "lm-studio"
_UNSEEN = Claim(
    "tag", "not seen by LM Studio", "folder", said("it wants publisher/repository/file, exactly two folders")
)


def find(env: Env) -> Iterator[FoundRoot]:
    """The home that the pointer names, else the old one, else the new; its `downloadsFolder`, else `models`.

    What an earlier home or an earlier downloads folder still holds is shown as well.
    """
    roots = RootList(TOOL, env)
    for home, found_by in _homes(env):
        chosen = json_settings(os.path.join(home, "settings.json"), env.say).get("downloadsFolder")
        if isinstance(chosen, str):
            yield from roots.take(env.expand(chosen), "config")
        yield from roots.take(os.path.join(home, "models"), found_by)
        # The embedding model that comes with the program; seen on disk, not in its source, which is closed.
        yield from roots.take(os.path.join(home, ".internal", "bundled-models"), found_by)


def _homes(env: Env) -> Iterator[tuple[str, FoundBy]]:
    pointer = env.expand(text_settings(env.path(".lmstudio-home-pointer"), env.say))
    if os.path.isabs(pointer) and "\0" not in pointer:
        yield pointer, "config"
    yield env.path(".cache", "lm-studio"), "default"
    yield env.path(".lmstudio"), "default"


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    for item in with_downloads(describe_tree(root.path, reader, Plain()), root.path, reader):
        yield _named(item, root.path) if isinstance(item, FoundModel) else item


def _named(found: FoundModel, root: str) -> FoundModel:
    """The publisher and the repository are the two folders that the files lie in."""
    whole = reach.is_dir(found.path)
    folder = os.path.relpath(found.path if whole else os.path.dirname(found.path), root)
    parts = [part for part in folder.split(os.sep) if part != "."]
    if len(parts) != 2:
        return found._replace(claims=(*found.claims, _UNSEEN))
    publisher = Claim("publisher", parts[0], "folder", said("LM Studio's folder"))
    title = "/".join(parts) if whole else found.title
    source = Source("huggingface", "/".join(parts))
    return found._replace(claims=(*found.claims, publisher), source=source, title=title)


STORE = Store(TOOL, find, describe, replace(BY_LAYOUT, places=remove_folders))
STORES = (STORE,)
