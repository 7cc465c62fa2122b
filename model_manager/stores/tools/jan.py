"""Jan: `llamacpp/models/<id>/model.yml`, whose model_path is relative to the data folder or absolute (in place).

Source: janhq/jan src-tauri/src/core/app/commands.rs, extensions/llamacpp-extension.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace

from model_manager.base import reach
from model_manager.base.facts import Claim, Health
from model_manager.base.messages import said
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundFile, FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import json_settings
from model_manager.stores.hub.by_layout import BY_LAYOUT, remove_folders
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader, forbidden, is_folder
from model_manager.stores.walk.tree import describe_tree, found_at

TOOL = "jan"
_DEEPEST = 5
_ENGINES = ("llamacpp", "mlx")
_LLM = (Claim("category", "llm", "folder", said("a model of Jan")),)


def find(env: Env) -> Iterator[FoundRoot]:
    """JAN_DATA_FOLDER, then `data_folder` of settings.json, then the default; the same inside Flatpaks."""
    roots = RootList(TOOL, env)
    yield from _data(roots, env.variable("JAN_DATA_FOLDER"), "environment")
    for base in (env.data(), env.config(), *env.flatpaks("data"), *env.flatpaks("config")):
        for name in ("Jan", "jan.ai.app"):
            chosen = json_settings(os.path.join(base, name, "settings.json"), env.say).get("data_folder")
            if isinstance(chosen, str):
                yield from _data(roots, env.expand(chosen), "config")
            yield from _data(roots, os.path.join(base, name, "data"), "default")


def _data(roots: RootList, place: str, found_by: str) -> Iterator[FoundRoot]:
    for engine in _ENGINES:
        yield from roots.take(os.path.join(place, engine, "models"), found_by, data=place)  # type: ignore[arg-type]


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    """The models that a model.yml names, then files that none names."""
    claimed: set[str] = set()
    for folder in _records(root.path, reader):
        found = _model(root, folder, reader)
        if found:
            claimed |= {file.path for file in found.files}
            yield found
    for item in describe_tree(root.path, reader, Plain()):
        if not isinstance(item, FoundModel) or not any(
            file.path in claimed for file in item.files if file.role in ("weights", "projector")
        ):
            yield item


def _records(root: str, reader: StoreReader) -> Iterator[str]:
    """Folders below the root that hold a model.yml."""
    waiting = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        reader.step()
        entries = reader.entries(folder)
        if depth and any(entry.name == "model.yml" for entry in entries):
            yield folder
        if depth < _DEEPEST:
            waiting += [
                (entry.path, depth + 1)
                for entry in reversed(entries)
                if is_folder(entry, links=False) and not forbidden(entry.name) and entry.path not in reader.skip
            ]


def _model(root: FoundRoot, folder: str, reader: StoreReader) -> FoundModel | None:
    manifest = os.path.join(folder, "model.yml")
    stat = reader.stat(manifest)
    if stat is None:
        return None
    record = reader.yaml(manifest)
    path = record.get("model_path")
    if not isinstance(path, str) or not path:
        if record:
            reader.problem(manifest, "yaml", said("names no model_path"))
        return None
    name = os.path.relpath(folder, root.path).replace(os.sep, "/")
    title = str(record["name"])[:200] if isinstance(record.get("name"), str) and record["name"] else name
    own = FoundFile(manifest, stat, "manifest", "model.yml")
    place = _place(root, path)
    if not place:
        reader.problem(manifest, "yaml", said("names {0}, which is outside Jan's data folder", path[:200]))
        return None
    found = found_at(place, reader, Plain())
    if found is None and reach.silent_mount(place):
        return None  # what was known of it stays
    if found is None:
        if reach.is_file(place) or reach.is_dir(place):
            health = Health("incomplete", said("model.yml names {0}, which is no model", path[:200]))
        else:
            health = Health("incomplete", said("model.yml names {0}, which is not there", path[:200]))
        return FoundModel(name, folder, (own,), title=title, health=health, claims=_LLM)
    files = [file for file in found.files if file.path != own.path]
    projector = _place(root, record.get("mmproj_path"))
    files = [file._replace(role="projector") if file.path == projector else file for file in files]
    if projector and all(file.path != projector for file in files):
        beside = reader.stat(projector)
        if beside is None:
            reader.problem(manifest, "yaml", said("names {0}, which is not there", projector))
        else:
            files.append(FoundFile(projector, beside, "projector", os.path.basename(projector)))
    return found._replace(name=name, title=title, files=(*_hashed(files, record), own), claims=(*found.claims, *_LLM))


def _place(root: FoundRoot, path: object) -> str:
    """Where a model.yml points to: a relative path stays in the data folder, an absolute one is a file in place."""
    if not isinstance(path, str) or not path or "\0" in path:
        return ""
    data = root.details.get("data") or os.path.dirname(os.path.dirname(root.path))
    place = os.path.normpath(os.path.join(data, path))
    if place.startswith(os.path.join(os.path.normpath(data), "")):
        return place
    return place if os.path.isabs(path) and not reach.is_dir(place) else ""


def _hashed(files: list[FoundFile], record: Mapping[str, object]) -> list[FoundFile]:
    """Newer versions record the sha256 that the hub gave for a model of one file and for its projector."""
    weights = [file for file in files if file.role == "weights"]
    for role, key in (("weights", "model_sha256"), ("projector", "mmproj_sha256")):
        digest = record.get(key)
        known = isinstance(digest, str) and len(digest) == 64 and set(digest.lower()) <= set("0123456789abcdef")
        if isinstance(digest, str) and known and (role == "projector" or len(weights) == 1):
            files = [
                file._replace(sha256=digest.lower(), sha256_source="index") if file.role == role else file
                for file in files
            ]
    return files


STORE = Store(TOOL, find, describe, replace(BY_LAYOUT, places=remove_folders))
STORES = (STORE,)
