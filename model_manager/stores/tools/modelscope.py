"""ModelScope: `hub/models/<org>/<name>` (older: `hub/<org>/<name>`), and `models/<org>--<name>/snapshots/<revision>`.

Source: modelscope 1.40 hub/utils/{utils,caching}.py. MODELSCOPE_CACHE may stand for the folder with `hub` in it or, in
older versions, for `hub` itself. A dot in a name is `___` on disk. `.msc` is a pickle: never opened.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover, Source
from model_manager.stores.host.env import Env
from model_manager.stores.host.root_list import RootList
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.parts import Part, Placed
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.removal import remove_plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree
from model_manager.stores.walk.unfinished import unfinished_below

TOOL = "modelscope"
_TEMPORARY = "._____temp"
_RECORDS = frozenset({".msc", ".mdl", ".mv"})
_PLAIN = Plain(passed_over=frozenset({_TEMPORARY, "datasets", ".lock", "credentials"}))
_GENERATION = re.compile(r"^(?:hub/)?(?:models/)?")
_SNAPSHOT = re.compile(r"^([^/]+?)--([^/]+)/snapshots/([^/]+)(?:/(.+))?$")


def find(env: Env) -> Iterator[FoundRoot]:
    roots = RootList(TOOL, env)
    yield from roots.take(env.variable("MODELSCOPE_CACHE"), "environment")
    yield from roots.take(env.path(".cache", "modelscope"), "default")
    for base in env.flatpaks("cache"):
        yield from roots.take(os.path.join(base, "modelscope"), "default")


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    for item in describe_tree(root.path, reader, _PLAIN):
        yield _named(item) if isinstance(item, FoundModel) else item
    for generation in ("", "hub", "hub/models", "models"):
        yield from unfinished_below(os.path.join(root.path, *generation.split("/"), _TEMPORARY), reader)


def _named(found: FoundModel) -> FoundModel:
    """By organisation and name, whichever generation of the layout it lies in."""
    name = _GENERATION.sub("", found.name).replace("___", ".")
    match, revision = _SNAPSHOT.match(name), ""
    if match:
        revision = match[3]
        name = "/".join(part for part in (match[1], match[2], match[4]) if part)
    parts = name.split("/")
    if len(parts) < 2:
        return found._replace(name=name)
    repo = "/".join(parts[:2])
    claims = (
        Claim("source_repo", repo, "sidecar", said("ModelScope's folder")),
        Claim("publisher", parts[0], "folder", said("ModelScope's folder")),
    )
    title = repo if name == repo else found.title
    source = Source("modelscope", repo, revision)
    return found._replace(name=name, title=title, source=source, claims=(*found.claims, *claims))


def remove(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """The model's folder with ModelScope's records of it; these stay while anything else lies beside them."""
    yield from remove_plain(root, places, env, notes=_RECORDS)


STORE = Store(TOOL, find, describe, replace(BY_LAYOUT, places=remove))
STORES = (STORE,)
