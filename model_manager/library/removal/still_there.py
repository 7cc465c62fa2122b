"""Whether what the catalogue lists is there at this moment: one look at its files, before a card or a plan speaks of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from model_manager.base import reach
from model_manager.base.errors import ModelManagerError
from model_manager.base.messages import said
from model_manager.base.text import shown
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, models, place_names, roots
from model_manager.catalog.models import FileView, PlaceView
from model_manager.catalog.roots import RootRow
from model_manager.library.labels.verdicts import AWAY
from model_manager.library.scan import watch

_PAYLOAD = ("weights", "adapter", "projector")
_LOOKED_AT = ("online", "denied")
How = Literal["gone", "changed", "away"]


@dataclass(frozen=True, slots=True)
class Missing:
    """A place that is not as it is listed. `gone`: nothing of it is there, though its folder is; `changed`: some of it is
    missing; `away`: its folder cannot be looked at, `state` says why. `path` is what was looked for."""

    model: int
    place: int
    name: str
    root: int
    path: str
    how: How
    state: str = "online"

    @property
    def sentence(self) -> str:
        name = shown(self.name)
        if self.how == "away":
            return said("{0} stays as it is: {1}", name, AWAY.get(self.state, self.state))
        if self.how == "changed":
            return said("{0} has changed on the disk and is looked at again: try once more", name)
        return said("{0} is gone already: another program deleted or moved it", name)


class NotThere(ModelManagerError):
    """Nothing of what was chosen is there; `reason` is a sentence of its own."""

    def __init__(self, missing: Sequence[Missing], verb: str = "clear away") -> None:
        super().__init__(verb, missing[0].path, missing[0].sentence)
        self.missing = tuple(missing)


def missing(
    database: Database, volumes: Volumes, ids: Collection[int], places: Collection[int] = (), first_only: bool = False
) -> list[Missing]:
    """The places of these models, or only `places`, that are listed as there and are not.

    `first_only`: asks for one file of each place. Not for the window's thread.
    """
    with database.read() as tx:
        wanted = {one.model for one in place_names.every(tx) if one.place in places} if places else set(ids)
        seen = [one for one in models.places(tx, wanted) if one.state == "online" and (not places or one.id in places)]
        members = list(models.files(tx, wanted))
        known = {root.id: root for root in roots.every(tx)}
    found = []
    for place in seen:
        mine = [file for file in members if file.place == place.id]
        if one := _look(place, mine, known[place.root], database, volumes, first_only):
            found.append(one)
    return found


def _look(
    place: PlaceView, files: Sequence[FileView], root: RootRow, database: Database, volumes: Volumes, first_only: bool
) -> Missing | None:
    paths = list(dict.fromkeys(file.path for file in files if file.role in _PAYLOAD))
    if place.path.startswith(root.path.rstrip(os.sep) + os.sep) and any(file.path == place.path for file in files):
        paths = list(dict.fromkeys([place.path, *paths]))
    lost = [path for path in paths[: 1 if first_only else None] if not _is_there(path)]
    if not lost:
        return None
    state = watch.state_of(root, volumes, database)[0]
    how: How = "gone" if len(lost) == len(paths) or first_only or lost[0] == place.path else "changed"
    if state not in _LOOKED_AT:
        how = "away"
    return Missing(place.model, place.id, place.name, place.root, lost[0], how, state)


def _is_there(path: str) -> bool:
    """What may not be looked at counts as there: whoever goes on hears why."""
    try:
        reach.lstat(path)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def lost(database: Database, volumes: Volumes, path: str) -> Missing | None:
    """What became of a path in a watched folder that is not there; None where it is, or lies in none."""
    if not os.path.isabs(path) or _is_there(path):
        return None
    with database.read() as tx:
        every = roots.every(tx)
    inside = [root for root in every if _lies_in(path, (root.path, reach.realpath(root.path)))]
    root = max(inside, key=lambda root: len(root.path), default=None)
    if root is None:
        return None
    state = watch.state_of(root, volumes, database)[0]
    return Missing(0, 0, os.path.basename(path), root.id, path, "gone" if state in _LOOKED_AT else "away", state)


def _lies_in(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)
