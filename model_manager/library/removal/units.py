"""Which places can only go together: those that share a file, a repository or an index are one unit of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from model_manager.base.errors import UsageError
from model_manager.base.messages import said
from model_manager.catalog.models import FileView, PlaceView
from model_manager.catalog.roots import RootRow
from model_manager.library.removal.links import links_beside
from model_manager.library.removal.origins import OfPlaces, as_text
from model_manager.library.removal.selection import Selection
from model_manager.library.removal.shelf import Shelf
from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.hub.layout import repository_of
from model_manager.stores.parts import Placed


@dataclass(slots=True)
class RemovalUnit:
    """Places of one root that share files: one unit."""

    root: RootRow
    places: list[Placed] = field(default_factory=list)
    models: set[int] = field(default_factory=set)
    ids: list[int] = field(default_factory=list)
    along: set[int] = field(default_factory=set)
    links: list[tuple[str, int]] = field(default_factory=list)
    """Links of places that stay and may lead to a file of these, with the model of each."""
    seen: set[str] = field(default_factory=set)
    """All links of other places that may, also of those that go."""


def units(shelf: Shelf, wanted: Selection) -> Iterator[RemovalUnit]:
    """The places that go, joined where they share a file in one root."""
    named = {place.id: place for model in wanted.models for place in shelf.of_model.get(model, ())}
    named |= {id_: shelf.by_id[id_] for id_ in wanted.places if id_ in shelf.by_id}
    going = sorted(named.values(), key=lambda place: (place.model, place.id))
    ids = frozenset(named)
    missing = set(wanted.places) - ids
    if missing:
        raise UsageError(
            said("find the place"),
            f"p{min(missing)}",
            said("there is none of this id"),
            said("`show MODEL` lists them"),
        )
    one_unit = frozenset(id_ for id_, root in shelf.roots.items() if BY_TOOL[root.tool].removal.one_unit)
    for joined in joined_places(going, shelf.files, one_unit):
        group = RemovalUnit(shelf.roots[joined[0].root])
        for place in joined:
            own = shelf.files.get(place.id, [])
            for file in own:
                group.along |= {other for other, _path in shelf.names.get(file.file, ()) if other in ids}
            listed = [(file.path, file.role, file.name) for file in own]
            group.places.append(shelf.placed(place.name, place.path, listed, {f.path: f.file for f in own}, ids))
            group.models.add(place.model)
            group.ids.append(place.id)
        sizes = [file.size for place in joined for file in shelf.files.get(place.id, ())]
        leading = list(links_beside(sizes, group.ids, shelf))
        group.links = [(file.path, file.model) for file in leading if file.place not in ids]
        group.seen = {file.path for file in leading}
        yield group


def origin_of(group: RemovalUnit, shelf: Shelf) -> str:
    places = tuple(
        (place.name, place.path, tuple((file.path, file.role, file.name) for file in place.files))
        for place in group.places
    )
    pinned = tuple(sorted(group.models & shelf.pinned))
    links = tuple(sorted(group.seen))
    return as_text(OfPlaces(group.root.tool, group.root.path, places, tuple(sorted(group.along)), pinned, links))


def joined_places(
    going: Sequence[PlaceView], files: Mapping[int, Sequence[FileView]], one_unit: frozenset[int]
) -> list[list[PlaceView]]:
    """Places of one root that share a file, by whatever names, or a repository, transitively; else each alone.

    Only together do they tell what nobody needs any more. `one_unit`: roots whose places share an index.
    """
    leader: dict[int, int] = {}
    """Place -> another one of its group, in the end the first: its own id."""

    def first(place: int) -> int:
        while leader[place] != place:
            leader[place] = place = leader[leader[place]]  # halves the way for those who ask next
        return place

    met: dict[tuple[int, int | str], int] = {}
    for place in going:
        leader[place.id] = place.id
        shared: set[int | str] = {file.file for file in files.get(place.id, [])}
        shared |= {repository_of(place.path), "index" if place.root in one_unit else ""} - {""}
        for one in shared:
            leader[first(place.id)] = first(met.setdefault((place.root, one), place.id))
    groups: dict[int, list[PlaceView]] = {}
    for place in going:
        groups.setdefault(first(place.id), []).append(place)
    return list(groups.values())
