"""Jan: `llamacpp/models/<id>/model.yml`, whose model_path is relative to the data folder or absolute (in place).

Source: janhq/jan src-tauri/src/core/app/commands.rs, extensions/llamacpp-extension.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from model_manager.base.facts import Claim, Health
from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundFile, FoundRoot, Leftover
from model_manager.stores.look import Look
from model_manager.stores.settings_file import json_settings, yaml_settings
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree, found_at

TOOL = "jan"


def find(env: Env) -> Iterator[FoundRoot]:
    """JAN_DATA_FOLDER, then `data_folder` of settings.json, then the default."""
    places = [env.variable("JAN_DATA_FOLDER")]
    for base in (env.data(), env.config()):
        chosen = json_settings(os.path.join(base, "Jan", "settings.json")).get("data_folder")
        places.append(env.expand(chosen) if isinstance(chosen, str) else "")
        places.append(os.path.join(base, "Jan", "data"))
    seen: set[str] = set()
    for number, place in enumerate(places):
        for engine in ("llamacpp", "mlx"):
            path = os.path.normpath(os.path.join(place, engine, "models")) if place else ""
            if path and path not in seen and os.path.isdir(path):
                seen.add(path)
                found_by = "environment" if number == 0 else "config" if number % 2 else "default"
                yield FoundRoot(TOOL, path, found_by, {"data": place})  # type: ignore[arg-type]


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    """The models that a model.yml names, then files that none names."""
    claimed: set[str] = set()
    for folder, names in _folders(root.path, look):
        if "model.yml" in names:
            found = _model(root, folder, look)
            if found:
                claimed |= {file.path for file in found.files}
                yield found
    for item in describe_tree(root.path, look, Plain()):
        if not isinstance(item, Found) or not any(
            file.path in claimed for file in item.files if file.role == "weights"
        ):
            yield item


def _folders(root: str, look: Look) -> Iterator[tuple[str, set[str]]]:
    waiting = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        look.step()
        entries = look.entries(folder)
        yield folder, {entry.name for entry in entries}
        if depth < 5:
            waiting += [(entry.path, depth + 1) for entry in entries if entry.is_dir(follow_symlinks=False)]


def _model(root: FoundRoot, folder: str, look: Look) -> Found | None:
    record = yaml_settings(os.path.join(folder, "model.yml"))
    path = record.get("model_path")
    name = os.path.relpath(folder, root.path).replace(os.sep, "/")
    manifest = look.stat(os.path.join(folder, "model.yml"))
    if not isinstance(path, str) or not path or manifest is None:
        return None
    place = os.path.join(root.details.get("data", root.path), path)
    own = FoundFile(os.path.join(folder, "model.yml"), manifest, "manifest", "model.yml")
    found = found_at(place, look, Plain())
    if found is None:
        health = Health("incomplete", f"model.yml names {path}, which is not there")
        return Found(
            name, folder, (own,), health=health, claims=(Claim("category", "llm", "folder", "a model of Jan"),)
        )
    files = found.files if any(file.path == own.path for file in found.files) else (*found.files, own)
    return replace(found, name=name, title=name, files=tuple(_projector(file, record) for file in files))


def _projector(file: FoundFile, record: dict[str, object]) -> FoundFile:
    path = record.get("mmproj_path")
    named = isinstance(path, str) and file.path.endswith(os.sep + os.path.basename(path))
    return replace(file, role="projector") if named else file


STORE = Store(TOOL, "Jan", find, describe, status="partly-verified")
STORES = (STORE,)
