"""The models of an Ollama store: what each manifest names, and what no manifest names.

Blobs that no manifest names are orphans when all manifests were read (`manifests`) and no pull is under way: its layers
have their final names before its manifest is there (ollama/ollama server/images.go).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from model_manager.base import reach
from model_manager.base.facts import Claim, Health, Role
from model_manager.base.json_text import parsed
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.stores.discovered import FoundFile, FoundModel, FoundRoot, Leftover, Source, on_disk, without_blobs
from model_manager.stores.ollama import service as ollama_service
from model_manager.stores.ollama.layout import (
    Parts,
    blob_being_loaded,
    blob_of,
    blob_path,
    blobs_folder,
    is_blob,
    layers_of,
    manifests_folder,
    name_of,
)
from model_manager.stores.ollama.manifests import Manifests, Unread, manifests_of
from model_manager.stores.walk.folder_memory import Whole, digest
from model_manager.stores.walk.running_downloads import FRESH, PULLED, is_younger
from model_manager.stores.walk.store_reader import StoreReader

_ROLES: dict[str, Role] = {
    "model": "weights", "projector": "projector", "adapter": "adapter", "tensor": "weights", "draft": "other",
    "json": "config", "params": "config",
}  # fmt: skip


@dataclass(slots=True)
class _Store:
    root: str
    manifests: Manifests
    blobs: dict[str, os.DirEntry[str]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    """Every tag, then what no tag names."""
    if not _can_list(root.path):
        yield from ollama_service.describe(root, reader)
        return
    blobs = blobs_folder(root.path)
    entries = {entry.name: entry for entry in reader.entries(blobs)}
    if blobs in reader.unread:
        yield from ollama_service.describe(root, reader)
        return
    store = _Store(root.path, manifests_of(root.path), entries)
    rules = digest("manifest")
    for path, parts in store.manifests.files:
        reader.step()
        yield from _tag(store, path, parts, rules, reader)
    yield from _leftovers(store, reader)


def _tag(store: _Store, path: str, parts: Parts, rules: bytes, reader: StoreReader) -> Iterator[FoundModel]:
    """The model that a manifest names, unless manifest and blobs are as they were: then the catalogue has it.

    Remembered only where nothing is missing and nothing had to be told of it. What it names counts as named either way.
    """
    whole = Whole(reader.memory, path, store.root, rules)
    looked_at = whole.unchanged()
    if looked_at is not None:
        store.named.update(map(os.path.basename, looked_at[1:]))  # the manifest itself is the first
        return
    before = reader.met_problems + len(reader.unread) + len(store.manifests.unread)
    found = _model(store, path, parts, reader, whole)
    if found:
        yield found
        told = reader.met_problems + len(reader.unread) + len(store.manifests.unread)
        if found.health is None and told == before:
            whole.keep([(found.path, found.name)])


def _can_list(path: str) -> bool:
    return os.access(path, os.R_OK | os.X_OK)


def _model(store: _Store, path: str, parts: Parts, reader: StoreReader, whole: Whole) -> FoundModel | None:
    """What a manifest names. It and each blob are given to `whole` before they are read, the manifest first."""
    whole.look(path)
    manifest = reader.json(path)
    stat = reader.stat(path)
    every = layers_of(manifest)
    if every is None:
        why = later("it is no whole manifest; Ollama prunes nothing while it is there")
        store.manifests.unread.append(Unread(path, why))
    if not isinstance(manifest, dict) or not isinstance(manifest.get("layers"), list) or stat is None:
        return None
    files = [FoundFile(path, stat, "manifest", "manifest")]
    missing: list[str] = []
    details: dict[str, str] = {}
    config = manifest.get("config")
    for layer, blob in every or ():
        _add_layer(store, layer, blob, layer is config, files, missing, details, reader)
    for file in files[1:]:
        whole.add(file.path, file.stat)
    claims = tuple(_config_claims(store, config, reader))
    hub = "huggingface" if parts[0] in ("hf.co", "huggingface.co") else "ollama"
    weights = any(file.role == "weights" for file in files)
    health = None
    if missing:
        health = without_blobs(missing)
    elif not weights and any(claim.value == "cloud" for claim in claims):
        health = Health("good", said("runs in Ollama's cloud: no weights on this computer"))
    return FoundModel(
        name=name_of(parts),
        path=path,
        files=tuple(files),
        claims=claims,
        source=Source(hub, f"{parts[1]}/{parts[2]}", "", parts[3]),
        health=health,
        details=details,
    )


def _add_layer(
    store: _Store, layer: Mapping[str, object], blob: str, is_config: bool, files: list[FoundFile], missing: list[str],
    details: dict[str, str], reader: StoreReader,
) -> None:  # fmt: skip
    kind = str(layer.get("mediaType", "")).rsplit(".", 1)[-1]
    store.named.add(blob)
    stat = reader.stat(blob_path(store.root, blob))
    if stat is None:
        missing.append(blob[:19])
        return
    role: Role = "config" if is_config else _ROLES.get(kind, "other")
    place = blob_path(store.root, blob)
    files.append(FoundFile(place, stat, role, str(layer.get("name") or kind)[:200], blob[7:], "blob-name"))
    if kind in ("template", "system", "params") and stat.st_size < 65_536:
        text = reader.small(place, 65_536)
        details[kind] = text.decode("utf-8", "replace") if text else ""


def _config_claims(store: _Store, config: object, reader: StoreReader) -> Iterator[Claim]:
    """What Ollama recorded when the model was made (types/model/config.go): sidecar strength."""
    blob = blob_of(config.get("digest")) if isinstance(config, dict) else ""
    text = reader.small(blob_path(store.root, blob), 4 << 20) if blob else None
    try:
        record = parsed(text) if text else {}
    except ValueError:
        return
    if not isinstance(record, dict):
        return
    why = later("Ollama's record")
    for key, claimed in (("file_type", "quant_label"), ("model_family", "architecture")):
        if isinstance(record.get(key), str) and record[key]:
            yield Claim(claimed, record[key], "sidecar", why)
    if isinstance(record.get("context_length"), int) and record["context_length"] > 0:
        yield Claim("context_length", record["context_length"], "sidecar", why)
    capabilities = record.get("capabilities")
    for word in capabilities if isinstance(capabilities, list) else ():
        if word in ("vision", "audio"):
            yield Claim(word, True, "sidecar", why)
        elif word == "tools":
            yield Claim("tool_use", True, "sidecar", why)
        elif word == "embedding":
            yield Claim("category", "embedding", "sidecar", why)
    if record.get("remote_host"):
        yield Claim("tag", "cloud", "sidecar", said("remote_host is {0}", str(record["remote_host"])[:80]))
        yield Claim("category", "llm", "sidecar", why)
    elif record.get("model_format") == "safetensors":
        yield Claim("category", "llm", "folder", said("a language model of Ollama"))


def _leftovers(store: _Store, reader: StoreReader) -> Iterator[Leftover]:
    """Downloads that did not end, and blobs that nothing names: none of these while a pull may be about to name them.

    What is no blob and no part of one is a foreign file: it stays.
    """
    unnamed: list[tuple[str, os.stat_result]] = []
    parts: dict[str, list[tuple[str, os.stat_result]]] = {}
    for name, entry in store.blobs.items():
        stat = reader.stat(entry.path) if name not in store.named and name.startswith("sha256-") else None
        if stat is None:
            continue
        if is_blob(name):
            unnamed.append((entry.path, stat))
        else:
            parts.setdefault(blob_being_loaded(name) or name, []).append((entry.path, stat))
    pulled = False
    for of, files in parts.items():
        young = [path for path, stat in files if is_younger(stat, PULLED)]
        pulled = pulled or bool(young)
        size, held = sum(stat.st_size for _path, stat in files), sum(on_disk(stat) for _path, stat in files)
        paths = young or [path for path, _stat in files]  # the age of one stands for all: the youngest tells
        yield Leftover("partial", min(paths, key=len), size, held, of)
    if not _is_known(store, bool(unnamed), reader) or pulled:
        return
    for path, stat in unnamed:
        if not is_younger(stat, FRESH):
            yield Leftover("orphan", path, stat.st_size, on_disk(stat), said("no Ollama model names this blob"))


def _is_known(store: _Store, is_needed: bool, reader: StoreReader) -> bool:
    """Whether all manifests were read. `is_needed`: there are blobs that one of them may name."""
    unread = list(store.manifests.unread)
    if not unread and not store.manifests.files:
        unread.append(Unread(manifests_folder(store.root), later("there is no manifest in it"), False))
    for one in unread:
        if one.hides or is_needed:
            reader.problem(one.path, "manifest", said("{0}; {1}", one.why, _UNKNOWN))
        if one.hides and not reach.is_file(one.path):
            reader.unread.append(one.path)
    return not unread


_UNKNOWN = later(
    "no blob of this store is called unused until it can be read: connect its drive or repair it, and scan again"
)
