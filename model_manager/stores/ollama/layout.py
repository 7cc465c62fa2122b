"""How Ollama lays out its store: names, manifests and blobs. Pure: nothing here touches the disk.

Rules from ollama/ollama (2026-08): manifest/paths.go, manifest/layer.go, types/model/name.go. A manifest lies exactly
four levels deep, `manifests/<host>/<namespace>/<model>/<tag>`; a blob is called `blobs/sha256-<64 hex>`, after its bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

Parts = tuple[str, str, str, str]
"""Host, namespace, model and tag: `("registry.ollama.ai", "library", "llama3.2", "3b")`."""
LEVELS = 4
_DIGEST = re.compile(r"^sha256[:-]([0-9a-f]{64})$")
_BLOB = re.compile(r"^sha256-[0-9a-f]{64}$")
_PART = re.compile(r"^(sha256-[0-9a-f]{64})-partial(?:-\d+)?$")
_HOST, _NAMESPACE = "registry.ollama.ai", "library"


def manifests_folder(root: str) -> str:
    return os.path.join(root, "manifests")


def blobs_folder(root: str) -> str:
    return os.path.join(root, "blobs")


def blob_path(root: str, blob: str) -> str:
    return os.path.join(root, "blobs", blob)


def is_manifest(root: str, path: str) -> bool:
    """Whether a path is one that a manifest of this store may have."""
    return os.path.relpath(path, manifests_folder(root)).count(os.sep) == LEVELS - 1


def is_blob(name: str) -> bool:
    return bool(_BLOB.match(name))


def blob_being_loaded(name: str) -> str:
    """The blob that a file is a part of while it comes (`sha256-…-partial-3`); empty for any other name."""
    match = _PART.match(name)
    return match[1] if match else ""


def blob_of(digest: object) -> str:
    """`sha256:<hex>` as the name of its blob; empty when it is no digest."""
    match = _DIGEST.match(str(digest))
    return f"sha256-{match[1]}" if match else ""


def name_of(parts: Parts) -> str:
    """The name that `ollama list` shows: the default host and namespace are left out."""
    host, namespace, model, tag = parts
    if host == _HOST:
        return f"{model}:{tag}" if namespace == _NAMESPACE else f"{namespace}/{model}:{tag}"
    return f"{host}/{namespace}/{model}:{tag}"


def parts_of(name: str) -> tuple[str, ...]:
    """The other way round: `llama3.2:3b` to its host, namespace, model and tag."""
    path, _, tag = name.rpartition(":")
    parts = path.split("/")
    full = [*(_HOST, _NAMESPACE)[: 3 - len(parts)], *parts] if len(parts) < LEVELS else parts
    return (*full, tag)


def parts_in_path(path: str) -> tuple[str, ...]:
    """Host, namespace, model and tag of a manifest by where it lies; empty when it lies nowhere such."""
    before, _, after = path.rpartition(f"{os.sep}manifests{os.sep}")
    return tuple(after.split(os.sep)) if before and after.count(os.sep) == LEVELS - 1 else ()


def layers_of(manifest: object) -> list[tuple[Mapping[str, object], str]] | None:
    """Each layer of a manifest with the name of its blob, the configuration first; None when that is not known."""
    layers = manifest.get("layers") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or not isinstance(layers, list):
        return None
    config = manifest.get("config")
    named = []
    for layer in [*([config] if config else []), *layers]:
        blob = blob_of(layer.get("digest")) if isinstance(layer, dict) else ""
        if not blob:
            return None
        named.append((layer, blob))
    return named or None
