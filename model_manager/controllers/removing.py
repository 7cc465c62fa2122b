"""How models of the library are planned to go: as a whole or in single places, and what else may be meant."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from model_manager.actions import listing
from model_manager.app import App
from model_manager.base.localised import localised
from model_manager.base.text import _, shown
from model_manager.controllers.changes import Choice, Choices
from model_manager.controllers.messages import LookAgain, StatusMessage
from model_manager.library.scan import watch

if TYPE_CHECKING:
    from model_manager.actions.removal import PlannedRemoval, Way
    from model_manager.operations import Plan


def plan_of(app: App, ids: tuple[int, ...], places: tuple[int, ...], way: Way) -> Plan:
    """Plans that these models, or only these places, go. Not for the window's thread."""
    from model_manager.actions.removal import plan_chosen

    return without_what_is_gone(app, lambda: plan_chosen(app, ids, places, way=way))


def without_what_is_gone(app: App, make: Callable[[], PlannedRemoval]) -> Plan:
    """The plan; what of it is gone already is said, and its folders are looked at again."""
    planned = make()
    if planned.missing:
        app.jobs.post(LookAgain(frozenset(one.root for one in planned.missing)))
    for sentence in dict.fromkeys(one.sentence for one in planned.missing):
        app.jobs.post(StatusMessage(localised(sentence)))
    return planned.plan


def choices_of(app: App, id_: int, place: int | None = None) -> Choices:
    """A model that lies in several places: all of them, or one. `place`: the one that was asked for. Not for the
    window's thread.
    """
    seen = listing.places_there(app, id_)
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
