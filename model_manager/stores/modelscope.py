"""ModelScope: `hub/models/<org>/<name>` (older: `hub/<org>/<name>`), and `models/<org>--<name>/snapshots/<revision>`.

Source: modelscope 1.40 hub/utils/{utils,caching}.py. A dot in a name is `___` on disk. `.msc` is a pickle: never opened.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace

from model_manager.base.facts import Claim
from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundRoot, Leftover, Source, on_disk
from model_manager.stores.look import Look
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

TOOL = "modelscope"
_TEMPORARY = "._____temp"
_SNAPSHOT = re.compile(r"^([^/]+)--([^/]+)/snapshots/[^/]+(?:/(.+))?$")


def find(env: Env) -> Iterator[FoundRoot]:
    seen: set[str] = set()
    bases = [(env.variable("MODELSCOPE_CACHE"), "environment"), (env.path(".cache", "modelscope"), "default")]
    bases += [(os.path.join(base, "modelscope"), "default") for base in env.flatpaks("cache")]
    for base, found_by in bases:
        for inner in ("hub", "models"):
            path = os.path.normpath(os.path.join(base, inner)) if base else ""
            if path and path not in seen and os.path.isdir(path):
                seen.add(path)
                yield FoundRoot(TOOL, path, found_by)  # type: ignore[arg-type]


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    plain = Plain(passed_over=frozenset({_TEMPORARY, "datasets"}))
    for item in describe_tree(root.path, look, plain):
        yield _named(item) if isinstance(item, Found) else item
    for folder in (root.path, os.path.join(root.path, "models")):
        yield from _temporary(os.path.join(folder, _TEMPORARY), look)


def _named(found: Found) -> Found:
    name = found.name.replace("___", ".").removeprefix("models/")
    match = _SNAPSHOT.match(name)
    if match:
        name = "/".join(part for part in match.groups() if part)
    repo = "/".join(name.split("/")[:2])
    claim = Claim("publisher", repo.split("/")[0], "folder", "ModelScope's folder")
    title = repo if name == repo else found.title
    return replace(found, name=name, title=title, source=Source("modelscope", repo), claims=(*found.claims, claim))


def _temporary(folder: str, look: Look) -> Iterator[Leftover]:
    for place, _folders, names in os.walk(folder):
        for name in names:
            stat = look.stat(os.path.join(place, name))
            if stat is not None:
                yield Leftover("partial", os.path.join(place, name), stat.st_size, on_disk(stat), name)


STORE = Store(TOOL, "ModelScope", find, describe, status="partly-verified")
STORES = (STORE,)
