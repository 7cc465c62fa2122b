"""Docker Model Runner: models.json names manifests and blobs; bundles are hard links of the blobs.

Source: docker/model-runner pkg/distribution/internal/store/{store,index,blobs,bundles}.go.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

from model_manager.base.facts import Claim, Health, Role
from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundFile, FoundRoot, Leftover, on_disk
from model_manager.stores.look import Look
from model_manager.stores.store import Store

TOOL = "docker-model-runner"
_DIGEST = re.compile(r"^sha256:([0-9a-f]{64})$")


def find(env: Env) -> Iterator[FoundRoot]:
    seen: set[str] = set()
    for place, found_by in ((env.variable("MODELS_PATH"), "environment"), (env.path(".docker", "models"), "default")):
        path = os.path.normpath(place) if place else ""
        if path and path not in seen and os.path.isfile(os.path.join(path, "models.json")):
            seen.add(path)
            yield FoundRoot(TOOL, path, found_by)  # type: ignore[arg-type]


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    index = look.json(os.path.join(root.path, "models.json"), 64 << 20)
    entries = index.get("models") if isinstance(index, dict) else None
    named: set[str] = set()
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield from _models(root.path, entry, named, look)
    yield from _leftovers(root.path, named, isinstance(entries, list), look)


def _models(root: str, entry: dict[str, object], named: set[str], look: Look) -> Iterator[Found]:
    """One place for each tag; a model without a tag is shown by its id."""
    look.step()
    match = _DIGEST.match(str(entry.get("id", "")))
    listed = [_DIGEST.match(str(name)) for name in _list(entry.get("files"))]
    digests = [one[1] for one in listed if one]
    named.update(digests)
    path = os.path.join(root, "manifests", "sha256", match[1]) if match else root
    kinds = _kinds(path, look)
    files, missing = [], []
    for digest in digests:
        place = os.path.join(root, "blobs", "sha256", digest)
        stat = look.stat(place)
        if stat is None:
            missing.append(digest[:12])
            continue
        role = kinds.get(digest) or _role(place, stat.st_size, look)
        files.append(FoundFile(place, stat, role, digest[:12], digest, "blob-name"))
    manifest = look.stat(path)
    if manifest is not None and match and match[1] not in digests:
        files.append(FoundFile(path, manifest, "manifest", "manifest", match[1], "blob-name"))
    health = (
        Health("incomplete", f"{len(missing)} of its blobs are missing: {', '.join(missing[:3])}") if missing else None
    )
    tags = [str(tag)[:300] for tag in _list(entry.get("tags"))] or [str(entry.get("id", "?"))[:19]]
    for tag in tags:
        yield Found(tag, path, tuple(files), claims=tuple(_claims(kinds)), health=health)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _kinds(path: str, look: Look) -> dict[str, Role]:
    """Roles by digest from the manifest's media types."""
    text = look.small(path, 4 << 20)
    try:
        record = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    found: dict[str, Role] = {}
    for layer in _list(record.get("layers")) if isinstance(record, dict) else ():
        match = _DIGEST.match(str(layer.get("digest", ""))) if isinstance(layer, dict) else None
        kind = str(layer.get("mediaType", "")) if isinstance(layer, dict) else ""
        if match:
            heavy = any(word in kind for word in ("gguf", "safetensors", "dduf", "model.file"))
            found[match[1]] = "projector" if "mmproj" in kind else "weights" if heavy else "other"
    config = record.get("config") if isinstance(record, dict) else None
    match = _DIGEST.match(str(config.get("digest", ""))) if isinstance(config, dict) else None
    if match:
        found[match[1]] = "config"
    return found


def _role(path: str, size: int, look: Look) -> Role:
    stat = look.stat(path)
    facts = look.facts(path, stat) if stat is not None and size > 64 else None
    return "weights" if facts and facts.format != "unknown" and facts.health.verdict != "not-a-model" else "other"


def _claims(kinds: dict[str, Role]) -> Iterator[Claim]:
    if "weights" in kinds.values():
        yield Claim("category", "llm", "folder", "a model of Docker Model Runner")


def _leftovers(root: str, named: set[str], certain: bool, look: Look) -> Iterator[Leftover]:
    for entry in look.entries(os.path.join(root, "blobs", "sha256")):
        stat = look.stat(entry.path)
        if stat is None:
            continue
        if entry.name.endswith(".incomplete"):
            yield Leftover("partial", entry.path, stat.st_size, on_disk(stat), entry.name[:12])
        elif certain and entry.name not in named:
            yield Leftover("orphan", entry.path, stat.st_size, on_disk(stat), "no model of models.json names this blob")


STORE = Store(TOOL, "Docker Model Runner", find, describe)
STORES = (STORE,)
