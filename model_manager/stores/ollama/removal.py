"""How a model leaves Ollama's store: its manifests first, then the blobs that no other manifest names.

Rules from ollama/ollama (2026-08): server/routes.go DeleteHandler, server/images.go; when any manifest
cannot be read, no blob is removed, as Ollama itself does. Its next start removes the folders left empty.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from model_manager.base.messages import joined, said
from model_manager.base.once import once
from model_manager.base.reading import read_small
from model_manager.base.text import later
from model_manager.stores.contract import Removal
from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.host.env import Env
from model_manager.stores.ollama import service as ollama_service
from model_manager.stores.ollama.layout import (
    blob_being_loaded,
    blobs_folder,
    is_blob,
    is_manifest,
    manifests_folder,
    parts_in_path,
    parts_of,
)
from model_manager.stores.ollama.manifests import Manifests, digests, manifests_of
from model_manager.stores.parts import Asking, CannotRemove, Going, Part, Placed
from model_manager.stores.walk.running_downloads import FRESH, is_younger, must_not_be_fetched


@dataclass(slots=True)
class _Named:
    """The blobs that manifests name. `unread`: a manifest that cannot be understood, or nothing."""

    blobs: set[str] = field(default_factory=set)
    unread: str = ""


def remove(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """The manifests of these names, then what they alone name; by Ollama itself where the files are another user's."""
    blobs = blobs_folder(root.path)
    folders = {blobs, *(os.path.dirname(place.path) for place in places)}
    if not all(os.access(folder, os.W_OK | os.X_OK) for folder in folders):
        if root.tool != "ollama":  # Msty's store has a server of its own, at an address that is not known
            raise CannotRemove(
                said("clear away"), root.path, said("you may not change this folder"), said("its owner can")
            )
        yield from _ask(root, places, env)
        return
    going = {place.path for place in places}
    for path in going:
        if not is_manifest(root.path, path) or not os.path.isfile(path):
            raise CannotRemove(
                said("clear away"), path, said("this is no manifest of Ollama any more"), said("scan again")
            )
    named = _named(root.path, going)
    for place in places:
        why = said("Ollama's entry for {0}", place.name)
        if named.unread:
            stay = said("its blobs stay, because {0} cannot be read and may name them", named.unread)
            why = joined("; ", [why, stay])
        yield Going(place.path, why)
    for name in () if named.unread else dict.fromkeys(name for path in going for name in digests(path) or ()):
        blob = os.path.join(blobs, name)
        if name not in named.blobs and os.path.lexists(blob):
            yield Going(blob, said("no other model of Ollama names it"), fresh=True)


def remove_leftover(root: FoundRoot, leftover: Leftover, env: Env) -> Iterator[Part]:
    """A blob that no manifest names now, or a download with all its parts."""
    blobs, name = os.path.split(leftover.path)
    must_not_be_fetched(leftover.path)
    if whole := blob_being_loaded(name):
        for other in sorted(os.listdir(blobs)):
            if blob_being_loaded(other) == whole:
                yield Going(os.path.join(blobs, other), said("a part of an unfinished download"))
        return
    if not is_blob(name) and not name.startswith("sha256-"):
        raise CannotRemove(
            said("clear away"), leftover.path, said("it is no blob of Ollama's"), said("move it elsewhere yourself")
        )
    named = _named(root.path, set())
    if named.unread:
        raise CannotRemove(said("clear away"), leftover.path, said("{0} cannot be read, and may name it", named.unread))
    if is_blob(name) and is_younger(os.lstat(leftover.path), FRESH):
        raise CannotRemove(
            said("clear away"), leftover.path, said("it was written within the last hour: a pull may be about to name it"),
            said("try again in an hour"),
        )  # fmt: skip
    if name in named.blobs:
        raise CannotRemove(
            said("clear away"), leftover.path, said("a model of Ollama names it now"), said("scan again")
        )
    yield Going(leftover.path, leftover.of, fresh=True)


def named_now(root: FoundRoot, gone: Collection[str], env: Env) -> Iterator[str]:
    """Those of these blobs, which went a moment ago, that a manifest names now: a tag that came meanwhile.

    One that cannot be read may be one that is being written.
    """
    blobs = {os.path.basename(path): path for path in gone if is_blob(os.path.basename(path))}
    manifests = manifests_of(root.path) if blobs else Manifests()
    names = [digests(path) for path, _parts in manifests.files]
    is_sure = None not in names and not any(one.hides for one in manifests.unread)
    named = {name for found in names for name in found or ()}
    for name, path in blobs.items():
        if (name in named or not is_sure) and not os.path.lexists(path):
            yield path


def _ask(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """By the service that runs on this computer, if it is shown to serve this very store.

    The digest that it tells of a name is the sha256 of the manifest (ollama/ollama server/images.go): a server in a
    container or behind a tunnel that has another model of the same name is not asked.
    """
    known = {str(record.get("name")): record for record in ollama_service.tags()}
    host = ollama_service.address()
    counted: set[str] = set()
    others = _named(root.path, {place.path for place in places}).blobs
    for place in places:
        digest = _digest(place.path)
        if why := _why_not(root, place, digest, known.get(place.name), env):
            raise CannotRemove(
                said("clear away"), place.name, said("Ollama's files belong to another user, and {0}", why),
                said("start it, or run as that user: ollama rm {0}", place.name),
            )  # fmt: skip
        paths = tuple(
            file.path for file in place.files if file.path not in counted and os.path.basename(file.path) not in others
        )
        counted.update(paths)
        gone = {"list": "models", "is": {"name": place.name}, "same": {"digest": digest}, "file": place.path,
                "sha256": digest, "absent": [place.path]}  # fmt: skip
        yield Asking(
            f"{host}/api/delete", "DELETE", json.dumps({"model": place.name}), f"{host}/api/tags", json.dumps(gone),
            said("Ollama removes {0} itself; it can be pulled again by this name", place.name), paths,
        )  # fmt: skip


def _why_not(root: FoundRoot, place: Placed, digest: str, record: dict[str, object] | None, env: Env) -> str:
    """Why the service is not asked, in words; empty when it is the one that serves this store."""
    if twin := _twin(root.path, place, env):
        return said("{0} has a model of this name too: which of the two its service would remove is not known", twin)
    if record is None:
        return later("its service does not answer")
    if not digest:
        return later("which folder its service uses cannot be seen")
    if str(record.get("digest", "")).lower().removeprefix("sha256:") != digest:
        return later("the service that answers has another model of this name: it does not serve this folder")
    return ""


def _digest(manifest: str) -> str:
    """The sha256 of a manifest; empty when it cannot be read."""
    try:
        return hashlib.sha256(read_small(manifest)).hexdigest()
    except OSError:
        return ""


def _twin(root: str, place: Placed, env: Env) -> str:
    """Another store of this user's that has a model of the same name: the service may be the one that serves it."""
    below = _below_manifests(place)
    for other in (env.variable("OLLAMA_MODELS"), env.path(".ollama", "models")):
        if other and os.path.realpath(other) != os.path.realpath(root):
            if os.path.lexists(os.path.join(manifests_folder(other), *below)):
                return other
    return ""


def _below_manifests(place: Placed) -> tuple[str, ...]:
    """Where a manifest of this name lies: told by its path, or by its name when only the service knows it."""
    return parts_in_path(place.path) or parts_of(place.name)


def _named(root: str, without: set[str]) -> _Named:
    """The blobs that all manifests but these name."""
    manifests = once(("Ollama's manifests", root), lambda: manifests_of(root))
    named = _Named(unread=next((one.path for one in manifests.unread), ""))
    if not manifests.files and not named.unread:
        named.unread = manifests_folder(root)
    for path, _parts in manifests.files:
        if path in without:
            continue
        found = once(("named by", path), lambda path=path: digests(path))  # type: ignore[misc]
        if found is None:
            named.unread = path
        named.blobs.update(found or ())
    return named


RULE = Removal(remove, remove_leftover, named_now)
