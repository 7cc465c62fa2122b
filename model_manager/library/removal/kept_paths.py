"""What stays of a model when single places of it go, in words."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from model_manager.base import reach
from model_manager.base.messages import said
from model_manager.base.text import later, shown
from model_manager.catalog import Tx, models, place_names
from model_manager.catalog.models import FileView, PlaceView

_MOST_NAMED = 5
_WEIGHTS = ("weights", "adapter", "projector")


def what_stays(tx: Tx, places: Collection[int], whole: Collection[int] = ()) -> tuple[str, ...]:
    """A sentence for each thing that a person has to know before these places, and `whole` models, go."""
    chosen = {one.model for one in place_names.every(tx) if one.place in places} if places else set()
    if not chosen and not whole:
        return ()
    seen, members = list(models.places(tx, {*chosen, *whole})), list(models.files(tx, {*chosen, *whole}))
    told: dict[str, None] = {}
    for model in sorted({*chosen, *whole}):
        going = {one.id: one for one in seen if one.model == model and (model in whole or one.id in places)}
        rest = [one for one in seen if one.model == model and one.id not in going]
        files = [file for file in members if file.model == model and file.role in _WEIGHTS]
        rest = [one for one in rest if not _leads_to_what_goes(one, files, going)]
        told |= dict.fromkeys([*_same_model(rest, files), *_of_files(files, going)])
    return tuple(told)


def _leads_to_what_goes(place: PlaceView, files: Sequence[FileView], going: Collection[int]) -> bool:
    """Whether a place is a link to a file that goes: it will lead nowhere, and nothing of it stays."""
    gone = {reach.real_parent(one.path) for one in files if one.place in going and not reach.is_link(one.path)}
    mine = [one.path for one in files if one.place == place.id and reach.is_link(one.path)]
    return any(reach.realpath(path) in gone for path in mine)


def _same_model(rest: Sequence[PlaceView], files: Sequence[FileView]) -> Iterator[str]:
    names = [shown(one.path) if _is_where_it_lies(one, files) else shown(one.name) for one in rest]
    more = len(names) - _MOST_NAMED
    if len(names) == 1:
        yield said("{0} stays, it is the same model", names[0])
    elif more > 0:
        yield said("{0} and {1} more stay, they are the same model", ", ".join(names[:_MOST_NAMED]), more)
    elif names:
        yield said("{0} stay, they are the same model", ", ".join(names))


def _is_where_it_lies(place: PlaceView, files: Iterable[FileView]) -> bool:
    """Whether the path of a place is that of its weights; a tool's own entry is better known by its name."""
    inside = place.path.rstrip(os.sep) + os.sep
    return any(one.place == place.id and (one.path == place.path or one.path.startswith(inside)) for one in files)


def _of_files(files: Iterable[FileView], going: Mapping[int, PlaceView]) -> Iterator[str]:
    """Whether it is links that go. That a file has other names, a plan finds out as it looks (`operations/plan_builder.py`)."""
    by_file: dict[int, list[FileView]] = {}
    for file in files:
        by_file.setdefault(file.file, []).append(file)
    mine = [names for names in by_file.values() if any(one.place in going for one in names)]
    if any(_is_link_alone(one, names, going) for names in mine for one in names if one.place in going):
        yield later("link only, the original stays")


def _is_link_alone(file: FileView, names: Iterable[FileView], going: Mapping[int, PlaceView]) -> bool:
    """Whether a name that goes is a link to what stays: another name, or a file outside the tool's own folder."""
    if not reach.is_link(file.path):
        return False
    real = reach.realpath(file.path)
    if any(one.place in going and reach.real_parent(one.path) == real for one in names):
        return False
    outside = not real.startswith(reach.realpath(going[file.place].root_path).rstrip(os.sep) + os.sep)
    return outside or any(reach.real_parent(one.path) == real for one in names)
