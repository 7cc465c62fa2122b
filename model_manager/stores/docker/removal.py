"""How a model leaves Docker Model Runner's store: its line of models.json, then manifest, bundle and blobs.

Source: docker/model-runner pkg/distribution/internal/store/{store,index,bundles}.go Store.Delete. The index is written
first, so that a kill leaves files that nobody names and never a name without its files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from model_manager.base.errors import reason_of
from model_manager.base.json_text import parsed
from model_manager.base.messages import said
from model_manager.base.reading import read_small
from model_manager.base.set_aside import WHY
from model_manager.base.text import later
from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.docker.aside import aside_in
from model_manager.stores.docker.layout import (
    UNFINISHED,
    blob_path,
    blobs_folder,
    bundle_path,
    bundles_folder,
    digest_of,
    entries_of,
    index_path,
    layers_of,
    listed_in,
    manifest_path,
    short_name,
    tags_of,
)  # fmt: skip
from model_manager.stores.grouping.known_files import is_known
from model_manager.stores.host.env import Env
from model_manager.stores.parts import CannotRemove, Going, Part, Placed, Writing
from model_manager.stores.walk.removal import saying
from model_manager.stores.walk.running_downloads import FRESH, is_younger, must_not_be_fetched

_INDEX_LIMIT = 1 << 20
"""An index that is written has to fit the journal, which keeps the old one for undo."""


def remove(root: FoundRoot, places: Sequence[Placed]) -> Iterator[Part]:
    """The tags of these places; a model without any tag left goes with what only it names."""
    _must_hold_all(root.path)
    index = _index(root.path)
    going = {(os.path.basename(place.path), place.name) for place in places}
    left, gone = [], []
    for entry in index["models"]:
        id_ = digest_of(entry["id"])
        tags = tags_of(entry)
        stay = [tag for tag in tags if (id_, tag[:300]) not in going]
        if len(stay) < len(tags) or (id_, short_name(id_)) in going:
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
    yield Writing(index_path(root.path), text, said("Docker's index, without it"))
    for entry in gone:
        id_ = digest_of(entry["id"])
        for path, why in (
            (manifest_path(root.path, id_), later("its manifest")),
            (bundle_path(root.path, id_), later("its bundle: further names of the same bytes")),
        ):
            if os.path.lexists(path):
                yield from _known_of(path, why)
        for digest in sorted(_blobs(root.path, entry, must=False) - named):
            path = blob_path(root.path, digest)
            if os.path.lexists(path):
                yield Going(path, said("no other model of Docker names it"))


def _must_hold_all(root: str) -> None:
    """CannotRemove while something lies aside that may come back and need what seems unused."""
    if aside := aside_in(root):
        raise CannotRemove(said("clear away"), aside, WHY, said("then scan again"))


def named_now(root: FoundRoot, gone: Collection[str], env: Env) -> Iterator[str]:
    """Those of these paths, which went a moment ago, that an entry names now."""
    named: set[str] = set()
    for entry in _index(root.path)["models"]:
        named |= {digest_of(entry["id"]), *_blobs(root.path, entry, must=False)}
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
        yield Going(leftover.path, said("an unfinished download"))
        return
    _must_hold_all(root.path)
    entries = _index(root.path)["models"]
    if not entries:
        raise CannotRemove(
            said("clear away"), leftover.path, said("Docker's index names no model at all, so nothing is known to be unused"),
            said("remove it with Docker, or pull a model and scan again"),
        )  # fmt: skip
    if is_younger(os.lstat(leftover.path), FRESH):
        raise CannotRemove(
            said("clear away"), leftover.path, said("it was written within the last hour: a pull may be about to name it"),
            said("try again in an hour"),
        )  # fmt: skip
    ids = {digest_of(entry["id"]) for entry in entries}
    named = ids.union(*(_blobs(root.path, entry, must=True) for entry in entries))
    names = list(_unnamed(root.path, ids, named))
    if leftover.path not in names:
        raise CannotRemove(
            said("clear away"), leftover.path, said("a model of Docker names it now"), said("scan again")
        )
    own = os.lstat(leftover.path)
    for path in names:
        found = os.lstat(path)
        if (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino):
            yield Going(path, leftover.of if path == leftover.path else said("another name of the same bytes"))


def _unnamed(root: str, ids: set[str], named: set[str]) -> Iterator[str]:
    """Blobs, and files in the bundles of models that are gone."""
    blobs, bundles = blobs_folder(root), bundles_folder(root)
    for name in _names(blobs):
        if name not in named and not name.endswith(UNFINISHED):
            yield os.path.join(blobs, name)
    for name in _names(bundles):
        if name not in ids:
            for folder, _folders, files in os.walk(os.path.join(bundles, name)):
                yield from (os.path.join(folder, file) for file in files if is_known(file))


def _names(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _index(root: str) -> dict[str, Any]:
    """models.json with entries that all have an id. CannotRemove when it is anything else."""
    path = index_path(root)
    try:
        index = parsed(read_small(path, _INDEX_LIMIT))
    except (OSError, ValueError) as error:
        why = reason_of(error) if isinstance(error, OSError) else later("it is no JSON")
        raise CannotRemove(said("clear away"), path, said("Docker's index cannot be read: {0}", why)) from error
    entries = entries_of(index)
    if entries is None or not all(isinstance(one, dict) and digest_of(one.get("id")) for one in entries):
        raise CannotRemove(said("clear away"), path, said("Docker's index has lines that are not understood"))
    return dict(index)


def _blobs(root: str, entry: dict[str, Any], must: bool) -> set[str]:
    """The blobs of an entry: those that it lists, and those that its manifest does. `must`: that has to be readable."""
    named = set(listed_in(entry))
    path = manifest_path(root, digest_of(entry["id"]))
    try:
        layers = layers_of(parsed(read_small(path)))
        if layers is None:
            raise ValueError(said("no whole manifest"))
        named |= {layer.digest for layer in layers}
        if must and "" in named:
            raise ValueError(said("a layer without a digest"))
    except (OSError, ValueError) as error:
        if must:
            raise CannotRemove(
                said("clear away"),
                path,
                said("what another model of Docker needs cannot be read"),
                said("repair it, or pull it again"),
            ) from error
    return named - {""}
