"""How RamaLama lays out its store. Pure: nothing here touches the disk.

Rules from containers/ramalama (2026-08) ramalama/model_store/{store,reffile,global_store}.py. Each model has a folder
`store/<transport>/<organisation…>/<name>/` with `refs/<tag>.json`, `blobs/<hash>` and `snapshots/<hash>/<file name>`, a
further name of the blob: a hard link, else a symbolic link, else a copy. No two models share a blob, tags of one do.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from model_manager.base.facts import Role

REFS, BLOBS, SNAPSHOTS = "refs", "blobs", "snapshots"
RECORD, UNFINISHED = ".json", ".partial"
_BLOB = re.compile(r"^sha256-[0-9a-f]{64}$")
_NAMED_AFTER_THE_ADDRESS = ("file", "http", "https")
"""Transports that call a blob after the sha256 of its file's name (transports/url.py): it tells nothing of the bytes."""
_ROLES: dict[str, Role] = {"gguf": "weights", "safetensor": "weights", "mmproj": "projector"}


class RefFile(NamedTuple):
    """One file that a record names: `blob` is the name of its blob, `name` its path below the snapshot."""

    blob: str
    name: str
    role: Role


class Ref(NamedTuple):
    """What the record of one tag says."""

    snapshot: str
    files: tuple[RefFile, ...]


def folder_of(record: str) -> str:
    """The model's folder, by the path of one of its records."""
    return os.path.dirname(os.path.dirname(record))


def blobs_folder(folder: str) -> str:
    return os.path.join(folder, BLOBS)


def refs_folder(folder: str) -> str:
    return os.path.join(folder, REFS)


def blob_path(folder: str, blob: str) -> str:
    return os.path.join(folder, BLOBS, blob)


def snapshot_path(folder: str, snapshot: str) -> str:
    return os.path.join(folder, SNAPSHOTS, snapshot)


def is_blob(name: str) -> bool:
    """Whether a whole blob may have this name."""
    return bool(_BLOB.match(name))


def name_of(store: str, record: str) -> str:
    """As `ramalama list` shows it: `ollama://library/smollm:135m`, a file of this computer as `file:///…`."""
    transport, _, path = os.path.relpath(folder_of(record), store).partition(os.sep)
    tag = os.path.basename(record).removesuffix(RECORD)
    return f"{transport}:{'///' if transport == 'file' else '//'}{path.replace(os.sep, '/')}:{tag}"


def transport_of(store: str, record: str) -> str:
    return os.path.relpath(record, store).split(os.sep)[0]


def repository_of(store: str, record: str) -> str:
    """The model's name at its hub: `library/smollm`."""
    return os.path.relpath(folder_of(record), store).partition(os.sep)[2].replace(os.sep, "/")


def title_of(store: str, record: str) -> str:
    """A name for people: `org/repo:Q4_K_M`; what came from a folder or an address by its file's name alone."""
    repository, tag = repository_of(store, record), os.path.basename(record).removesuffix(RECORD)
    if transport_of(store, record) in _NAMED_AFTER_THE_ADDRESS:
        return os.path.basename(repository)
    return f"{repository}:{tag}"


def sha256_of(transport: str, blob: str) -> str:
    """The sha256 that a blob's name tells of its bytes; empty where it tells none."""
    return blob[7:] if transport not in _NAMED_AFTER_THE_ADDRESS and _BLOB.match(blob) else ""


def ref_of(record: object) -> Ref | None:
    """What a record names; None when it is no whole record. No name of it leads out of the model's folder."""
    files = record.get("files") if isinstance(record, dict) else None
    snapshot = _file_name(record.get("hash")) if isinstance(record, dict) else ""
    if not isinstance(files, list) or not snapshot:
        return None
    named = []
    for file in files:
        if not isinstance(file, dict):
            return None
        blob, name = _file_name(file.get("hash")), _inner_path(file.get("name"))
        if not blob or not name:
            return None
        named.append(RefFile(blob, name, _ROLES.get(str(file.get("type")), _role_by_name(name))))
    return Ref(snapshot, tuple(named))


def _role_by_name(name: str) -> Role:
    """Its older versions call the shards of a safetensors model `other`."""
    if name.endswith(".safetensors"):
        return "weights"
    return "config" if name.endswith(".json") else "other"


def _file_name(told: object) -> str:
    """A hash as RamaLama names a file after it: `:` becomes `-` (sanitize_filename). Empty when it is no file's name."""
    name = told.replace(":", "-") if isinstance(told, str) else ""
    return name if name not in ("", ".", "..") and not set(name) & {"/", "\\", "\0"} else ""


def _inner_path(told: object) -> str:
    """A path below the snapshot; empty when it leads elsewhere."""
    if not isinstance(told, str) or not told or "\0" in told or "\\" in told or os.path.isabs(told):
        return ""
    return told if not {"", ".", ".."} & set(told.split("/")) else ""
