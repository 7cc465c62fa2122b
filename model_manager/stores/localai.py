"""LocalAI: YAML files that name weights beside them; `._gallery_<name>.yaml` lists files with their sha256.

Source: mudler/LocalAI core/cli/run.go, core/gallery/models.go. What is being fetched lies in `.artifacts/.partial`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from model_manager.base import reach
from model_manager.base.text import later
from model_manager.stores import localai_removal
from model_manager.stores.env import Env
from model_manager.stores.flags import values_of
from model_manager.stores.found import Found, FoundBy, FoundFile, FoundRoot, Leftover
from model_manager.stores.look import Look
from model_manager.stores.plain import Plain
from model_manager.stores.root_list import RootList
from model_manager.stores.store import Store
from model_manager.stores.tree import describe_tree
from model_manager.stores.unfinished import unfinished_below

TOOL = "localai"
_PARTIAL = ".partial"
_SHA256 = re.compile(r"^[0-9a-fA-F]{64}$")


def find(env: Env) -> Iterator[FoundRoot]:
    """Running programs, LOCALAI_MODELS_PATH, MODELS_PATH, then `models` beside an unpacked program."""
    roots = RootList(TOOL, env)
    for process in env.running("local-ai"):
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


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    """Each file under the names that YAML files give it, else under its own."""
    digests: dict[str, str] = {}
    records: dict[str, list[_Record]] = {}
    for entry in look.entries(root.path):
        if not entry.name.endswith((".yaml", ".yml")):
            continue
        look.step()
        if entry.name.startswith("._gallery_"):
            digests.update(_gallery(root.path, entry.path, look))
        elif not entry.name.startswith("."):
            record = _record(root.path, entry, look)
            if record is not None:
                records.setdefault(record.weights, []).append(record)
    projectors = {record.projector for listed in records.values() for record in listed}
    for item in describe_tree(root.path, look, Plain(passed_over=frozenset({_PARTIAL}))):
        if isinstance(item, Leftover):
            yield item
            continue
        item = item._replace(files=tuple(_hashed(file, digests) for file in item.files))
        mine = [record for file in item.files if file.role == "weights" for record in records.get(file.path, [])]
        mine += records.get(item.path, []) if item.is_folder else []
        if not mine and {file.path for file in item.files if file.role in ("weights", "projector")} <= projectors:
            continue  # a part of another model
        for record in mine:
            yield _named(item, record, look)
        if not mine:
            yield item
    yield from unfinished_below(os.path.join(root.path, ".artifacts", _PARTIAL), look)


def _gallery(root: str, path: str, look: Look) -> dict[str, str]:
    """sha256 by path, as the gallery promised it."""
    known: dict[str, str] = {}
    files = look.yaml(path).get("files")
    for file in files if isinstance(files, list) else ():
        name, digest = (file.get("filename"), file.get("sha256")) if isinstance(file, dict) else (None, None)
        place = _inside(root, name)
        if place and isinstance(digest, str) and _SHA256.match(digest):
            known[place] = digest.lower()
    return known


def _record(root: str, entry: os.DirEntry[str], look: Look) -> _Record | None:
    stat = look.stat(entry.path)
    settings = look.yaml(entry.path) if stat is not None else {}
    parameters = settings.get("parameters")
    weights = _inside(root, parameters.get("model") if isinstance(parameters, dict) else None)
    if stat is None or not weights:
        return None
    told = settings.get("name")
    name = told[:300] if isinstance(told, str) and told.strip() else entry.name.rpartition(".")[0]
    file = FoundFile(entry.path, stat, "manifest", entry.name)
    return _Record(name, file, weights, _inside(root, settings.get("mmproj")))


def _inside(root: str, name: object) -> str:
    """A path that a YAML names, only when it stays below the root."""
    if not isinstance(name, str) or not name or "\0" in name:
        return ""
    place = os.path.normpath(os.path.join(root, name))
    return place if place.startswith(os.path.join(os.path.normpath(root), "")) else ""


def _named(found: Found, record: _Record, look: Look) -> Found:
    files = [
        file._replace(role="projector") if file.path == record.projector else file
        for file in found.files
        if file.path != record.file.path
    ]
    stat = look.stat(record.projector) if record.projector else None
    if stat is not None and all(file.path != record.projector for file in files):
        files.append(FoundFile(record.projector, stat, "projector", os.path.basename(record.projector)))
    return found._replace(name=record.name, title=record.name, files=(*files, record.file))


def _hashed(file: FoundFile, digests: dict[str, str]) -> FoundFile:
    digest = digests.get(file.path)
    return file._replace(sha256=digest, sha256_source="index") if digest and not file.sha256 else file


def in_use(env: Env) -> str | None:
    running = next(iter(env.running("local-ai")), None)
    return later(f"LocalAI is running (process {running.pid})") if running else None


STORE = Store(
    TOOL, "LocalAI", find, describe, in_use, remove=localai_removal.remove, named_now=localai_removal.named_now,
    one_unit=True,
)  # fmt: skip
STORES = (STORE,)
