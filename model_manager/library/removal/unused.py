"""Whether what one store calls unused is needed by something else that this computer has.

A store knows only its own names. Two stores may share one folder of blobs, by a link or a mount; a pool's branch holds
payloads that a manifest in another branch names. Then nothing is certain.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from model_manager.base import reach
from model_manager.base.messages import said
from model_manager.base.own_name import name_key
from model_manager.base.pools import shown_in
from model_manager.base.volumes import Volumes
from model_manager.catalog.roots import RootRow
from model_manager.library.removal.shelf import Shelf
from model_manager.operations.sameness import may_show_others, sameness
from model_manager.stores.discovered import Leftover
from model_manager.stores.parts import CannotRemove

PAYLOADS = frozenset({"orphan", "detached-revision"})
"""Leftovers that nobody needs as far as their own store knows."""


BY_CONTENT = frozenset({"ollama", "msty", "huggingface", "docker-model-runner"})
"""Tools whose models share payloads under the names of their hashes."""


def must_be_whole(root: RootRow, volumes: Volumes) -> None:
    """Raises CannotRemove where names in another place may need what a model of this store leaves behind."""
    if root.tool in BY_CONTENT and (pool := shown_in(reach.realpath(root.path), volumes)):
        raise CannotRemove(
            said("clear away"), root.path, said("a part of {0} is shown in {1} as well, where something may name it", root.path, pool),
            said("look there, or end that mount first"),
        )  # fmt: skip


def must_be_unused(root: RootRow, leftover: Leftover, shelf: Shelf, volumes: Volumes) -> None:
    """Raises CannotRemove where a payload that its store does not name may be used from elsewhere."""
    if leftover.kind not in PAYLOADS:
        return
    must_be_whole(root, volumes)
    top = reach.realpath(root.path)
    folder = os.path.dirname(leftover.path)
    if reach.realpath(folder) != os.path.normpath(os.path.join(top, os.path.relpath(folder, root.path))):
        raise CannotRemove(
            said("clear away"), leftover.path, said("its folder is a link, and another store may use what it leads to"),
            said("look in the folder that it leads to"),
        )  # fmt: skip
    if other := _listed(leftover.path, shelf, volumes):
        raise CannotRemove(
            said("clear away"),
            leftover.path,
            said("it is the file {0} of a model that is listed", other),
            said("scan again"),
        )


def used_by(path: str, going: Collection[int], shelf: Shelf, volumes: Volumes) -> str:
    """The path by which a place that stays uses this very file of a store by content; empty where none does.

    A hard link is a name of its own, which does not need this one.
    """
    real, size = _real(path)
    for file in shelf.by_size.get(size, ()) if size else ():
        if file.place in going:
            continue
        if reach.silent_mount(file.path):
            return file.path  # what it is cannot be asked now
        if not os.path.lexists(file.path):
            continue
        other = reach.realpath(file.path)
        if other == real or name_key(other) == name_key(real):
            return file.path
        stacked = may_show_others(real, volumes) or may_show_others(other, volumes)
        if stacked and sameness(real, other, volumes) != "two":
            return file.path
    return ""


def _listed(path: str, shelf: Shelf, volumes: Volumes) -> str:
    """The path by which a model has this very file, if one does; what cannot be told apart counts as the same."""
    real, size = _real(path)
    for file in shelf.by_size.get(size, ()) if size else ():
        if file.path != path and reach.silent_mount(file.path):
            return file.path  # what it is cannot be asked now
        is_other = file.path != path and os.path.lexists(file.path)
        if is_other and sameness(real, reach.realpath(file.path), volumes) != "two":
            return file.path
    return ""


def _real(path: str) -> tuple[str, int]:
    """Where the file lies and its size; no size where it is no file, or a link to nowhere."""
    real = reach.realpath(path)
    try:
        return real, os.stat(real).st_size if os.path.isfile(real) else 0
    except OSError:
        return real, 0
