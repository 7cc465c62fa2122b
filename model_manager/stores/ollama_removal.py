"""How a model leaves Ollama's store: its manifests first, then the blobs that no other manifest names.

Rules from ollama/ollama (2026-08): server/routes.go DeleteHandler, server/images.go; when any manifest
cannot be read, no blob is removed, as Ollama itself does.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence

from model_manager.base.reading import read_small
from model_manager.stores import ollama_service
from model_manager.stores.env import Env
from model_manager.stores.found import FoundRoot, Leftover
from model_manager.stores.removal import Asking, CannotRemove, Going, Part, Placed

_DIGEST = re.compile(r"^sha256[:-]([0-9a-f]{64})$")
_PART = re.compile(r"^(sha256-[0-9a-f]{64})-partial(?:-\d+)?$")


def remove(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """The manifests of these names, then what they alone name; by Ollama itself where the files are another user's."""
    blobs = os.path.join(root.path, "blobs")
    if not os.access(blobs, os.W_OK | os.X_OK):
        yield from _ask(places)
        return
    going = {place.path for place in places}
    named, readable = _named(root.path, going)
    for place in places:
        yield Going(place.path, f"Ollama's entry for {place.name}")
    if not readable:
        return
    own: dict[str, None] = {}
    for path in going:
        own.update(dict.fromkeys(_digests(path) or ()))
    for name in own:
        blob = os.path.join(blobs, name)
        if name not in named and os.path.lexists(blob):
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
    named, readable = _named(root.path, set())
    if not readable:
        raise CannotRemove("clear away", leftover.path, "a manifest of Ollama cannot be read, and may name it")
    if name in named:
        raise CannotRemove("clear away", leftover.path, "a model of Ollama names it now", "scan again")
    yield Going(leftover.path, leftover.of, fresh=True)


def _ask(places: Sequence[Placed]) -> Iterator[Part]:
    known = {str(record.get("name")) for record in ollama_service.tags()}
    for place in places:
        if place.name not in known:
            raise CannotRemove(
                "clear away", place.name, "Ollama's files belong to another user and its service does not answer",
                f"start it, or run: ollama rm {place.name}",
            )  # fmt: skip
        host = ollama_service.address()
        yield Asking(
            f"{host}/api/delete", "DELETE", json.dumps({"model": place.name}), f"{host}/api/tags",
            json.dumps(place.name), f"Ollama removes {place.name} itself; it can be pulled again by this name",
            tuple(file.path for file in place.files),
        )  # fmt: skip


def _named(root: str, without: set[str]) -> tuple[set[str], bool]:
    """The blobs that all manifests but these name, and whether every one could be read."""
    named: set[str] = set()
    readable = True
    top = os.path.join(root, "manifests")
    depth = top.rstrip(os.sep).count(os.sep)
    for folder, _folders, names in os.walk(top, onerror=_cannot):
        if folder.count(os.sep) - depth != 3:
            continue
        for name in names:
            path = os.path.join(folder, name)
            if path in without:
                continue
            digests = _digests(path)
            readable = readable and digests is not None
            named |= set(digests or ())
    return named, readable


def _cannot(error: OSError) -> None:
    raise CannotRemove("clear away", str(error.filename), "Ollama's manifests cannot all be read") from error


def _digests(path: str) -> list[str] | None:
    """The blobs that one manifest names, None when it cannot be understood."""
    try:
        record = json.loads(read_small(path))
        layers = [*record["layers"], *([record["config"]] if record.get("config") else [])]
        matches = [_DIGEST.match(layer["digest"]) for layer in layers]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return [f"sha256-{match[1]}" for match in matches if match] if all(matches) else None
