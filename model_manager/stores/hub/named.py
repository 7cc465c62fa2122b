"""Whether a Hugging Face cache leads again to what went a moment ago: a revision that came meanwhile, by links alone."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

from model_manager.base import reach
from model_manager.base.set_aside import lies_aside
from model_manager.stores.hub.layout import IN_CACHE, is_repository


def hub_named_now(gone: Collection[str]) -> Iterator[str]:
    """Those of these paths that a link of their cache leads to, or into, though nothing is there."""
    caches = {match["cache"] for path in gone if (match := IN_CACHE.match(path))}
    led_to = {target for cache in sorted(caches) for link in _links(cache) if (target := _target(link))}
    for path in gone:
        inside = path + os.sep
        if any((one == path or one.startswith(inside)) and not os.path.lexists(one) for one in led_to):
            yield path


def _links(cache: str) -> Iterator[str]:
    """Every link in the revisions and among the blobs of a cache's repositories."""
    waiting = [
        os.path.join(cache, name, folder)
        for name in _names(cache)
        if is_repository(name)
        for folder in ("snapshots", "blobs")
    ]
    while waiting:
        folder = waiting.pop()
        for name in _names(folder):
            path = os.path.join(folder, name)
            if lies_aside(name):  # its own links go with it
                continue
            if os.path.islink(path):
                yield path
            elif os.path.isdir(path):
                waiting.append(path)


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _target(link: str) -> str:
    """What a link leads to, its own last name as it is; empty when it is gone by now."""
    try:
        return reach.real_parent(os.path.join(reach.realpath(os.path.dirname(link)), os.readlink(link)))
    except OSError:
        return ""
