"""How a model leaves Ollama's store: its manifests first, then the blobs that no other manifest names.

Rules from ollama/ollama (2026-08): server/routes.go DeleteHandler, server/images.go; when any manifest
cannot be read, no blob is removed, as Ollama itself does. Its next start removes the folders left empty.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from model_manager.base.errors import reason_of
from model_manager.base.json_text import parsed
from model_manager.base.reading import read_small
from model_manager.base.text import later
from model_manager.stores import ollama_service
from model_manager.stores.env import Env
from model_manager.stores.found import FoundRoot, Leftover
from model_manager.stores.removal import Asking, CannotRemove, Going, Part, Placed

_DIGEST = re.compile(r"^sha256[:-]([0-9a-f]{64})$")
_PART = re.compile(r"^(sha256-[0-9a-f]{64})-partial(?:-\d+)?$")


@dataclass(slots=True)
class _Named:
    """The blobs that manifests name. `unread`: a manifest that cannot be understood, or nothing."""

    blobs: set[str] = field(default_factory=set)
    unread: str = ""


def remove(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """The manifests of these names, then what they alone name; by Ollama itself where the files are another user's."""
    blobs = os.path.join(root.path, "blobs")
    folders = {blobs, *(os.path.dirname(place.path) for place in places)}
    if not all(os.access(folder, os.W_OK | os.X_OK) for folder in folders):
        if root.tool != "ollama":  # Msty's store has a server of its own, at an address that is not known
            raise CannotRemove("clear away", root.path, "you may not change this folder", "its owner can")
        yield from _ask(root, places, env)
        return
    going = {place.path for place in places}
    for path in going:
        if os.path.relpath(path, os.path.join(root.path, "manifests")).count(os.sep) != 3 or not os.path.isfile(path):
            raise CannotRemove("clear away", path, "this is no manifest of Ollama any more", "scan again")
    named = _named(root.path, going)
    for place in places:
        why = later(f"Ollama's entry for {place.name}")
        if named.unread:
            why += "; " + later(f"its blobs stay, because {named.unread} cannot be read and may name them")
        yield Going(place.path, why)
    for name in () if named.unread else dict.fromkeys(name for path in going for name in _digests(path) or ()):
        blob = os.path.join(blobs, name)
        if name not in named.blobs and os.path.lexists(blob):
            yield Going(blob, "no other model of Ollama names it", fresh=True)


def remove_leftover(root: FoundRoot, leftover: Leftover, env: Env) -> Iterator[Part]:
    """A blob that no manifest names now, or a download with all its parts."""
    blobs, name = os.path.split(leftover.path)
    part = _PART.match(name)
    if part:
        for other in sorted(os.listdir(blobs)):
            match = _PART.match(other)
            if match and match[1] == part[1]:
                yield Going(os.path.join(blobs, other), "a part of an unfinished download")
        return
    named = _named(root.path, set())
    if named.unread:
        raise CannotRemove("clear away", leftover.path, f"{named.unread} cannot be read, and may name it")
    if name in named.blobs:
        raise CannotRemove("clear away", leftover.path, "a model of Ollama names it now", "scan again")
    yield Going(leftover.path, leftover.of, fresh=True)


def _ask(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """By the service that runs on this computer, if this store can only be its own."""
    known = {str(record.get("name")) for record in ollama_service.tags()}
    host = ollama_service.address()
    counted: set[str] = set()
    others = _named_if_readable(root.path, {place.path for place in places})
    for place in places:
        twin = _twin(root.path, place, env)
        if twin or place.name not in known:
            why = later("its service does not answer")
            if twin:
                why = later(
                    f"{twin} has a model of this name too: which of the two its service would remove is not known"
                )
            raise CannotRemove(
                "clear away", place.name, f"Ollama's files belong to another user, and {why}",
                f"start it, or run as that user: ollama rm {place.name}",
            )  # fmt: skip
        paths = tuple(
            file.path for file in place.files if file.path not in counted and os.path.basename(file.path) not in others
        )
        counted.update(paths)
        yield Asking(
            f"{host}/api/delete", "DELETE", json.dumps({"model": place.name}), f"{host}/api/tags",
            json.dumps(place.name), f"Ollama removes {place.name} itself; it can be pulled again by this name", paths,
        )  # fmt: skip


def _twin(root: str, place: Placed, env: Env) -> str:
    """Another store of this user's that has a model of the same name: the service may be the one that serves it."""
    below = _below_manifests(place)
    for other in (env.variable("OLLAMA_MODELS"), env.path(".ollama", "models")):
        if other and os.path.realpath(other) != os.path.realpath(root):
            if any(os.path.lexists(os.path.join(other, "manifests", *parts)) for parts in below):
                return other
    return ""


def _below_manifests(place: Placed) -> list[tuple[str, ...]]:
    """Where a manifest of this name lies: told by its path, or by its name when only the service knows it."""
    _before, _, after = place.path.rpartition(f"{os.sep}manifests{os.sep}")
    if _before and after.count(os.sep) == 3:
        return [tuple(after.split(os.sep))]
    path, _, tag = place.name.rpartition(":")
    parts = path.split("/")
    full = [*("registry.ollama.ai", "library")[: 3 - len(parts)], *parts] if len(parts) < 4 else parts
    return [(*full, tag)]


def _named_if_readable(root: str, without: set[str]) -> set[str]:
    try:
        return _named(root, without).blobs
    except CannotRemove:
        return set()


def _named(root: str, without: set[str]) -> _Named:
    """The blobs that all manifests but these name. Links are followed, as Ollama's own `*/*/*/*` follows them."""
    named = _Named()
    level = [os.path.join(root, "manifests")]
    for depth in range(4):
        below: list[str] = []
        for folder in level:
            try:
                below += [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
            except FileNotFoundError:
                continue
            except OSError as error:
                raise CannotRemove(
                    "clear away", folder, f"Ollama's manifests cannot all be read: {reason_of(error)}"
                ) from error
        level = [path for path in below if os.path.isdir(path) == (depth < 3)]
    for path in level:
        if path in without:
            continue
        digests = _digests(path)
        if digests is None and not os.path.basename(path).startswith("."):  # no tag of Ollama begins with a dot
            named.unread = path
        named.blobs.update(digests or ())
    return named


def _digests(path: str) -> list[str] | None:
    """The blobs that one manifest names, None when it cannot be understood."""
    try:
        record = parsed(read_small(path))
        layers = [*record["layers"], *([record["config"]] if record.get("config") else [])]
        matches = [_DIGEST.match(layer["digest"]) for layer in layers]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return [f"sha256-{match[1]}" for match in matches if match] if all(matches) else None
