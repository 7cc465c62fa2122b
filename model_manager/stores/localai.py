"""LocalAI: YAML files that name weights beside them; `._gallery_<name>.yaml` lists files with their sha256.

Source: mudler/LocalAI core/cli/run.go, core/gallery/models.go.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace

from model_manager.stores.env import Env
from model_manager.stores.flags import values_of
from model_manager.stores.found import Found, FoundFile, FoundRoot, Leftover
from model_manager.stores.look import Look
from model_manager.stores.settings_file import yaml_settings
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

TOOL = "localai"


def find(env: Env) -> Iterator[FoundRoot]:
    places: list[tuple[str, str]] = []
    for process in env.running("local-ai"):
        places += [
            (os.path.join(process.folder, value), "process") for value in values_of(process.arguments, "--models-path")
        ]
        places.append((os.path.join(process.folder, "models"), "process"))
    places += [(env.variable("LOCALAI_MODELS_PATH"), "environment"), (env.variable("MODELS_PATH"), "environment")]
    places += [(os.path.join(folder, "models"), "default") for folder, _names in env.unpacked("local-ai", "models")]
    seen: set[str] = set()
    for place, found_by in places:
        path = os.path.normpath(place) if place else ""
        if path and path not in seen and os.path.isdir(path) and not os.path.isfile(os.path.join(path, "models.json")):
            seen.add(path)
            yield FoundRoot(TOOL, path, found_by)  # type: ignore[arg-type]


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    known = _gallery(root.path, look)
    for item in describe_tree(root.path, look, Plain()):
        yield (
            replace(item, files=tuple(_hashed(file, root.path, known) for file in item.files))
            if isinstance(item, Found)
            else item
        )


def _gallery(root: str, look: Look) -> dict[str, str]:
    known: dict[str, str] = {}
    for entry in look.entries(root):
        if entry.name.startswith("._gallery_") and entry.name.endswith((".yaml", ".yml")):
            files = yaml_settings(entry.path).get("files")
            for file in files if isinstance(files, list) else ():
                name, digest = (file.get("filename"), file.get("sha256")) if isinstance(file, dict) else (None, None)
                if isinstance(name, str) and isinstance(digest, str) and re.fullmatch("[0-9a-fA-F]{64}", digest):
                    known[name] = digest.lower()
    return known


def _hashed(file: FoundFile, root: str, known: dict[str, str]) -> FoundFile:
    digest = known.get(os.path.relpath(file.path, root))
    return replace(file, sha256=digest, sha256_source="index") if digest and not file.sha256 else file


STORE = Store(TOOL, "LocalAI", find, describe)
STORES = (STORE,)
