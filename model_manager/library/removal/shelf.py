"""What the catalogue knows of places and files, read once for as many plans as are made of it."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from model_manager.base import reach
from model_manager.base.facts import Role
from model_manager.base.own_name import NameKey, name_key
from model_manager.catalog import Database, labels, leftovers, models, roots
from model_manager.catalog.leftovers import LeftoverRow
from model_manager.catalog.models import FileView, PlaceView
from model_manager.catalog.roots import RootRow
from model_manager.stores.parts import Placed, PlacedFile


@dataclass(frozen=True)
class Shelf:
    """`files`: by place. `names`: by file, every (place, path) that names it."""

    roots: Mapping[int, RootRow]
    places: Sequence[PlaceView]
    files: Mapping[int, Sequence[FileView]]
    names: Mapping[int, Sequence[tuple[int, str]]]
    rests: Sequence[LeftoverRow]
    titles: Mapping[int, str]
    pinned: frozenset[int]

    @functools.cached_property
    def of_model(self) -> Mapping[int, Sequence[PlaceView]]:
        """Model -> its places."""
        found: dict[int, list[PlaceView]] = {}
        for place in self.places:
            found.setdefault(place.model, []).append(place)
        return found

    @functools.cached_property
    def by_id(self) -> Mapping[int, PlaceView]:
        return {place.id: place for place in self.places}

    def others(self, file: int, going: Collection[int]) -> list[str]:
        """The paths by which places name a file that do not go."""
        return [path for place, path in self.names.get(file, ()) if place not in going]

    @functools.cached_property
    def by_size(self) -> Mapping[int, Sequence[FileView]]:
        """Every name of every file, by the file's size."""
        found: dict[int, list[FileView]] = {}
        for files in self.files.values():
            for file in files:
                found.setdefault(file.size, []).append(file)
        return found

    @functools.cached_property
    def by_path(self) -> Mapping[str, Sequence[FileView]]:
        """A path -> the file by that name, once for each place that has it."""
        found: dict[str, list[FileView]] = {}
        for files in self.files.values():
            for file in files:
                found.setdefault(file.path, []).append(file)
        return found

    def links_of(self, size: int) -> Sequence[FileView]:
        """The names of files of a size that are links at this moment; looked at once."""
        if size not in self._links:
            self._links[size] = [file for file in self.by_size.get(size, ()) if reach.is_link(file.path)]
        return self._links[size]

    @functools.cached_property
    def _links(self) -> dict[int, Sequence[FileView]]:
        return {}

    def placed(
        self, name: str, path: str, files: Sequence[tuple[str, str, str]], ids: Mapping[str, int], going: Collection[int]
    ) -> Placed:  # fmt: skip
        """A place for its tool's rule of removal, with those of its files that places which stay know by the same name.

        A folder that is mounted a second time gives no second name: what goes there goes here.

        `files`: (path, role, name); `ids`: path -> file.
        """
        stay = set()
        parents: dict[str, NameKey] = {}
        for own, _role, _name in files:
            key = name_key(own, parents)
            if own in ids and any(name_key(other, parents) == key for other in self.others(ids[own], going)):
                stay.add(own)
        members = tuple(PlacedFile(own, cast(Role, role), title) for own, role, title in files)
        return Placed(name, path, members, frozenset(stay))


def read_shelf(database: Database) -> Shelf:
    with database.read() as tx:
        known = {root.id: root for root in roots.every(tx)}
        files: dict[int, list[FileView]] = {}
        names: dict[int, list[tuple[int, str]]] = {}
        for file in models.files(tx):
            files.setdefault(file.place, []).append(file)
            names.setdefault(file.file, []).append((file.place, file.path))
        return Shelf(
            known, list(models.places(tx)), files, names, leftovers.every(tx), models.titles(tx), labels.pinned(tx)
        )


def shelf_of_leftovers(database: Database) -> Shelf:
    """What planning that leftovers go takes of it: those, and the files that are as large as one of them."""
    with database.read() as tx:
        known = {root.id: root for root in roots.every(tx)}
        rests = leftovers.every(tx)
        files: dict[int, list[FileView]] = {}
        for file in models.files(tx, models.of_sizes(tx, {rest.size for rest in rests})):
            files.setdefault(file.place, []).append(file)
        return Shelf(known, (), files, {}, rests, {}, frozenset())
