"""How a model leaves Docker Model Runner's store: its line of models.json, then manifest, bundle and blobs.

Source: docker/model-runner pkg/distribution/internal/store/{store,index,bundles}.go Store.Delete. The index is written
first, so that a kill leaves files that nobody names and never a name without its files.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from model_manager.base.errors import reason_of
from model_manager.base.json_text import parsed
from model_manager.base.reading import read_small
from model_manager.base.text import later
from model_manager.stores.env import Env
from model_manager.stores.found import FoundRoot, Leftover
from model_manager.stores.known_files import is_known
from model_manager.stores.removal import CannotRemove, Going, Part, Placed, Writing, saying
from model_manager.stores.under_way import FRESH, is_younger, must_not_be_fetched

_DIGEST = re.compile(r"^sha256:([0-9a-f]{64})$")
_INDEX_LIMIT = 1 << 20
"""An index that is written has to fit the journal, which keeps the old one for undo."""


def remove(root: FoundRoot, places: Sequence[Placed]) -> Iterator[Part]:
    """The tags of these places; a model without any tag left goes with what only it names."""
    index = _index(root.path)
    going = {(os.path.basename(place.path), place.name) for place in places}
    left, gone = [], []
    for entry in index["models"]:
        id_ = _digest(entry["id"])
        tags = [tag for tag in entry.get("tags") or () if isinstance(tag, str)]
        stay = [tag for tag in tags if (id_, tag[:300]) not in going]
        if len(stay) < len(tags) or (id_, f"sha256:{id_[:12]}") in going:
            if not stay:
                gone.append(entry)
                continue
            entry["tags"] = stay
        left.append(entry)
    index["models"] = left
    named: set[str] = set()
    for entry in left:
        named |= _blobs(root.path, entry, must=True)
    text = json.dumps(index, indent=2, ensure_ascii=False).encode("utf-8", "surrogatepass")
    yield Writing(os.path.join(root.path, "models.json"), text, "Docker's index, without it")
    for entry in gone:
        id_ = _digest(entry["id"])
        for folder, why in (
            ("manifests", later("its manifest")),
            ("bundles", later("its bundle: further names of the same bytes")),
        ):
            path = os.path.join(root.path, folder, "sha256", id_)
            if os.path.lexists(path):
                yield from _known_of(path, why)
        for digest in sorted(_blobs(root.path, entry, must=False) - named):
            path = os.path.join(root.path, "blobs", "sha256", digest)
            if os.path.lexists(path):
                yield Going(path, "no other model of Docker names it")


def named_now(root: FoundRoot, gone: Collection[str], env: Env) -> Iterator[str]:
    """Those of these paths, which went a moment ago, that an entry names now."""
    named: set[str] = set()
    for entry in _index(root.path)["models"]:
        named |= {_digest(entry["id"]), *_blobs(root.path, entry, must=False)}
    yield from (path for path in gone if os.path.basename(path) in named and not os.path.lexists(path))


def _known_of(path: str, why: str) -> Iterator[Going]:
    """A manifest or a bundle; where a bundle has files of no known form, all others: these stay."""
    files = [os.path.join(folder, name) for folder, _folders, names in os.walk(path) for name in names]
    foreign = [file for file in files if not is_known(file)]
    if not foreign:
        yield Going(path, why)
    for file in files if foreign else ():
        if file not in foreign:
            yield saying(Going(file, why), ", ".join(os.path.basename(one) for one in foreign[:3]))


def remove_leftover(root: FoundRoot, leftover: Leftover, env: Env) -> Iterator[Part]:
    """A download that was given up, or bytes that no entry names now, under each of their names."""
    must_not_be_fetched(leftover.path)
    if leftover.kind == "partial":
        yield Going(leftover.path, "an unfinished download")
        return
    entries = _index(root.path)["models"]
    if not entries:
        raise CannotRemove(
            "clear away", leftover.path, "Docker's index names no model at all, so nothing is known to be unused",
            "remove it with Docker, or pull a model and scan again",
        )  # fmt: skip
    if is_younger(os.lstat(leftover.path), FRESH):
        raise CannotRemove(
            "clear away", leftover.path, "it was written within the last hour: a pull may be about to name it",
            "try again in an hour",
        )  # fmt: skip
    ids = {_digest(entry["id"]) for entry in entries}
    named = ids.union(*(_blobs(root.path, entry, must=True) for entry in entries))
    names = list(_unnamed(root.path, ids, named))
    if leftover.path not in names:
        raise CannotRemove("clear away", leftover.path, "a model of Docker names it now", "scan again")
    own = os.lstat(leftover.path)
    for path in names:
        found = os.lstat(path)
        if (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino):
            yield Going(path, leftover.of if path == leftover.path else "another name of the same bytes")


def _unnamed(root: str, ids: set[str], named: set[str]) -> Iterator[str]:
    """Blobs, and files in the bundles of models that are gone."""
    blobs, bundles = (os.path.join(root, kind, "sha256") for kind in ("blobs", "bundles"))
    for name in _names(blobs):
        if name not in named and not name.endswith(".incomplete"):
            yield os.path.join(blobs, name)
    for name in _names(bundles):
        if name not in ids:
            for folder, _folders, files in os.walk(os.path.join(bundles, name)):
                yield from (os.path.join(folder, file) for file in files if is_known(file))


def _names(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _index(root: str) -> dict[str, Any]:
    """models.json with entries that all have an id. CannotRemove when it is anything else."""
    path = os.path.join(root, "models.json")
    try:
        index = parsed(read_small(path, _INDEX_LIMIT))
    except (OSError, ValueError) as error:
        why = reason_of(error) if isinstance(error, OSError) else later("it is no JSON")
        raise CannotRemove("clear away", path, f"Docker's index cannot be read: {why}") from error
    entries = index.get("models") if isinstance(index, dict) else None
    if not isinstance(entries, list) or not all(isinstance(one, dict) and _digest(one.get("id")) for one in entries):
        raise CannotRemove("clear away", path, "Docker's index has lines that are not understood")
    return dict(index)


def _blobs(root: str, entry: dict[str, Any], must: bool) -> set[str]:
    """The blobs of an entry: those that it lists, and those that its manifest does. `must`: that has to be readable."""
    listed = entry.get("files")
    found = {_digest(name) for name in listed} if isinstance(listed, list) else set()
    path = os.path.join(root, "manifests", "sha256", _digest(entry["id"]))
    try:
        record = parsed(read_small(path))
        layers = [*record["layers"], *([record["config"]] if record.get("config") else [])]
        found |= {_digest(layer.get("digest")) for layer in layers}
        if must and "" in found:
            raise ValueError("a layer without a digest")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if must:
            raise CannotRemove(
                "clear away", path, "what another model of Docker needs cannot be read", "repair it, or pull it again"
            ) from error
    return found - {""}


def _digest(value: object) -> str:
    match = _DIGEST.match(value) if isinstance(value, str) else None
    return match[1] if match else ""
