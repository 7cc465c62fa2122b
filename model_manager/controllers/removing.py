"""How models of the library are planned to go: as a whole or in single places, and what else may be meant."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from model_manager.app import App
from model_manager.base.localised import localised
from model_manager.base.text import _, shown
from model_manager.catalog import models
from model_manager.controllers.changes import Choice, Choices
from model_manager.controllers.messages import LookAgain, Said
from model_manager.library.removal.still_there import Missing, NotThere, missing
from model_manager.library.scan import watch

if TYPE_CHECKING:
    from model_manager.operations import Plan
    from model_manager.operations.draft import Way


def plan_of(app: App, ids: tuple[int, ...], places: tuple[int, ...], way: Way) -> Plan:
    """Plans that these models, or only these places, go. What is not there any more is told and left out.

    Raises NotThere when nothing of it is there. Not for the window's thread.
    """
    from model_manager.library.removal.planning import plan_removal
    from model_manager.library.removal.staying import what_stays
    from model_manager.library.removal.wanted import Wanted

    lost = missing(app.database, app.volumes, ids, places)
    whole = () if places else ids
    if lost:
        whole, places = _without(app, lost, whole, places)
        if not whole and not places:
            raise NotThere(lost)
        app.jobs.post(LookAgain(frozenset(one.root for one in lost)))
        for sentence in dict.fromkeys(one.sentence for one in lost):
            app.jobs.post(Said(localised(sentence)))
    with app.database.read() as tx:
        wanted = Wanted(whole, places, warnings=what_stays(tx, places, whole))
    return plan_removal(app.database, app.volumes, app.env(), wanted, way)


def _without(
    app: App, lost: list[Missing], whole: tuple[int, ...], places: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The models of which everything is there, and the places that are there of the others."""
    gone = {one.place for one in lost}
    touched = {one.model for one in lost} & set(whole)
    with app.database.read() as tx:
        rest = [one.id for one in models.places(tx, touched) if one.state == "online"]
    left = dict.fromkeys([*places, *rest])
    return tuple(id_ for id_ in whole if id_ not in touched), tuple(place for place in left if place not in gone)


def choices_of(app: App, id_: int, place: int | None = None) -> Choices:
    """A model that lies in several places: all of them, or one. `place`: the one that was asked for. Not for the
    window's thread.
    """
    with app.database.read() as tx:
        seen = [one for one in models.places(tx, [id_]) if one.state == "online"]
    if len(seen) < 2:
        return Choices()
    names = [f"{watch.label_of(one.tool)}: {shown(one.name)}" for one in seen]
    words = [shown(one.path) if names.count(name) > 1 else name for one, name in zip(seen, names, strict=True)]
    whole = Choice(
        _("the whole model, all {n} places: {names}").format(n=len(seen), names=", ".join(words)),
        partial(plan_of, app, (id_,), ()),
    )
    alone = [
        Choice(_("only {place}").format(place=text), partial(plan_of, app, (), (one.id,)))
        for one, text in zip(seen, words, strict=True)
    ]
    now = next((n for n, one in enumerate(seen, 1) if one.id == place), 0)
    return Choices((whole, *alone), now)
