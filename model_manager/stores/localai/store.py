"""LocalAI: YAML files that name weights beside them; `._gallery_<name>.yaml` lists files with their sha256.

Source: mudler/LocalAI core/cli/run.go, core/gallery/models.go. What is being fetched lies in `.artifacts/.partial`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from model_manager.base import reach
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundBy, FoundFile, FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env
from model_manager.stores.host.flags import values_of
from model_manager.stores.host.root_list import RootList
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.localai import removal as localai_removal
from model_manager.stores.localai.layout import fetched, is_gallery, is_yaml, projector_of, weights_of
from model_manager.stores.tool_facts import TOOLS
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree
from model_manager.stores.walk.unfinished import unfinished_below

TOOL = "localai"
_PARTIAL = ".partial"


def find(env: Env) -> Iterator[FoundRoot]:
    """Running programs, LOCALAI_MODELS_PATH, MODELS_PATH, then `models` beside an unpacked program."""
    roots = RootList(TOOL, env)
    for process in env.running(*TOOLS[TOOL].programs):
        for value in values_of(process.arguments, "--models-path"):
            yield from _take(roots, os.path.join(process.folder, env.expand(value)), "process")
        for name in ("LOCALAI_MODELS_PATH", "MODELS_PATH"):
            if value := env.expand(process.environ.get(name, "")):
                yield from _take(roots, os.path.join(process.folder, value), "process")
        yield from _take(roots, os.path.join(process.folder, "models"), "process")
    for name in ("LOCALAI_MODELS_PATH", "MODELS_PATH"):
        yield from _take(roots, env.variable(name), "environment")
    for folder, _names in env.unpacked("local-ai", "models"):
        yield from _take(roots, os.path.join(folder, "models"), "default")
    yield from _take(roots, env.path(".localai", "models"), "default")


def _take(roots: RootList, path: str, found_by: FoundBy) -> Iterator[FoundRoot]:
    """Docker Model Runner has MODELS_PATH too: its folder is known by the index."""
    if not reach.is_file(os.path.join(path, "models.json")):
        yield from roots.take(path, found_by)


@dataclass(frozen=True, slots=True)
class _Record:
    """One model's YAML: its name, its file, what it says of weights (absolute paths)."""

    name: str
    file: FoundFile
    weights: str
    projector: str


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    """Each file under the names that YAML files give it, else under its own."""
    digests: dict[str, str] = {}
    records: dict[str, list[_Record]] = {}
    for entry in reader.entries(root.path):
        if not is_yaml(entry.name):
            continue
        reader.step()
        if is_gallery(entry.name):
            digests.update((place, digest) for place, digest in fetched(root.path, reader.yaml(entry.path)) if digest)
        elif not entry.name.startswith("."):
            record = _record(root.path, entry, reader)
            if record is not None:
                records.setdefault(record.weights, []).append(record)
    projectors = {record.projector for listed in records.values() for record in listed}
    for item in describe_tree(root.path, reader, Plain(passed_over=frozenset({_PARTIAL}))):
        if isinstance(item, Leftover):
            yield item
            continue
        item = item._replace(files=tuple(_hashed(file, digests) for file in item.files))
        mine = [record for file in item.files if file.role == "weights" for record in records.get(file.path, [])]
        mine += records.get(item.path, []) if item.is_folder else []
        if not mine and {file.path for file in item.files if file.role in ("weights", "projector")} <= projectors:
            continue  # a part of another model
        for record in mine:
            yield _named(item, record, reader)
        if not mine:
            yield item
    yield from unfinished_below(os.path.join(root.path, ".artifacts", _PARTIAL), reader)


def _record(root: str, entry: os.DirEntry[str], reader: StoreReader) -> _Record | None:
    stat = reader.stat(entry.path)
    settings = reader.yaml(entry.path) if stat is not None else {}
    weights = weights_of(root, settings)
    if stat is None or not weights:
        return None
    told = settings.get("name")
    name = told[:300] if isinstance(told, str) and told.strip() else entry.name.rpartition(".")[0]
    file = FoundFile(entry.path, stat, "manifest", entry.name)
    return _Record(name, file, weights, projector_of(root, settings))


def _named(found: FoundModel, record: _Record, reader: StoreReader) -> FoundModel:
    files = [
        file._replace(role="projector") if file.path == record.projector else file
        for file in found.files
        if file.path != record.file.path
    ]
    stat = reader.stat(record.projector) if record.projector else None
    if stat is not None and all(file.path != record.projector for file in files):
        files.append(FoundFile(record.projector, stat, "projector", os.path.basename(record.projector)))
    return found._replace(name=record.name, title=record.name, files=(*files, record.file))


def _hashed(file: FoundFile, digests: dict[str, str]) -> FoundFile:
    digest = digests.get(file.path)
    return file._replace(sha256=digest, sha256_source="index") if digest and not file.sha256 else file


STORE = Store(
    TOOL, find, describe,
    replace(BY_LAYOUT, places=localai_removal.remove, named_now=localai_removal.named_now, one_unit=True),
)  # fmt: skip
STORES = (STORE,)
