"""What a person wants gone: the choice itself, before anything is planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from model_manager.base.errors import UsageError
from model_manager.base.messages import said
from model_manager.base.text import given_paths
from model_manager.catalog import Database, leftovers, models
from model_manager.library.model_lookup import LookedUp, meant, where
from model_manager.operations.plan import Proof


class LinkThatStays(NamedTuple):
    """A file that is to stay, as it was when it was decided that another may go because of it."""

    path: str
    size: int
    mtime_ns: int
    same: Proof | None = None
    """The copy of it that goes, where that is why."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What shall go: whole models, single places of models, and paths of leftovers."""

    models: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    paths: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """What a person has to know of this choice."""
    stays: Mapping[int | str, Sequence[LinkThatStays]] = field(default_factory=dict)
    """What must stay for it: by the model, by `p` and the id of a place, by the path of a leftover."""


def wanted_of(database: Database, texts: Sequence[str], places: Sequence[str] = ()) -> Selection:
    """What a person named: models by their ids, places of models by name or path, leftovers by path, places by id.

    Raises ModelManagerError. A place given by its id belongs to one of the models that are named, which then stays
    otherwise. What stays of a model is told once it is known what of this is there (`actions/removal.py`).
    """
    with database.read() as tx:
        rests = [row.path for row in leftovers.every(tx)]
    paths: list[str] = []
    named: list[LookedUp] = []
    for text in texts:
        at, given = where(text), given_paths(text)
        if rest := next((path for path in rests if at.is_at(path) or path in given), None):
            paths.append(rest)
        else:
            named.append(meant(database, text))
    with database.read() as tx:
        known = {f"p{place.id}": place.id for place in models.places(tx, [one.model for one in named])}
        wrong = next((place for place in places if place not in known), None)
        if wrong is not None:
            raise UsageError(said("find the place"), wrong, said("the models that you named have no place of this id"),
                             said("`show MODEL --json` lists them"))  # fmt: skip
        whole = () if places else tuple(one.model for one in named if not one.places)
        alone = [known[place] for place in places] if places else [
            place for one in named if one.model not in whole for place in one.places
        ]  # fmt: skip
        return Selection(whole, tuple(dict.fromkeys(alone)), tuple(paths))
