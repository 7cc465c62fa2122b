"""Ollama's manifests as they are now: which there are, what each names, and what of them could not be read.

Ollama prunes nothing while one of them cannot be read (server/images.go); here nothing is taken for unused either while
a folder of them is missing, empty, unreadable or a link to nowhere, since it may lie on a drive that is not connected.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import NamedTuple

from model_manager.base import reach
from model_manager.base.errors import reason_of
from model_manager.base.json_text import parsed
from model_manager.base.messages import said
from model_manager.base.reading import read_small
from model_manager.base.set_aside import WHY, lies_aside
from model_manager.base.text import later
from model_manager.stores.ollama.layout import LEVELS, Parts, layers_of, manifests_folder
from model_manager.stores.walk.store_reader import NAME, is_folder, is_link


class Unread(NamedTuple):
    """A folder or manifest of which it is not known what it names. `hides`: models that are there are not seen."""

    path: str
    why: str
    hides: bool = True


@dataclass(slots=True)
class Manifests:
    files: list[tuple[str, Parts]] = field(default_factory=list)
    """Path of each manifest, with its host, namespace, model and tag."""
    unread: list[Unread] = field(default_factory=list)


def manifests_of(root: str) -> Manifests:
    """All manifests of a store. Links are followed, as Ollama's own `*/*/*/*` follows them."""
    found = Manifests()
    levels: list[tuple[str, tuple[str, ...]]] = [(manifests_folder(root), ())]
    while levels:
        path, parts = levels.pop()
        try:
            with os.scandir(path) as entries:
                listed = sorted(entries, key=NAME)
        except OSError as error:
            gone = isinstance(error, FileNotFoundError) and not os.path.islink(path)
            why = later("it is not there") if gone else _why(error, os.path.islink(path))
            found.unread.append(Unread(path, why, not gone))
            continue
        if not listed and len(parts) < LEVELS - 1:
            found.unread.append(Unread(path, later("it is empty"), False))
        for entry in listed:
            inner = (*parts, entry.name)
            if lies_aside(entry.name):
                found.unread.append(Unread(entry.path, WHY, False))
                continue
            if is_link(entry) and (silent := reach.silent_mount(entry.path)):
                found.unread.append(Unread(entry.path, said("the drive or share at {0} does not answer", silent)))
                continue
            if len(inner) < LEVELS and is_folder(entry):
                levels.append((entry.path, inner))
            elif not entry.name.startswith("."):  # no tag of Ollama begins with a dot
                _take(found, entry, inner)
    return found


def _take(found: Manifests, entry: os.DirEntry[str], inner: tuple[str, ...]) -> None:
    """A manifest; a file above the last level, which Ollama passes over, may stand in the place of a folder of them."""
    try:
        mode = os.stat(entry.path).st_mode
    except OSError as error:
        found.unread.append(Unread(entry.path, _why(error, is_link(entry))))
        return
    if len(inner) == LEVELS and stat.S_ISREG(mode):
        found.files.append((entry.path, inner))  # type: ignore[arg-type]
    elif not stat.S_ISDIR(mode):
        found.unread.append(Unread(entry.path, later("it is no folder of manifests and no manifest"), False))


def _why(error: OSError, link: bool) -> str:
    if link and isinstance(error, FileNotFoundError):
        return later("it is a link that leads nowhere now")
    return reason_of(error)


def digests(path: str) -> list[str] | None:
    """The blobs that one manifest names, None when it cannot be understood."""
    try:
        named = layers_of(parsed(read_small(path)))
    except (OSError, ValueError):
        return None
    return None if named is None else [blob for _layer, blob in named]
