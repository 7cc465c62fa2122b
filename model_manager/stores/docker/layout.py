"""How Docker Model Runner lays out its store. Pure: nothing here touches the disk.

`models.json` lists models by id, the sha256 of their manifest; `manifests/sha256/<id>` names blobs in `blobs/sha256/`, and
`bundles/sha256/<id>/` has hard links of them. Source: docker/model-runner pkg/distribution/internal/store/
{store,index,blobs,bundles}.go, pkg/distribution/types.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

INDEX = "models.json"
UNFINISHED = ".incomplete"
_DIGEST = re.compile(r"^sha256:([0-9a-f]{64})$")
_HEX = re.compile(r"^[0-9a-f]{64}$")
_OWN = re.compile(r"^[0-9a-f]{64}(?:\.[0-9a-z]+)*$")


def index_path(root: str) -> str:
    return os.path.join(root, INDEX)


def blobs_folder(root: str) -> str:
    return os.path.join(root, "blobs", "sha256")


def bundles_folder(root: str) -> str:
    return os.path.join(root, "bundles", "sha256")


def manifest_path(root: str, id_: str) -> str:
    return os.path.join(root, "manifests", "sha256", id_)


def bundle_path(root: str, id_: str) -> str:
    return os.path.join(bundles_folder(root), id_)


def blob_path(root: str, digest: str) -> str:
    return os.path.join(blobs_folder(root), digest)


def is_own_name(name: str) -> bool:
    """Whether a file among the blobs has a name that the runner gives: a digest, and endings while it comes."""
    return bool(_OWN.match(name))


def is_id(name: str) -> bool:
    return bool(_HEX.match(name))


def digest_of(value: object) -> str:
    """`sha256:<64 hex>` without its beginning; empty when it is no digest."""
    match = _DIGEST.match(value) if isinstance(value, str) else None
    return match[1] if match else ""


def short_name(id_: str) -> str:
    """What a model without a tag is called."""
    return f"sha256:{id_[:12]}"


def entries_of(index: object) -> list[object] | None:
    """The lines of the index; None when it lists nothing that could be read."""
    entries = index.get("models") if isinstance(index, dict) else None
    return entries if isinstance(entries, list) else None


def tags_of(entry: Mapping[str, Any]) -> list[str]:
    tags = entry.get("tags")
    return [tag for tag in tags if isinstance(tag, str) and tag] if isinstance(tags, list) else []


def listed_in(entry: Mapping[str, Any]) -> list[str]:
    """The digests that a line itself lists, "" for each that is not understood."""
    files = entry.get("files")
    return [digest_of(name) for name in files] if isinstance(files, list) else []


class Layer(NamedTuple):
    """One blob that a manifest names. `digest` is empty when that is not understood."""

    digest: str
    media_type: str
    is_config: bool = False


def layers_of(manifest: object) -> Iterator[Layer] | None:
    """What a manifest names, its configuration last; None when it is no whole manifest."""
    layers = manifest.get("layers") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or not isinstance(layers, list):
        return None
    return _layers(layers, manifest.get("config"))


def _layers(layers: list[object], config: object) -> Iterator[Layer]:
    for one in layers:
        record = one if isinstance(one, dict) else {}
        yield Layer(digest_of(record.get("digest")), str(record.get("mediaType", "")))
    if config:
        yield Layer(digest_of(config.get("digest") if isinstance(config, dict) else None), "", is_config=True)
