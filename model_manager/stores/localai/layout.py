"""What LocalAI's YAML files say: which files a model has. Pure: nothing here touches the disk.

Source: mudler/LocalAI core/config, core/gallery/models.go. A model is `<name>.yaml` in the models folder; what the gallery
fetched for it is listed, with sha256, in `._gallery_<name>.yaml`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

GALLERY = "._gallery_"
_YAML = (".yaml", ".yml")
_SHA256 = re.compile(r"^[0-9a-fA-F]{64}$")


def is_yaml(name: str) -> bool:
    return name.endswith(_YAML)


def is_gallery(name: str) -> bool:
    """Whether a YAML file is the gallery's own list of what it fetched."""
    return name.startswith(GALLERY)


def inside(root: str, name: object) -> str:
    """The path of a file that a YAML names; empty unless it lies below the models folder."""
    if not isinstance(name, str) or not name or "\0" in name:
        return ""
    place = os.path.normpath(os.path.join(root, name))
    return place if place.startswith(os.path.join(os.path.normpath(root), "")) else ""


def weights_of(root: str, settings: Mapping[str, Any]) -> str:
    """The path of a model's weights: `parameters.model`."""
    parameters = settings.get("parameters")
    return inside(root, parameters.get("model") if isinstance(parameters, dict) else None)


def projector_of(root: str, settings: Mapping[str, Any]) -> str:
    return inside(root, settings.get("mmproj"))


def fetched(root: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The files that the gallery lists, each with its sha256, or empty where it tells none."""
    files = settings.get("files")
    for file in files if isinstance(files, list) else ():
        name, digest = (file.get("filename"), file.get("sha256")) if isinstance(file, dict) else (None, None)
        if place := inside(root, name):
            yield place, digest.lower() if isinstance(digest, str) and _SHA256.match(digest) else ""


def files_of(root: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """All that a YAML names, of either kind."""
    yield from filter(None, (projector_of(root, settings), weights_of(root, settings)))
    yield from (place for place, _digest in fetched(root, settings))
