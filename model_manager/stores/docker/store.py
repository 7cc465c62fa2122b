"""Docker Model Runner: models.json names manifests and blobs; bundles are hard links of the blobs.

The layout stands in `layout`, with its source.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from model_manager.base import reach
from model_manager.base.facts import Claim, Role
from model_manager.base.messages import said
from model_manager.base.set_aside import WHY
from model_manager.base.text import later
from model_manager.stores.contract import Removal, Store
from model_manager.stores.discovered import FoundBy, FoundFile, FoundModel, FoundRoot, Leftover, on_disk, without_blobs
from model_manager.stores.docker import removal as docker_removal
from model_manager.stores.docker.aside import aside_in
from model_manager.stores.docker.layout import (
    UNFINISHED,
    blob_path,
    blobs_folder,
    bundles_folder,
    digest_of,
    entries_of,
    index_path,
    is_id,
    is_own_name,
    layers_of,
    listed_in,
    manifest_path,
    short_name,
    tags_of,
)  # fmt: skip
from model_manager.stores.grouping.known_files import is_known
from model_manager.stores.host.env import Env
from model_manager.stores.host.root_list import RootList
from model_manager.stores.parts import CannotRemove, Part, Placed
from model_manager.stores.walk.running_downloads import FRESH, PULLED, is_younger
from model_manager.stores.walk.store_reader import StoreReader, files_below

TOOL = "docker-model-runner"
_HEAVY = ("gguf", "safetensors", "dduf", "model.file")


def find(env: Env) -> Iterator[FoundRoot]:
    """MODELS_PATH, then `~/.docker/models`; a folder without the index is not this tool's."""
    roots = RootList(TOOL, env)
    places: tuple[tuple[str, FoundBy], ...] = (
        (env.variable("MODELS_PATH"), "environment"),
        (env.path(".docker", "models"), "default"),
    )
    for path, found_by in places:
        if path and reach.is_file(index_path(path)):
            yield from roots.take(path, found_by)


@dataclass(slots=True)
class _Index:
    """What the index names. `doubts`: what of it could not be read, and why; then nothing is called an orphan."""

    root: str
    blobs: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    doubts: list[tuple[str, str]] = field(default_factory=list)

    def doubt(self, path: str, why: str) -> None:
        self.doubts.append((path, why))


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    path = index_path(root.path)
    entries = entries_of(reader.json(path))
    index = _Index(root.path)
    if entries is None:
        reader.problem(path, "index", said("lists no models: what lies in this store is not known"))
        index.doubt(path, later("it lists no models"))
    for entry in entries or ():
        if isinstance(entry, dict):
            yield from _models(index, entry, reader)
        else:
            index.doubt(path, later("a line of it is not understood"))
    if not index.ids:
        index.doubt(path, later("it names no model"))
    if aside := aside_in(root.path):
        index.doubt(aside, WHY)
    yield from _leftovers(index, reader)


def _models(index: _Index, entry: dict[str, object], reader: StoreReader) -> Iterator[FoundModel]:
    """One place for each tag; a model without a tag is shown by its id."""
    reader.step()
    id_ = digest_of(entry.get("id"))
    if not id_:
        place = index_path(index.root)
        reader.problem(place, "index", said("an entry without an id: {0}", str(entry)[:80]))
        index.doubt(place, later("a line of it is not understood"))
        return
    index.ids.add(id_)
    path = manifest_path(index.root, id_)
    kinds, config = _manifest(path, index, reader)
    listed = listed_in(entry)
    if not all(listed):
        index.doubt(index_path(index.root), later("a line of it is not understood"))
    digests = list(dict.fromkeys([*filter(None, listed), *kinds]))
    index.blobs.update(digests)
    files, missing = [], []
    for digest in digests:
        place = blob_path(index.root, digest)
        stat = reader.stat(place)
        if stat is not None:
            role = kinds.get(digest) or _role(place, stat, reader)
            files.append(FoundFile(place, stat, role, digest[:12], digest, "blob-name"))
        elif digest != id_:
            missing.append(digest[:12])
            index.doubt(place, later("a model needs it, and it is not there"))
    manifest = reader.stat(path)
    if manifest is not None:
        files.append(FoundFile(path, manifest, "manifest", "manifest", id_, "blob-name"))
    health = None
    if missing:
        health = without_blobs(missing)
    claims = tuple(_claims(blob_path(index.root, config) if config else "", reader))
    for tag in dict.fromkeys(tag[:300] for tag in tags_of(entry)) or (short_name(id_),):
        yield FoundModel(tag, path, tuple(files), claims=claims, health=health)


def _manifest(path: str, index: _Index, reader: StoreReader) -> tuple[dict[str, Role], str]:
    """Roles by digest from the manifest's media types, and the digest of the configuration."""
    record = reader.json(path)
    layers = layers_of(record)
    if layers is None:
        index.doubt(path, later("this manifest is not there") if record is None else later("it is no whole manifest"))
        return {}, ""
    roles: dict[str, Role] = {}
    config = ""
    for layer in layers:
        if not layer.digest:
            index.doubt(path, later("it names a layer that is not understood"))
        elif layer.is_config:
            roles[layer.digest], config = "config", layer.digest
        else:
            heavy = any(word in layer.media_type for word in _HEAVY)
            roles[layer.digest] = "projector" if "mmproj" in layer.media_type else "weights" if heavy else "other"
    return roles, config


def _role(path: str, stat: os.stat_result, reader: StoreReader) -> Role:
    """The role of a blob that no manifest explains."""
    facts = reader.facts(path, stat) if stat.st_size > 64 else None
    return "weights" if facts and facts.format != "unknown" and facts.health.verdict != "not-a-model" else "other"


def _claims(path: str, reader: StoreReader) -> Iterator[Claim]:
    """What was recorded when the model was packaged: sidecar strength. Newer records are one level deeper."""
    yield Claim("category", "llm", "folder", said("a model of Docker Model Runner"))
    record = reader.json(path) if path else None
    if not isinstance(record, dict):
        return
    if "format" not in record and isinstance(record.get("config"), dict):
        record = record["config"]
    why = later("Docker Model Runner's record")
    for key, claimed in (("architecture", "architecture"), ("quantization", "quant_label")):
        value = record.get(key)
        if isinstance(value, str) and value.strip():
            yield Claim(claimed, value.strip()[:80], "sidecar", why)
    context = record.get("context_size")
    if isinstance(context, int) and not isinstance(context, bool) and 0 < context < 1 << 40:
        yield Claim("context_length", context, "sidecar", why)


def _leftovers(index: _Index, reader: StoreReader) -> Iterator[Leftover]:
    """Partial downloads, blobs that no entry names, and bundles of models that are gone (they hold the bytes).

    None of these while a pull may be about to name them, and no file of a name that this tool never gives.
    """
    kept: set[tuple[int, int]] = set()
    rest: list[tuple[str, os.stat_result, str]] = []
    pulled = False
    for entry in reader.entries(blobs_folder(index.root)):
        stat = reader.stat(entry.path)
        if stat is None or not is_own_name(entry.name):
            continue
        if entry.name.endswith(UNFINISHED):
            pulled = pulled or is_younger(stat, PULLED)
            yield Leftover("partial", entry.path, stat.st_size, on_disk(stat), entry.name[:12])
        elif entry.name in index.blobs | index.ids:
            kept.add((stat.st_dev, stat.st_ino))
        else:
            rest.append((entry.path, stat, later("no model of models.json names this blob")))
    for entry in reader.entries(bundles_folder(index.root)):
        if entry.name in index.ids:
            kept.update((stat.st_dev, stat.st_ino) for _path, stat in _files(entry.path, reader))
        elif is_id(entry.name):
            rest += [
                (path, stat, later("a bundle of a model that is gone"))
                for path, stat in _files(entry.path, reader)
                if is_known(path)
            ]
    if index.doubts and rest:
        place, why = index.doubts[0]
        reader.problem(place, "index", said("{0}; {1}", why, _UNKNOWN))
    if index.doubts or reader.unread or pulled:
        return
    for path, stat, why in rest:
        key = (stat.st_dev, stat.st_ino)
        if key not in kept and not is_younger(stat, FRESH):
            kept.add(key)
            yield Leftover("orphan", path, stat.st_size, on_disk(stat), why)


_UNKNOWN = later(
    "nothing in this store is called unused until it can be read: connect its drive or repair it, and scan again"
)


def _files(folder: str, reader: StoreReader) -> Iterator[tuple[str, os.stat_result]]:
    for entry in files_below(folder, reader):
        if not entry.is_symlink() and (stat := reader.stat(entry.path)) is not None:
            yield entry.path, stat


def remove(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """By our own steps where it can be seen that no runner is at work; else by Docker's command.

    The store of Docker Desktop is used from within its virtual machine, which we cannot see: there Docker Desktop is what runs.
    """
    if env.system != "linux" or STORE.in_use(env):
        names = " ".join(place.name for place in places)
        raise CannotRemove(
            said("clear away"), places[0].path, said("Docker may be using the index of its models at this moment"),
            said("run: docker model rm {0}", names),
        )  # fmt: skip
    yield from docker_removal.remove(root, places)


STORE = Store(
    TOOL, find, describe, Removal(remove, docker_removal.remove_leftover, docker_removal.named_now, one_unit=True)
)
STORES = (STORE,)
